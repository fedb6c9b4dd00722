#include "elegans/train/builtin.hpp"

#include <array>
#include <sstream>
#include <string>

#include "elegans/train/ts_format.hpp"
#include "train/embedded.hpp"

namespace elegans::train {

Dataset japanese_vowels(BuiltinPart part) {
  const bool train = part == BuiltinPart::train;
  std::istringstream text{std::string(train ? embedded::japanese_vowels_train : embedded::japanese_vowels_test)};
  Dataset data = read_ts(text, train ? "JapaneseVowels_TRAIN.ts" : "JapaneseVowels_TEST.ts");
  for (std::size_t c = 0; c < data.schema.features.size(); ++c)
    data.schema.features[c] = "cepstrum " + std::to_string(c + 1);
  data.schema.targets = {"speaker"};
  return data;
}

std::span<const PublishedFigure> japanese_vowels_figures() {
  static constexpr std::array<PublishedFigure, 2> figures{{
      {"dynamic time warping, nearest neighbour", "94.9 %", "UEA archive, Bagnall et al., 2018"},
      {"deep models", "97 – 99 %", "reviews of the UEA archive"},
  }};
  return figures;
}

}  // namespace elegans::train

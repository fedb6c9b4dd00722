// Small changes anywhere in a file: it is refused, or it says the same, or what it says differently is what was
// changed.
#include <gtest/gtest.h>
#include <algorithm>
#include <set>
#include <string_view>

#include "elegans/base/error.hpp"
#include "elegans/model/safetensors.hpp"
#include "model_file/stored_samples.hpp"

using namespace elegans;
using namespace elegans::model;
using namespace elegans::model::testing;
using namespace std::string_view_literals;

namespace {

// A file of three tensors, its header 8-byte aligned.
std::vector<std::byte> small_file() {
  Samples samples;
  samples.add<float>("kernel", StoredDtype::f32, {2, 3}, {1, 2, 3, 4, 5, 6});
  samples.add<std::int64_t>("steps", StoredDtype::i64, {}, {7});
  samples.add<std::uint8_t>("mask", StoredDtype::boolean, {4}, {0, 1, 1, 0});
  return to_safetensors(samples.tensors(), {{"config", "{}"}});
}

std::size_t header_end(const std::vector<std::byte>& file) {
  return 8 + std::to_integer<std::size_t>(file[0]) + 256 * std::to_integer<std::size_t>(file[1]);
}

// Either nothing (the file was refused by an Error) or the whole file as its reader understood it, written again.
std::vector<std::byte> read_and_write(const std::vector<std::byte>& file) {
  try {
    const StoredTensors read = parse_safetensors(file, "mutant");
    return to_safetensors(read.tensors(), read.metadata());
  } catch (const FormatError&) {
    return {};
  }
}

}  // namespace

TEST(Mutation, EveryTruncationIsRefused) {
  const auto file = small_file();
  ASSERT_EQ(read_and_write(file), file);
  for (std::size_t size = 0; size < file.size(); ++size) {
    const std::vector<std::byte> shorter(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_TRUE(read_and_write(shorter).empty()) << size;
  }
}

TEST(Mutation, EveryExtensionIsRefused) {
  auto file = small_file();
  for (int more = 0; more < 32; ++more) {
    file.push_back(std::byte{' '});
    EXPECT_TRUE(read_and_write(file).empty()) << more;
  }
}

// Each byte before the data with each of its bits flipped, and replaced by what JSON gives a meaning. What is still a
// file may differ in a name, in the metadata, or in a type of the same size and shapes of the same product; its bytes
// of data are those of the original.
TEST(Mutation, EveryOtherByteInTheHeaderIsRefusedOrHarmless) {
  const auto file = small_file();
  const std::size_t end = header_end(file);
  const std::string data = text_of(std::span(file).subspan(end));
  int refused = 0;
  int accepted = 0;
  for (std::size_t at = 0; at < end; ++at) {
    std::set<std::byte> others;
    for (int bit = 0; bit < 8; ++bit) others.insert(file[at] ^ (std::byte{1} << bit));
    for (const char c : "{}[]\",:\\0129-+.eE abn\n\0\xFF"sv) others.insert(static_cast<std::byte>(c));
    others.erase(file[at]);
    for (const std::byte value : others) {
      auto mutant = file;
      mutant[at] = value;
      const auto again = read_and_write(mutant);
      if (again.empty()) {
        ++refused;
        continue;
      }
      ++accepted;
      const StoredTensors read = parse_safetensors(mutant, "mutant");
      ASSERT_EQ(read.tensors().size(), 3u) << at << ' ' << std::to_integer<int>(value);
      std::string read_data;
      for (const StoredTensor& tensor : read.tensors()) read_data += text_of(tensor.data);
      ASSERT_EQ(read_data, data) << at << ' ' << std::to_integer<int>(value);
      const bool in_text = mutant[at] >= std::byte{' '} || mutant[at] == std::byte{'\t'} ||
                           mutant[at] == std::byte{'\n'} || mutant[at] == std::byte{'\r'};
      ASSERT_TRUE(at >= 8 && in_text) << "a changed size of the header and a control character in it must be refused";
    }
  }
  EXPECT_GT(refused, accepted);
  EXPECT_GT(accepted, 0);
}

TEST(Mutation, TwoBitsFlippedInTheHeaderNeverCrash) {
  const auto file = small_file();
  const std::size_t bits = 8 * header_end(file);
  std::size_t accepted = 0;
  for (std::size_t first = 0; first < bits; first += 7) {
    for (std::size_t second = first + 1; second < bits; second += 23) {
      auto mutant = file;
      mutant[first / 8] ^= std::byte{1} << (first % 8);
      mutant[second / 8] ^= std::byte{1} << (second % 8);
      accepted += read_and_write(mutant).empty() ? 0 : 1;
    }
  }
  EXPECT_GT(accepted, 0u);
}

TEST(Mutation, APieceOfTheHeaderDoubledOrRemovedLosesNoTensor) {
  const auto file = small_file();
  const std::string header = text_of(std::span(file).subspan(8, header_end(file) - 8));
  const std::string data = text_of(std::span(file).subspan(header_end(file)));
  for (std::size_t begin = 0; begin < header.size(); ++begin) {
    for (const std::size_t length : {1, 2, 3, 5, 8, 13, 48, 54, 60}) {
      if (begin + length > header.size()) continue;
      const std::string piece = header.substr(begin, length);
      for (const std::string& changed : {header.substr(0, begin) + piece + header.substr(begin),
                                         header.substr(0, begin) + header.substr(begin + length)}) {
        const auto again = read_and_write(raw_file(changed, data));
        if (again.empty()) continue;
        const StoredTensors read = parse_safetensors(again, "again");
        ASSERT_EQ(read.tensors().size(), 3u) << changed;
      }
    }
  }
}

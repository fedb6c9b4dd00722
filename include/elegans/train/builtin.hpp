#pragma once
// The recording that is built into the library: no file has to be found at run time.

#include <span>
#include <string_view>

#include "elegans/train/dataset.hpp"

namespace elegans::train {

enum class BuiltinPart { train, test };

// Japanese Vowels (Kudo, Toyama and Shimbo, 1999): 9 speakers say /ae/; 12 cepstrum coefficients a frame, one frame
// each 6.4 ms, 7 to 29 frames; who speaks? 270 recordings to train on, 370 to test on, as published; Δt is 1 (a frame).
// Source, licence and terms: data/japanese_vowels/README.md.
Dataset japanese_vowels(BuiltinPart part);

struct PublishedFigure {
  std::string_view method;
  std::string_view accuracy;  // on the published test part, as the source prints it
  std::string_view source;
};

// Figures of others on the test part of Japanese Vowels.
std::span<const PublishedFigure> japanese_vowels_figures();

}  // namespace elegans::train

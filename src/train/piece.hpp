#pragma once
// Parts of recordings.

#include "elegans/train/recording.hpp"

namespace elegans::train {

// Steps first … last − 1 of a recording whose targets, if any, stand at every step.
Recording piece_of(const Recording& recording, const Schema& schema, std::size_t first, std::size_t last);

}  // namespace elegans::train

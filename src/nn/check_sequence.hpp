#pragma once
// Numbers of a direct call that no network can take: negative times, lengths beyond the sequence.

#include <optional>

#include "elegans/nn/module.hpp"

namespace elegans::nn {

// ConfigError naming sample and step where a Δt is negative or not finite: timespans [batch, time], [batch, 1] or
// [batch]. Steps past `lengths` i32 [batch], and those that `mask` of the timespans' shape skips, do not count.
// Allocates nothing else.
void check_timespans(const Module& module, const View& timespans, const std::optional<View>& lengths = {},
                     const std::optional<View>& mask = {});

// ConfigError naming sample and step where a mask [batch, time] is neither 0 nor 1.
void check_mask(const Module& module, const View& mask);

// ConfigError naming the sample where a length i32 [batch] is not 0 … time.
void check_lengths(const Module& module, const View& lengths, std::int64_t time);

}  // namespace elegans::nn

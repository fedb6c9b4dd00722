#pragma once

#include <string>

#include "elegans/model/golden.hpp"
#include "elegans/model/load.hpp"

namespace elegans::model {

// FormatError, naming file, tensor and element, where `computed` differs from `stored`: in any bit on a machine of the
// same kind, else by more than golden_bound.
void check_golden(const GoldenVectors& stored, const GoldenVectors& computed, LoadedModel& model, bool same_kind,
                  const std::string& source);

}  // namespace elegans::model

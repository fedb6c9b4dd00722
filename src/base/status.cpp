#include "elegans/base/status.hpp"

namespace elegans {

const char* describe(Status::Code code) noexcept {
  switch (code) {
    case Status::Code::ok:
      return "no trouble";
    case Status::Code::not_finite:
      return "a value is NaN or infinite";
    case Status::Code::state_not_finite:
      return "a state is NaN or infinite";
    case Status::Code::negative_time:
      return "a time step is negative";
    case Status::Code::other_time:
      return "a time step is not the fixed one";
    case Status::Code::index_out_of_range:
      return "an index is out of range";
    case Status::Code::extent_out_of_range:
      return "a batch or sequence is larger than reserved";
    case Status::Code::wrong_size:
      return "a size is not the promised one";
    case Status::Code::result_not_finite:
      return "a result is NaN or infinite";
  }
  return "unknown";
}

}  // namespace elegans

#include "elegans/kernels/functions.hpp"

namespace elegans::kernels {

#define ELEGANS_NAME(name, formula) #name,
const char* name(Unary function) {
  static constexpr const char* names[] = {ELEGANS_UNARY_FUNCTIONS(ELEGANS_NAME)};
  return names[static_cast<std::size_t>(function)];
}

const char* name(Binary function) {
  static constexpr const char* names[] = {ELEGANS_BINARY_FUNCTIONS(ELEGANS_NAME)};
  return names[static_cast<std::size_t>(function)];
}
#undef ELEGANS_NAME

}  // namespace elegans::kernels

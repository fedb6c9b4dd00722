#pragma once
// The elementwise functions that kernels know, as lists: a function is added in one line here and one in each kernel
// source.
//
// Comparisons, `step` and `is_finite` give 1 or 0 in the type of their arguments; `select` and gradients read any
// number but 0 as true. NaN gives NaN, but for those: a comparison with NaN is 0. maximum and minimum are as written:
// where either argument is NaN, they give b. sign and relu of -0 are -0.
//
// fast_tanh and fast_sigmoid of f32 are within 2^-15 and 2^-16 of the exact value (0.00003, 0.000015), not outside
// [-1, 1] and [0, 1], and fast_tanh of 0 is 0; they are not the same on every target, and may step down where the exact
// function rises, by no more than twice these bounds. On `scalar` and for f64 they are tanh and sigmoid.

#include <cstddef>
#include <cstdint>

// X(name, formula)
#define ELEGANS_UNARY_FUNCTIONS(X)                       \
  X(negate, "-x")                                        \
  X(absolute, "|x|")                                     \
  X(sign, "1, 0 or -1")                                  \
  X(square, "x x")                                       \
  X(square_root, "sqrt x")                               \
  X(reciprocal, "1 / x")                                 \
  X(exponential, "e^x")                                  \
  X(logarithm, "ln x")                                   \
  X(tanh, "tanh x")                                      \
  X(sigmoid, "1 / (1 + e^-x)")                           \
  X(softplus, "max(x, 0) + ln(1 + e^-|x|)")              \
  X(relu, "max(x, 0)")                                   \
  X(step, "1 where x > 0, else 0")                       \
  X(error_function, "erf x = 2/sqrt(pi) int_0^x e^-t^2") \
  X(sine, "sin x")                                       \
  X(cosine, "cos x")                                     \
  X(is_finite, "1 where x is neither infinite nor NaN")  \
  X(fast_tanh, "tanh x, roughly")                        \
  X(fast_sigmoid, "1 / (1 + e^-x), roughly")

#define ELEGANS_BINARY_FUNCTIONS(X) \
  X(add, "a + b")                   \
  X(subtract, "a - b")              \
  X(multiply, "a b")                \
  X(divide, "a / b")                \
  X(maximum, "a > b ? a : b")       \
  X(minimum, "a < b ? a : b")       \
  X(power, "a^b")                   \
  X(less, "1 where a < b")          \
  X(less_equal, "1 where a <= b")   \
  X(equal, "1 where a = b")

namespace elegans::kernels {

#define ELEGANS_ENUMERATOR(name, formula) name,
enum class Unary : std::uint8_t { ELEGANS_UNARY_FUNCTIONS(ELEGANS_ENUMERATOR) count };
enum class Binary : std::uint8_t { ELEGANS_BINARY_FUNCTIONS(ELEGANS_ENUMERATOR) count };
#undef ELEGANS_ENUMERATOR

inline constexpr std::size_t unary_count = static_cast<std::size_t>(Unary::count);
inline constexpr std::size_t binary_count = static_cast<std::size_t>(Binary::count);

const char* name(Unary function);
const char* name(Binary function);

}  // namespace elegans::kernels

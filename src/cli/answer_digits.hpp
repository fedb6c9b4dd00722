#pragma once
// How many digits an answer is printed with.

#include <cstddef>
#include <vector>

#include "elegans/model/preprocessing.hpp"

namespace elegans::cli {

// Significant digits of each of `answers` numbers. A network answers with about 7 digits (f32). Scaled to y = z · std +
// mean, an answer has more in front of what the network says: with mean 1e9 and deviation 1 the 7 digits of z begin
// behind the tenth of y. So many are printed that a ten millionth of a deviation can be read: 7 to 17, and 17 are all
// that a double has.
std::vector<int> answer_digits(const model::Scaling& outputs, std::size_t answers);

}  // namespace elegans::cli

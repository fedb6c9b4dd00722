#pragma once
// The sets of kernels under test, arrays that end at a forbidden page, and distances in units in the last place.

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/targets.hpp"

namespace elegans::kernels {

template <class T>
struct Named {
  std::string name;
  Table<T> table;
};

// Every set of kernels that this machine can run, the scalar one included.
template <class T>
const std::vector<Named<T>>& tables() {
  static const std::vector<Named<T>> all = [] {
    std::vector<Named<T>> result;
    for (const std::int64_t target : runnable_targets()) result.push_back({target_name(target), make_table<T>(target)});
    return result;
  }();
  return all;
}

// An array whose end is the end of readable memory: a kernel that touches one element too many dies of it.
template <class T>
class Array {
 public:
  explicit Array(std::size_t n) : size_(n) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t used = (n * sizeof(T) + page - 1) / page * page;
    mapped_ = used + page;
    memory_ = static_cast<char*>(mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0));
    if (memory_ == MAP_FAILED || mprotect(memory_ + used, page, PROT_NONE) != 0) std::abort();
    data_ = reinterpret_cast<T*>(memory_ + used) - n;
  }
  Array(std::initializer_list<T> values) : Array(values.size()) { std::copy(values.begin(), values.end(), data_); }
  explicit Array(const std::vector<T>& values) : Array(values.size()) {
    std::copy(values.begin(), values.end(), data_);
  }
  Array(const Array& other) : Array(other.size_) { std::copy(other.begin(), other.end(), data_); }
  Array& operator=(const Array& other) {
    if (other.size_ != size_) std::abort();
    std::copy(other.begin(), other.end(), data_);
    return *this;
  }
  ~Array() { munmap(memory_, mapped_); }

  std::size_t size() const { return size_; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }

 private:
  std::size_t size_, mapped_;
  char* memory_;
  T* data_;
};

template <class T>
Array<T> random_array(std::size_t n, std::uint64_t seed, T low = -2, T high = 2) {
  std::mt19937_64 generator(seed);
  std::uniform_real_distribution<T> uniform(low, high);
  Array<T> result(n);
  for (std::size_t i = 0; i < n; ++i) result[i] = uniform(generator);
  return result;
}

template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

// Equal in every bit, or both NaN.
template <class T>
bool same(T a, T b) {
  return std::bit_cast<Bits<T>>(a) == std::bit_cast<Bits<T>>(b) || (std::isnan(a) && std::isnan(b));
}

template <class T>
::testing::AssertionResult same_arrays(const Array<T>& actual, const Array<T>& expected) {
  if (actual.size() != expected.size()) return ::testing::AssertionFailure() << "sizes differ";
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (!same(actual[i], expected[i])) {
      return ::testing::AssertionFailure() << "element " << i << " of " << actual.size() << " is " << std::hexfloat
                                           << actual[i] << ", expected " << expected[i];
    }
  }
  return ::testing::AssertionSuccess();
}

// |actual - expected| in units in the last place of T at `expected`; 0 where both are NaN or the same infinity.
template <class T>
double ulps(T actual, long double expected) {
  constexpr double hopeless = std::numeric_limits<double>::infinity();
  if (std::isnan(expected)) return std::isnan(actual) ? 0 : hopeless;
  if (std::isnan(actual)) return hopeless;
  const T rounded = static_cast<T>(expected);
  if (std::isinf(actual) || std::isinf(rounded)) {
    // The last numbers before infinity may be rounded either way.
    const bool near =
        std::fabs(expected) >= std::numeric_limits<T>::max() * (1 - 4 * std::numeric_limits<T>::epsilon());
    const bool large = std::fabs(actual) >= std::numeric_limits<T>::max() * (1 - 4 * std::numeric_limits<T>::epsilon());
    return same(actual, rounded) ? 0 : near && large && std::signbit(actual) == std::signbit(rounded) ? 1 : hopeless;
  }
  int exponent = 0;
  std::frexp(expected, &exponent);
  const int last = std::max(exponent, std::numeric_limits<T>::min_exponent) - std::numeric_limits<T>::digits;
  return static_cast<double>(std::fabs(static_cast<long double>(actual) - expected) / std::ldexp(1.0L, last));
}

}  // namespace elegans::kernels

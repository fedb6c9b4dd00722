// Arrays that do not fit one another: to_dataset gives a valid data set or an error of its own.
// The first byte chooses the roles. Then each array: which, its dtype and number of dimensions, their sizes, and its
// values, a byte each.
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "elegans/base/error.hpp"
#include "elegans/train/missing.hpp"
#include "elegans/train/read_arrays.hpp"

namespace {

using namespace elegans::train;

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool empty() const { return size_ == 0; }
  unsigned next() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

NamedArray next_array(Bytes& bytes) {
  static const std::array<const char*, 9> names{"x",       "y",        "t",       "dt", "lengths",
                                                "weights", "features", "targets", "odd"};
  static const std::array<const char*, 4> dtypes{"<f8", "<i8", "|b1", "<U4"};
  NamedArray named{names[bytes.next() % names.size()], {}};
  const unsigned kind = bytes.next();
  named.array.dtype = dtypes[kind % dtypes.size()];
  std::size_t items = 1;
  for (unsigned d = 0; d < (kind / 4) % 5; ++d) {
    named.array.shape.push_back(bytes.next() % 6);
    items *= named.array.shape.back();
  }
  for (std::size_t i = 0; i < items; ++i) {
    const unsigned byte = bytes.next();
    const double value = byte == 255   ? std::numeric_limits<double>::quiet_NaN()
                         : byte == 254 ? std::numeric_limits<double>::infinity()
                         : byte == 253 ? 1e308
                                       : byte / 4.0 - 4;
    if (named.array.holds_text()) {
      named.array.texts.push_back(std::string(1, static_cast<char>('0' + byte % 10)));
    } else {
      named.array.values.push_back(value);
    }
  }
  return named;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const unsigned choice = bytes.next();
  Roles roles{.target_kind = static_cast<TargetKind>((choice >> 2U) % 3),
              .target_at = static_cast<TargetAt>((choice >> 4U) % 3),
              .missing = static_cast<Missing>(choice % 4)};
  if (choice & 64U) roles.time = "t";
  if (choice & 128U) roles.targets = {"1"};
  std::vector<NamedArray> arrays;
  while (!bytes.empty() && arrays.size() < 9) arrays.push_back(next_array(bytes));
  try {
    const Dataset data_set = to_dataset(arrays, "fuzz.npz", roles);
    validate(data_set);
    validate(missing_as_inputs(data_set));
  } catch (const elegans::InternalError&) {
    throw;
  } catch (const elegans::Error&) {
  }
  return 0;
}

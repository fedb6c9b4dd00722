// In place of read_npz.cpp where there is no libzip.

#include "elegans/base/error.hpp"
#include "elegans/train/npz.hpp"

namespace elegans::train {
namespace {

[[noreturn]] void refuse(std::string source) {
  throw ConfigError(Complaint{std::move(source), "a .npz file", "nothing that this build of elegans reads",
                              "one built with libzip (ELEGANS_NPZ)", "Save each array as a .npy file."});
}

}  // namespace

bool reads_npz() { return false; }

std::vector<NamedArray> read_npz(const std::filesystem::path& file, const NpzOptions&) { refuse(file.string()); }

std::vector<NamedArray> parse_npz(std::span<const std::byte>, std::string_view source, const NpzOptions&) {
  refuse(std::string(source));
}

}  // namespace elegans::train

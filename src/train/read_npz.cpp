#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "elegans/base/error.hpp"
#include "elegans/base/read_file.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/npz.hpp"
#include "train/npy_reader.hpp"

namespace elegans::train {
namespace {

struct Close {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using Archive = std::unique_ptr<zip_t, Close>;
using Entry = std::unique_ptr<zip_file_t, Close>;

// What libzip says of an error.
std::string text_of(zip_error_t& error) {
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

[[noreturn]] void refuse_archive(const std::string& source, const std::string& why) {
  throw FormatError(Complaint{source, "the file", fmt::format("no archive that can be read ({})", why),
                              "one that numpy.savez wrote", "Copy or save it again."});
}

Archive open(std::span<const std::byte> bytes, const std::string& source) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* memory = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (memory == nullptr) refuse_archive(source, text_of(error));
  zip_t* archive = zip_open_from_source(memory, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  if (archive == nullptr) {
    zip_source_free(memory);
    refuse_archive(source, text_of(error));
  }
  zip_error_fini(&error);
  return Archive(archive);
}

// One archive, read array by array.
class NpzReader {
 public:
  NpzReader(Archive archive, const std::string& source, std::uint64_t max_bytes)
      : archive_(std::move(archive)), source_(source), left_(max_bytes) {}

  std::vector<NamedArray> read() {
    const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
    for (zip_int64_t i = 0; i < count; ++i) read_entry(static_cast<zip_uint64_t>(i));
    if (arrays_.empty())
      refuse(source_, "the archive holds no array", "", "one or more", "Save them with numpy.savez.");
    return std::move(arrays_);
  }

 private:
  [[noreturn]] static void refuse(const std::string& where, const std::string& what, const std::string& actual,
                                  const std::string& required, const std::string& remedy = "Copy or save it again.") {
    throw FormatError(Complaint{where, what, actual, required, remedy});
  }

  void read_entry(zip_uint64_t index) {
    const char* raw = zip_get_name(archive_.get(), index, ZIP_FL_ENC_RAW);
    std::string name = raw == nullptr ? "" : raw;
    const std::string where = fmt::format("{}, array {}", source_, quote(name.substr(0, name.rfind(".npy"))));
    if (!is_utf8(name) || name.size() <= 4 || !name.ends_with(".npy"))
      refuse(where, "the entry", quote(name), "a name in UTF-8 that ends in '.npy'",
             "The archive holds more than arrays: save it with numpy.savez.");
    name.erase(name.size() - 4);
    const std::uint64_t size = checked_size(index, where);
    Entry entry(zip_fopen_index(archive_.get(), index, 0));
    if (!entry) refuse(where, "it", fmt::format("not to be opened ({})", zip_strerror(archive_.get())), "a .npy file");
    const auto read = [&](std::span<std::byte> out) { fill(entry.get(), out, where); };
    NumpyArray array = read_npy(read, size, where, left_);
    require_end(entry.get(), where);
    for (const std::string& text : array.texts)
      left_ -= std::min<std::uint64_t>(left_, sizeof(std::string) + text.size());
    left_ -= std::min<std::uint64_t>(left_, sizeof(double) * array.values.size());
    arrays_.push_back({std::move(name), std::move(array)});
  }

  // The size that the archive tells of an entry, if it can be.
  std::uint64_t checked_size(zip_uint64_t index, const std::string& where) const {
    zip_stat_t about;
    zip_stat_init(&about);
    constexpr zip_uint64_t needed =
        ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(archive_.get(), index, 0, &about) != 0 || (about.valid & needed) != needed)
      refuse(where, "its size", "not in the archive", "an entry that is whole");
    if (about.encryption_method != ZIP_EM_NONE)
      refuse(where, "it", "encrypted", "plain", "Save it without a password.");
    const bool is_stored = about.comp_method == ZIP_CM_STORE;
    if (!is_stored && about.comp_method != ZIP_CM_DEFLATE)
      refuse(where, "its compression", fmt::format("method {}", about.comp_method), "none, or deflate",
             "Save it with numpy.savez or numpy.savez_compressed.");
    constexpr std::uint64_t best_ratio = 1032, slack = 1032;  // of deflate: 258 bytes for two bits
    const bool can_be = is_stored ? about.size == about.comp_size : about.size / best_ratio <= about.comp_size + slack;
    if (!can_be)
      refuse(where, "its size", fmt::format("{} bytes out of {}", about.size, about.comp_size),
             is_stored ? "as many" : "at most 1032 times as many");
    return about.size;
  }

  void fill(zip_file_t* entry, std::span<std::byte> out, const std::string& where) const {
    while (!out.empty()) {
      const zip_int64_t got = zip_fread(entry, out.data(), out.size());
      if (got <= 0)
        refuse(where, "it", got == 0 ? "shorter than the archive says" : describe(entry), "a .npy file that is whole");
      out = out.subspan(static_cast<std::size_t>(got));
    }
  }

  // Reading on to the end makes libzip compare the checksum.
  void require_end(zip_file_t* entry, const std::string& where) const {
    std::byte more;
    const zip_int64_t got = zip_fread(entry, &more, 1);
    if (got != 0)
      refuse(where, "it", got > 0 ? "longer than the archive says" : describe(entry), "a .npy file that is whole");
  }

  static std::string describe(zip_file_t* entry) {
    return fmt::format("damaged ({})", zip_error_strerror(zip_file_get_error(entry)));
  }

  Archive archive_;
  const std::string& source_;
  std::uint64_t left_;  // bytes that may still be taken
  std::vector<NamedArray> arrays_;
};

}  // namespace

bool reads_npz() { return true; }

std::vector<NamedArray> parse_npz(std::span<const std::byte> bytes, std::string_view source,
                                  const NpzOptions& options) {
  const std::string name(source);
  return NpzReader(open(bytes, name), name, options.max_bytes).read();
}

std::vector<NamedArray> read_npz(const std::filesystem::path& file, const NpzOptions& options) {
  int code = 0;
  { const FileReader readable(file); }  // whose FileError names the system's reason
  Archive archive(zip_open(file.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  if (!archive) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    refuse_archive(file.string(), text_of(error));
  }
  return NpzReader(std::move(archive), file.string(), options.max_bytes).read();
}

}  // namespace elegans::train

#include "elegans/base/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <atomic>
#include <optional>

#include "base/system_error.hpp"

namespace elegans {
namespace {

namespace fs = std::filesystem;

// A file in the target's folder, gone again unless it takes the target's place. Where the system can, it has no name until
// then: whatever ends the process, nothing is left behind.
class TemporaryFile {
 public:
  TemporaryFile(const fs::path& target, std::optional<mode_t> mode) : target_(target), folder_(target.parent_path()) {
    if (folder_.empty()) folder_ = ".";
    open_without_name();
    if (descriptor_ < 0) {
      descriptor_ =
          with_fresh_name([&] { return ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); });
    }
    if (descriptor_ < 0) {
      throw system_error(target_, "cannot be written, for no file can be made in its folder", errno,
                         fmt::format("Make sure that '{}' exists and may be written to.", folder_.string()));
    }
    if (mode) set_permissions(*mode);
  }

  ~TemporaryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!renamed_ && !path_.empty()) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
      if (count >= 0) {
        bytes = bytes.subspan(static_cast<std::size_t>(count));
      } else if (errno != EINTR) {
        fail("cannot be written");
      }
    }
  }

  void rename_to_target() {
    if (::fsync(descriptor_) != 0) fail("cannot be flushed to the disk");
    if (path_.empty()) take_name();
    const int closed = ::close(descriptor_);
    descriptor_ = -1;
    if (closed != 0 && errno != EINTR) fail("cannot be written");
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail("cannot be replaced");
    renamed_ = true;
    flush_folder();
  }

 private:
  void open_without_name() {
#ifdef O_TMPFILE
    if (::access("/proc/self/fd", X_OK) == 0)
      descriptor_ = ::open(folder_.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
#endif
  }

  void take_name() {
    const std::string open_file = fmt::format("/proc/self/fd/{}", descriptor_);
    const int linked = with_fresh_name(
        [&] { return ::linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, path_.c_str(), AT_SYMLINK_FOLLOW); });
    if (linked == 0) return;
    path_.clear();
    fail("cannot be given a name");
  }

  // Calls `make` with a path_ that nobody has; what it returns, −1 and errno where it cannot. A name is taken only where
  // a process of the same number was killed here before.
  template <class Make>
  int with_fresh_name(const Make& make) {
    static std::atomic<unsigned> number = 0;
    constexpr int attempts = 1000;
    int made = -1;
    for (int attempt = 0; attempt < attempts && made < 0; ++attempt) {
      path_ = folder_ / fmt::format(".elegans-{}-{}.tmp", ::getpid(), number++);
      made = make();
      if (made < 0 && errno != EEXIST) break;
    }
    return made;
  }

  // The destructor does not run for a constructor that throws.
  void set_permissions(mode_t mode) {
    if (::fchmod(descriptor_, mode) == 0) return;
    const int reason = errno;
    ::close(descriptor_);
    if (!path_.empty()) ::unlink(path_.c_str());
    errno = reason;
    fail("cannot be given the permissions of the old file");
  }

  [[noreturn]] void fail(const char* what) const {
    throw system_error(target_, what, errno, "It was left as it was. Check the free space and the permissions.");
  }

  // Makes the new name outlive a loss of power. Not every file system can flush a folder: EINVAL says so.
  void flush_folder() const {
    const int folder = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return;  // a folder may be writable and not readable
    const int failed = ::fsync(folder) != 0 ? errno : 0;
    ::close(folder);
    if (failed != 0 && failed != EINVAL) {
      throw system_error(target_, "was written, but its folder cannot be flushed to the disk", failed,
                         "Check the disk: the file may be lost with the power.");
    }
  }

  fs::path target_;
  fs::path folder_;
  fs::path path_;
  int descriptor_ = -1;
  bool renamed_ = false;
};

// The file that `path` names, behind any symbolic links.
fs::path resolve(const fs::path& path) {
  std::error_code error;
  if (!fs::is_symlink(fs::symlink_status(path, error))) return path;
  fs::path target = fs::canonical(path, error);
  if (error)
    throw system_error(path, "is a symbolic link that leads nowhere", error.value(), "Remove or mend the link.");
  return target;
}

// A temporary file for `path` with the permissions of the file that it is to replace.
TemporaryFile open_for(const fs::path& path) {
  const fs::path target = resolve(path);
  struct stat old {};
  const bool exists = ::stat(target.c_str(), &old) == 0;
  if (exists && !S_ISREG(old.st_mode)) {
    throw FileError(Complaint{path.string(), "it", S_ISDIR(old.st_mode) ? "a folder" : "no regular file",
                              "the name of a file",
                              "Give the name of a regular file or of one that does not exist yet."});
  }
  return TemporaryFile(target, exists ? std::optional<mode_t>(old.st_mode & 0777) : std::nullopt);
}

}  // namespace

void write_file_atomically(const fs::path& path, const std::function<void(const ByteSink&)>& produce) {
  TemporaryFile file = open_for(path);
  produce([&](std::span<const std::byte> bytes) { file.write(bytes); });
  file.rename_to_target();
}

void require_writable(const fs::path& path) { open_for(path); }

void write_file_atomically(const fs::path& path, std::span<const std::byte> bytes) {
  write_file_atomically(path, [&](const ByteSink& put) { put(bytes); });
}

void write_file_atomically(const fs::path& path, std::string_view text) {
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

}  // namespace elegans

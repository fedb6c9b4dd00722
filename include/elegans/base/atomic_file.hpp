#pragma once
// Writing a file so that a crash leaves the old one or the new one, never a part.
//
// The bytes go to a new file in the same folder, which is flushed to the disk and then renamed over `path`; the folder is
// flushed last. Whatever fails before that, `path` is as it was and the new file is gone; where the folder cannot be flushed,
// which is an error too, `path` is the new one, and may be lost with the power. The new file has no name until it is
// complete; where a file system knows no such files, it is `.elegans-<process>-<number>.tmp`, which a process that is killed
// leaves behind.
//
// A new file gets the permissions of the process (0666 without its umask), an existing one keeps its own. A symbolic
// link stays, and the file it points to is replaced. A target that is no regular file (a folder, a device, a pipe) is
// an error.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>

namespace elegans {

// Takes the next bytes of a file.
using ByteSink = std::function<void(std::span<const std::byte>)>;

// Writes what `produce` hands to the sink. An exception of `produce` passes through and leaves `path` as it was.
// FileError, with the system's reason, where the file cannot be written.
void write_file_atomically(const std::filesystem::path& path, const std::function<void(const ByteSink&)>& produce);

void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file_atomically(const std::filesystem::path& path, std::string_view text);

// The FileError that writing `path` would end with, before the work whose result it is to hold. Makes a temporary file
// beside it and removes it again.
void require_writable(const std::filesystem::path& path);

}  // namespace elegans

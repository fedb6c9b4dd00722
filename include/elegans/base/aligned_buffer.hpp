#pragma once
// Owned memory whose address is a multiple of a cache line, so that rows of any SIMD width start aligned.
//
// Several buffers may own one piece of memory: part() makes another, which sees some of the same bytes. It lives as
// long as any of them.
//
// The memory goes on to a multiple of the alignment.
//
// From 4 MiB on a buffer asks the system for pages of 2 MiB, and begins at one of sixteen places in the first, in turn.

#include <cstddef>
#include <memory>
#include <new>

namespace elegans {

class AlignedBuffer {
 public:
  static constexpr std::size_t alignment = 64;

  AlignedBuffer() = default;
  // Takes `bytes` of zeroed memory; none for 0.
  explicit AlignedBuffer(std::size_t bytes);
  // Takes memory whose content nobody reads before writing it: in time that does not depend on `bytes`.
  static AlignedBuffer uninitialised(std::size_t bytes);
  AlignedBuffer(AlignedBuffer&&) noexcept = default;
  AlignedBuffer& operator=(AlignedBuffer&&) noexcept = default;

  // The same `bytes` bytes from `offset` on, a multiple of the alignment.
  AlignedBuffer part(std::size_t offset, std::size_t bytes) const;

  std::byte* data() noexcept { return memory_.get(); }
  const std::byte* data() const noexcept { return memory_.get(); }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::shared_ptr<std::byte> memory_;
  std::size_t bytes_ = 0;
};

// `bytes` rounded up to a multiple of AlignedBuffer::alignment.
constexpr std::size_t aligned(std::size_t bytes) {
  return (bytes + AlignedBuffer::alignment - 1) / AlignedBuffer::alignment * AlignedBuffer::alignment;
}

}  // namespace elegans

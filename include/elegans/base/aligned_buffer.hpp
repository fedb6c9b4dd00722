#pragma once
// Owned memory whose address is a multiple of a cache line, so that rows of any SIMD width start aligned.

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

  std::byte* data() noexcept { return memory_.get(); }
  const std::byte* data() const noexcept { return memory_.get(); }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct Free {
    void operator()(std::byte* p) const noexcept { ::operator delete (p, std::align_val_t{alignment}); }
  };
  std::unique_ptr<std::byte, Free> memory_;
  std::size_t bytes_ = 0;
};

// `bytes` rounded up to a multiple of AlignedBuffer::alignment.
constexpr std::size_t aligned(std::size_t bytes) {
  return (bytes + AlignedBuffer::alignment - 1) / AlignedBuffer::alignment * AlignedBuffer::alignment;
}

}  // namespace elegans

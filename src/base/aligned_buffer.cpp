#include "elegans/base/aligned_buffer.hpp"

#include <sys/mman.h>

#include <cstring>

#include "elegans/base/error.hpp"

namespace elegans {

namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;

// Memory that spans huge pages begins at one and asks for them, where the system has them on request: streaming through
// it then misses the translation of addresses 512 times less often. A refusal changes nothing.
std::byte* allocate(std::size_t bytes, std::align_val_t alignment) {
  void* const memory = ::operator new(bytes, alignment);
#ifdef MADV_HUGEPAGE
  if (alignment == std::align_val_t{huge_page}) madvise(memory, bytes / huge_page * huge_page, MADV_HUGEPAGE);
#endif
  return static_cast<std::byte*>(memory);
}

}  // namespace

AlignedBuffer AlignedBuffer::uninitialised(std::size_t bytes) {
  AlignedBuffer buffer;
  buffer.bytes_ = bytes;
  if (bytes == 0) return buffer;
  const std::align_val_t start{bytes >= 2 * huge_page ? huge_page : alignment};
  buffer.memory_.reset(allocate(aligned(bytes), start), [start](std::byte* p) { ::operator delete(p, start); });
  return buffer;
}

AlignedBuffer AlignedBuffer::part(std::size_t offset, std::size_t bytes) const {
  ensure(offset % alignment == 0 && offset <= bytes_ && bytes <= bytes_ - offset, "a part reaches out of its buffer");
  AlignedBuffer buffer;
  buffer.bytes_ = bytes;
  buffer.memory_ = std::shared_ptr<std::byte>(memory_, memory_.get() + offset);
  return buffer;
}

AlignedBuffer::AlignedBuffer(std::size_t bytes) : AlignedBuffer(uninitialised(bytes)) {
  if (bytes > 0) std::memset(memory_.get(), 0, aligned(bytes));
}

}  // namespace elegans

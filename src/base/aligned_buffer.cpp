#include "elegans/base/aligned_buffer.hpp"

#include <sys/mman.h>

#include <atomic>
#include <cstring>

#include "elegans/base/error.hpp"

namespace elegans {

namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;

std::shared_ptr<std::byte> allocate(std::size_t bytes, std::align_val_t start) {
  const auto free = [start](std::byte* p) { ::operator delete(p, start); };
  return {static_cast<std::byte*>(::operator new(bytes, start)), free};
}

// Memory that spans huge pages begins at one and asks for them, where the system has them on request: streaming through
// it then misses the translation of addresses 512 times less often. A refusal changes nothing.
//
// Each buffer begins elsewhere in its page than the fifteen before it: of two addresses that differ by a multiple of
// 4 KiB a processor that writes one cannot yet read the other, and arrays of a size are visited side by side. That takes
// at most 259 KiB more.
std::shared_ptr<std::byte> allocate_large(std::size_t bytes) {
  static std::atomic<std::size_t> buffers{0};
  constexpr std::size_t places = 16, apart = 4 * 4096 + 1280;
  const std::size_t first = buffers.fetch_add(1, std::memory_order_relaxed) % places * apart;
  const std::shared_ptr<std::byte> memory = allocate(first + bytes, std::align_val_t{huge_page});
#ifdef MADV_HUGEPAGE
  madvise(memory.get(), (first + bytes) / huge_page * huge_page, MADV_HUGEPAGE);
#endif
  return {memory, memory.get() + first};
}

}  // namespace

AlignedBuffer AlignedBuffer::uninitialised(std::size_t bytes) {
  AlignedBuffer buffer;
  buffer.bytes_ = bytes;
  if (bytes == 0) return buffer;
  buffer.memory_ =
      bytes >= 2 * huge_page ? allocate_large(aligned(bytes)) : allocate(aligned(bytes), std::align_val_t{alignment});
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

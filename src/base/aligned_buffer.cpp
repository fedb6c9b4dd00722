#include "elegans/base/aligned_buffer.hpp"

#include <cstring>

#include "elegans/base/error.hpp"

namespace elegans {

AlignedBuffer AlignedBuffer::uninitialised(std::size_t bytes) {
  AlignedBuffer buffer;
  buffer.bytes_ = bytes;
  if (bytes > 0)
    buffer.memory_.reset(static_cast<std::byte*>(::operator new (aligned(bytes), std::align_val_t{alignment})),
                         [](std::byte* p) { ::operator delete (p, std::align_val_t{alignment}); });
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
  if (bytes > 0) std::memset(memory_.get(), 0, bytes);
}

}  // namespace elegans

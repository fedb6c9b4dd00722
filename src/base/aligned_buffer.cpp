#include "elegans/base/aligned_buffer.hpp"

#include <cstring>

namespace elegans {

AlignedBuffer AlignedBuffer::uninitialised(std::size_t bytes) {
  AlignedBuffer buffer;
  buffer.bytes_ = bytes;
  if (bytes > 0)
    buffer.memory_.reset(static_cast<std::byte*>(::operator new (aligned(bytes), std::align_val_t{alignment})));
  return buffer;
}

AlignedBuffer::AlignedBuffer(std::size_t bytes) : AlignedBuffer(uninitialised(bytes)) {
  if (bytes > 0) std::memset(memory_.get(), 0, bytes);
}

}  // namespace elegans

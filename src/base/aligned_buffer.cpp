#include "elegans/base/aligned_buffer.hpp"

#include <cstring>

namespace elegans {

AlignedBuffer::AlignedBuffer(std::size_t bytes) : bytes_(bytes) {
  if (bytes == 0) return;
  memory_.reset(static_cast<std::byte*>(::operator new (aligned(bytes), std::align_val_t{alignment})));
  std::memset(memory_.get(), 0, bytes);
}

}  // namespace elegans

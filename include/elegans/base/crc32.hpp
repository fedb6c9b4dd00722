#pragma once
// The checksum of zip, PNG and Ethernet (CRC-32, polynomial 0x04C11DB7 reflected): what Python's zlib.crc32 gives.
// It finds damage and hasty edits; it is no protection against somebody who means to deceive.

#include <cstddef>
#include <cstdint>
#include <span>

namespace elegans {

std::uint32_t crc32(std::span<const std::byte> bytes) noexcept;

}  // namespace elegans

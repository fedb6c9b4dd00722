# Debian's cross compiler for 64-bit ARM, with the packages of architecture arm64 beside those of the host
# (scripts/install-deps aarch64). Programs, tests among them, run by QEMU's user mode emulation.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
find_program(ELEGANS_QEMU_AARCH64 NAMES qemu-aarch64 qemu-aarch64-static REQUIRED)
mark_as_advanced(ELEGANS_QEMU_AARCH64)
set(CMAKE_CROSSCOMPILING_EMULATOR ${ELEGANS_QEMU_AARCH64})

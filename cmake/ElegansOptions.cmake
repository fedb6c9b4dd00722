# What can be switched on and off, and the rules that every target of the project is compiled by.

# elegans_option(NAME DEFAULT TEXT): an option that the feature summary lists.
macro(elegans_option name default text)
  option(${name} "${text}" ${default})
  add_feature_info(${name} ${name} "${text}")
endmacro()

elegans_option(ELEGANS_CLI ${PROJECT_IS_TOP_LEVEL} "the command line program elegans (CLI11)")
elegans_option(ELEGANS_SIMD ON "SIMD kernels chosen at run time (Highway)")
elegans_option(ELEGANS_NPZ ON "reading .npz files (libzip)")
elegans_option(ELEGANS_TOOLS ${PROJECT_IS_TOP_LEVEL} "the programs under tools")
elegans_option(ELEGANS_EXAMPLES ${PROJECT_IS_TOP_LEVEL} "the examples, run as tests")
elegans_option(ELEGANS_TESTS ${PROJECT_IS_TOP_LEVEL} "the tests (GoogleTest, Python 3)")
elegans_option(ELEGANS_BENCH ${PROJECT_IS_TOP_LEVEL} "the benchmarks (Google Benchmark, OpenBLAS beside ours; each skipped where it is absent)")
elegans_option(ELEGANS_FUZZ OFF "libFuzzer programs (clang)")
elegans_option(ELEGANS_DOCS OFF "the target docs: API documentation (Doxygen)")
elegans_option(ELEGANS_WERROR OFF "warnings are errors")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 99)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug, RelWithDebInfo or Release" FORCE)
  endif()
  find_program(ELEGANS_CCACHE ccache)
  mark_as_advanced(ELEGANS_CCACHE)
  foreach(language IN ITEMS C CXX)
    if(ELEGANS_CCACHE AND NOT CMAKE_${language}_COMPILER_LAUNCHER)
      set(CMAKE_${language}_COMPILER_LAUNCHER ${ELEGANS_CCACHE})
    endif()
  endforeach()
endif()

# Warnings and arithmetic rules of every target of the project; not exported to users. Two warnings stay off:
# missing-field-initializers objects to options given by designated initialisers; restrict is wrong in g++ 12 for
# "text" + std::string (GCC bug 105651). Release is -O2: kernels are unrolled by hand, and what -O3 adds around their loops
# costs small steps 3 to 10 %.
add_library(elegans_build_options INTERFACE)
target_compile_definitions(elegans_build_options INTERFACE $<$<BOOL:${ELEGANS_SIMD}>:ELEGANS_SIMD>)
target_compile_options(elegans_build_options INTERFACE
  $<$<CONFIG:Release>:-O2> -ffp-contract=off -Wall -Wextra -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
  $<$<COMPILE_LANGUAGE:C>:-Wpedantic$<SEMICOLON>-Wstrict-prototypes>
  $<$<BOOL:${ELEGANS_WERROR}>:-Werror>)

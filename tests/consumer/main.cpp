#include <cstdio>
#include <string>

#include "elegans/base/error.hpp"

int main() {
  try {
    throw elegans::ConfigError({.operation = "consumer", .argument = "units", .actual = "0", .required = "1 or more"});
  } catch (const elegans::Error& error) {
    std::puts(error.what());
    return std::string(error.what()) == "consumer: units is 0; expected 1 or more." ? 0 : 1;
  }
}

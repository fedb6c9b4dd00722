// The other direction of tests/data/from_python.safetensors: the Python package reads a file of ours.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "elegans/model/safetensors.hpp"
#include "model_file/stored_samples.hpp"
#include "support/temporary_folder.hpp"

using namespace elegans::model;
using namespace elegans::model::testing;

namespace {

// The one named in ELEGANS_PYTHON, else the one that scripts/install-python makes, else whichever there is.
std::string python() {
  if (const char* chosen = std::getenv("ELEGANS_PYTHON")) return chosen;
  const std::string made = ELEGANS_SOURCE_DIR "/build/python/bin/python3";
  return std::filesystem::exists(made) ? made : "python3";
}

}  // namespace

TEST(Safetensors, IsReadByThePythonPackage) {
  const elegans::testing::TemporaryFolder folder;
  const auto path = folder / "model.safetensors";
  write_safetensors(path, python_samples().tensors(), {{"second", "\u0394t"}, {"first", "1"}});
  const std::string command =
      python() + " -B " ELEGANS_SOURCE_DIR "/tests/model_file/check_with_python.py " + path.string();
  const int status = std::system(command.c_str());
  constexpr int missing = 77;
  constexpr int no_python = 127;
  const int result = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (result == missing || result == no_python) {
    GTEST_SKIP()
        << "needs Python with the packages safetensors and numpy: run scripts/install-python, or name its program "
           "in ELEGANS_PYTHON";
  }
  EXPECT_EQ(result, 0);
}

#include "cli/class_weights.hpp"

#include <map>

#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/cells.hpp"
#include "elegans/train/classes.hpp"

namespace elegans::cli {

std::vector<double> class_weights_of(const std::vector<std::string>& asked, const train::Dataset& training) {
  const auto refuse = [](const std::string& actual, const char* required) {
    throw ConfigError(Complaint{"train", "--class-weight", actual, required, ""});
  };
  if (!training.schema.classifies()) refuse("given", "nothing, for the targets are numbers");
  if (asked == std::vector<std::string>{"balanced"}) return train::balanced_class_weights(training);
  std::map<std::string, double> named;
  for (const std::string& item : asked) {
    const std::size_t equals = item.rfind('=');  // a name may hold one, a number does not
    const auto weight =
        equals == item.npos ? std::nullopt : train::parse_number(std::string_view(item).substr(equals + 1));
    if (!weight) refuse(quote(item), "balanced, or NAME=WEIGHT");
    if (!named.emplace(item.substr(0, equals), *weight).second) refuse(quote(item), "each class once");
  }
  return train::class_weights(training.schema.classes, named);
}

}  // namespace elegans::cli

#include "elegans/nn/activity_regularisation.hpp"

#include "elegans/base/json.hpp"

namespace elegans::nn {

ActivityRegularisation::ActivityRegularisation(Regulariser regulariser) : regulariser_(std::move(regulariser)) {
  if (!regulariser_)
    throw ConfigError({"ActivityRegularisation", "regulariser", "empty", "a penalty", "l2(0.01), say."});
}

Value ActivityRegularisation::call(Context& context, Value x) {
  context.add_activity_loss(regulariser_, x);
  return x;
}

Json ActivityRegularisation::config() const { return {{"regulariser", to_config(regulariser_, path())}}; }

LayerPtr ActivityRegularisation::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, {"regulariser"});
  return std::make_shared<ActivityRegularisation>(
      regulariser_from(object.at("regulariser"), source_name + ": key 'regulariser'"));
}

}  // namespace elegans::nn

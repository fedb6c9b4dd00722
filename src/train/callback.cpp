#include "elegans/train/callback.hpp"

namespace elegans::train {

void Callback::on_start(Trainer&, const FitPlan&) {}
void Callback::on_step(const StepRecord&) noexcept {}
Next Callback::on_epoch(Trainer&, const EpochRecord&) { return Next::go_on; }
void Callback::on_save_point(Trainer&, const SavePoint&) {}
void Callback::on_end(Trainer&, History&) {}
std::string_view Callback::state_name() const { return {}; }
void Callback::save_state(CallbackState&) const {}
void Callback::load_state(Trainer&, const CallbackState&) {}
std::optional<Next> Callback::verdict() const { return std::nullopt; }

}  // namespace elegans::train

#include "elegans/train/callback.hpp"

namespace elegans::train {

void Callback::on_start(Trainer&, const FitPlan&) {}
void Callback::on_step(const StepRecord&) noexcept {}
Next Callback::on_epoch(Trainer&, const EpochRecord&) { return Next::go_on; }
void Callback::on_end(Trainer&, History&) {}

}  // namespace elegans::train

// A 50 Hz control loop that runs a saved policy: one observation in, one action out, state and Δt kept between steps.
//
// A real program begins at "the loop"; the model here is drawn from a seed so that the example stands alone.

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <thread>
#include <vector>

#include "elegans/model/policy.hpp"
#include "elegans/model/save.hpp"
#include "elegans/nn/cfc.hpp"

using namespace elegans;
using Clock = std::chrono::steady_clock;

namespace {

// What training leaves behind: a network with the units of its table.
void save_some_policy(const char* file) {
  Sequential model({.name = "balance", .seed = 7});
  model.add(nn::CfC(wiring::AutoNCP({.units = 16, .output_size = 1})));
  model.build(2);
  save_model(file, model,
             {.features = {"angle", "speed"},
              .targets = {"torque"},
              .inputs = {.mean = {0, 0}, .std = {0.1, 0.5}},
              .outputs = {.mean = {0}, .std = {2}},
              .time_unit = 0.02});
}

// A pendulum, upside down.
struct Pendulum {
  double angle = 0.05;
  double speed = 0;
  std::array<double, 2> measured() const { return {angle, speed}; }
  void push(double torque, double dt) {
    speed += (9.81 * std::sin(angle) + torque) * dt;
    angle += speed * dt;
  }
};

}  // namespace

int main() {
  save_some_policy("balance.safetensors");

  Policy policy("balance.safetensors");
  Pendulum pendulum;
  std::vector<double> action(policy.action_size());
  std::vector<double> snapshot(policy.state_size());
  policy.get_state(snapshot);

  // The loop. Nothing in it allocates, locks or throws.
  constexpr auto period = std::chrono::milliseconds(20);
  auto due = Clock::now();
  auto last = due - period;
  for (int step = 0; step < 25; ++step) {
    std::this_thread::sleep_until(due);
    due += period;
    const auto now = Clock::now();
    const double dt = std::chrono::duration<double>(now - last).count();  // what really passed, late or not
    last = now;

    const Status status = policy.step(pendulum.measured(), dt, action);
    if (!status) {
      // Refused: state and action are as they were, so the last action simply stands.
      std::fprintf(stderr, "step %d: %s\n", step, policy.describe(status).c_str());
    }
    pendulum.push(action[0], 0.02);
    if (step % 5 == 0) std::printf("step %2d   angle %+.4f   torque %+.4f\n", step, pendulum.angle, action[0]);
  }

  // A broken sensor is noticed, and does no harm.
  const std::array<double, 2> broken{std::nan(""), 0};
  const Status status = policy.step(broken, 0.02, action);
  std::printf("broken sensor: %s\n", policy.describe(status).c_str());

  // Back to where the loop began, for the next run.
  policy.set_state(std::span<const double>(snapshot));
  return status.ok() ? 1 : 0;
}

// A user's program: it builds, trains, saves and steps a network with what is installed.
#include <cstdio>
#include <filesystem>
#include <vector>

#include "elegans/base/error.hpp"
#include "elegans/model/policy.hpp"
#include "elegans/model/save.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/train/builtin.hpp"
#include "elegans/train/trainer.hpp"

int main() {
  try {
    elegans::Sequential model({.name = "consumer", .seed = 1});
    model.add(elegans::nn::CfC(elegans::wiring::AutoNCP({.units = 20, .output_size = 9})));
    elegans::Trainer trainer(model, {.epochs = 1, .threads = 2});
    trainer.fit(elegans::train::japanese_vowels(elegans::train::BuiltinPart::train));
    elegans::save_model("consumer.safetensors", model);

    elegans::Policy policy("consumer.safetensors");
    std::filesystem::remove("consumer.safetensors");
    std::vector<float> action(policy.action_size());
    const elegans::Status status = policy.step(std::vector<float>(12, 0.1F), 1, action);
    std::printf("%s\n", status ? "stepped" : policy.describe(status).c_str());
    return status ? 0 : 1;
  } catch (const elegans::Error& error) {
    std::puts(error.what());
    return 1;
  }
}

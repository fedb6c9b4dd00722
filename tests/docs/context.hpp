#pragma once
// What C++ on a page may use without declaring it: the names that its text explains. Compiled, never run.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "elegans/model/policy.hpp"
#include "elegans/model/save.hpp"
#include "elegans/train/trainer.hpp"

namespace elegans_pages {

using namespace elegans;
using namespace elegans::train;

struct Context {
  // A model, and data to train it on.
  Sequential& model;
  Trainer& trainer;
  Dataset& data;
  Dataset& training;
  Dataset& validation;
  Parts& parts;
  Standardisation& features;
  Preprocessing& preprocessing;
  double unit;
  std::int64_t inputs;
  std::uint64_t epoch;

  // Tensors and graph values.
  View x;
  View dt;
  View lengths;
  View mask;
  nn::Value prediction;
  nn::Value target;
  nn::Value weight;
  wiring::Wiring& wiring_of_mine;

  // A control loop.
  Policy& policy;
  bool running;
  std::vector<float> sensors();
  float seconds_since_last_step();
  void stop(const std::string& why);
  std::vector<double>& times;
  std::vector<double>& other_times;
  std::vector<double>& values;
  std::vector<double>& other_values;
  std::vector<double>& observation;
  std::vector<double>& answers;
};

}  // namespace elegans_pages

#include "elegans/train/observations.hpp"

#include <utility>

#include "train/step_reader.hpp"

namespace elegans::train {
namespace {

Roles roles_of(const ObservationOptions& options) {
  return {.time = options.time, .features = options.features, .missing = options.missing, .first_dt = options.first_dt};
}

}  // namespace

struct ObservationReader::State {
  StepReader steps;
  double first_dt;
};

ObservationReader::ObservationReader(std::istream& in, std::string source, ObservationOptions options)
    : state_(new State{StepReader(in, std::move(source), roles_of(options), options.csv), options.first_dt}) {}

ObservationReader::~ObservationReader() = default;

bool ObservationReader::next() { return state_->steps.next(); }

std::span<const double> ObservationReader::features() const { return state_->steps.features(); }

double ObservationReader::dt() const {
  return state_->steps.has_time() ? state_->steps.gap().value_or(state_->first_dt) : 1;
}

std::size_t ObservationReader::line() const { return state_->steps.row().line(); }

}  // namespace elegans::train

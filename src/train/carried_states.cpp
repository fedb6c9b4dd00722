#include "train/carried_states.hpp"

#include <cstring>

#include "elegans/model/forward.hpp"

namespace elegans::train {

CarriedStates::CarriedStates(Sequential& model, const char* operation) {
  if (!model.streams())
    throw ConfigError({operation, "the model", "one that looks ahead in time",
                       "one whose states can be carried, as tbptt_steps is given",
                       "Leave out layers that run backwards or in both directions, or cut windows instead."});
  for (const auto& [path, type] : model::write_forward(model, {.expose_states = true}).states)
    states_.push_back({path, Tensor(type.shape.at({}), type.dtype)});
}

void CarriedStates::grow(std::size_t rows) {
  if (rows <= rows_) return;
  rows_ = rows;
  for (State& state : states_) {
    const Shape& shape = state.values.shape();
    Tensor larger(shape.removed(0).inserted(0, Dim(static_cast<std::int64_t>(rows))), state.values.dtype());
    if (state.values.bytes() > 0) std::memcpy(larger.data(), state.values.data(), state.values.bytes());
    state.values = std::move(larger);
  }
}

std::size_t CarriedStates::bytes() const {
  std::size_t bytes = 0;
  for (const State& state : states_) bytes += state.values.bytes();
  return bytes;
}

ShardStates::ShardStates(const CarriedStates& carried, std::size_t rows, Dtype dtype)
    : dtype_(dtype), fresh_(rows * size_of(dtype)) {
  for (const CarriedStates::State& state : carried.states()) {
    before_.emplace_back(rows * state.row_bytes());
    after_.emplace_back(rows * state.row_bytes());
  }
}

void ShardStates::take(const CarriedStates& carried, std::span<const Segment> segments) noexcept {
  ops::with_floating(dtype_, [&]<class T>(T) {
    T* const fresh = reinterpret_cast<T*>(fresh_.data());
    for (std::size_t i = 0; i < segments.size(); ++i) fresh[i] = segments[i].begins() ? T(1) : T(0);
  });
  for (std::size_t s = 0; s < before_.size(); ++s) {
    const CarriedStates::State& state = carried.states()[s];
    const std::size_t bytes = state.row_bytes();
    const auto* from = static_cast<const std::byte*>(state.values.data());
    for (std::size_t i = 0; i < segments.size() && bytes > 0; ++i)
      if (!segments[i].begins()) std::memcpy(before_[s].data() + i * bytes, from + segments[i].row * bytes, bytes);
  }
}

void ShardStates::give(CarriedStates& carried, std::span<const Segment> segments) const noexcept {
  for (std::size_t s = 0; s < after_.size(); ++s) {
    CarriedStates::State& state = carried.states()[s];
    const std::size_t bytes = state.row_bytes();
    auto* to = static_cast<std::byte*>(state.values.data());
    for (std::size_t i = 0; i < segments.size() && bytes > 0; ++i)
      std::memcpy(to + segments[i].row * bytes, after_[s].data() + i * bytes, bytes);
  }
}

std::size_t ShardStates::bytes() const {
  std::size_t bytes = fresh_.bytes();
  for (const AlignedBuffer& buffer : before_) bytes += buffer.bytes();
  for (const AlignedBuffer& buffer : after_) bytes += buffer.bytes();
  return bytes;
}

}  // namespace elegans::train

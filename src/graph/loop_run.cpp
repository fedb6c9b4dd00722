#include <algorithm>
#include <cstring>

#include "frame.hpp"

namespace elegans::graph {
namespace {

// Running sums are inputs and outputs of the body in the same memory.
std::vector<std::int32_t> sums_in_place(const Scan& scan) {
  const ScanCounts& counts = scan.counts();
  std::vector<std::int32_t> in_place(scan.body().outputs().size(), -1);
  for (std::size_t i = 0; counts.running && i < counts.summed; ++i)
    in_place[counts.carried + counts.stacked + i] =
        static_cast<std::int32_t>(counts.carried + counts.scanned + counts.captured + i);
  return in_place;
}

}  // namespace

LoopRun::LoopRun(const Scan& scan, const Extents& reserve)
    : scan_(scan), body_(scan.body(), reserve, sums_in_place(scan)) {
  const ScanCounts& counts = scan.counts();
  workspace_bytes_ = aligned(body_.arena_bytes());
  carried_.resize(counts.carried);
  for (std::size_t i = 0; i < counts.carried; ++i) {
    Carried& carried = carried_[i];
    carried.reserved = aligned(ops::bytes_of(scan.body().type(scan.carried_output(i)), reserve));
    for (std::size_t s = 0; s < counts.stacked; ++s) {
      if (scan.stacked_output(s) == scan.carried_output(i)) carried.stacked_as = static_cast<std::int32_t>(s);
      if (scan.stacked_output(s) == scan.carried_input(i)) carried.kept_as = static_cast<std::int32_t>(s);
    }
    if (carried.has_buffers()) workspace_bytes_ += 2 * carried.reserved;
  }
  summed_.resize(counts.summed);
  for (std::size_t i = 0; i < counts.summed; ++i) {
    const Type& type = scan.body().type(scan.summed_output(i));
    summed_[i].dtype = type.dtype;
    summed_[i].reserved = counts.running ? 0 : aligned(ops::bytes_of(type, reserve));
    workspace_bytes_ += summed_[i].reserved;
  }
  scanned_bytes_.resize(counts.scanned);
  stacked_bytes_.resize(counts.stacked);
}

void LoopRun::settle(std::byte* workspace) {
  body_.settle(workspace);
  workspace += aligned(body_.arena_bytes());
  for (Carried& carried : carried_) {
    if (!carried.has_buffers()) continue;
    for (std::byte*& buffer : carried.buffer) {
      buffer = workspace;
      workspace += carried.reserved;
    }
  }
  for (Summed& summed : summed_) {
    summed.term = workspace;
    workspace += summed.reserved;
  }
}

Status LoopRun::prepare(const Extents& at, const ops::Kernels& kernels) noexcept {
  if (const Status status = body_.prepare(at, kernels); !status.ok()) return status;
  const Graph& body = scan_.body();
  for (std::size_t i = 0; i < carried_.size(); ++i)
    carried_[i].bytes = ops::bytes_of(body.type(scan_.carried_output(i)), at);
  for (std::size_t i = 0; i < scanned_bytes_.size(); ++i)
    scanned_bytes_[i] = ops::bytes_of(body.type(scan_.scanned_input(i)), at);
  for (std::size_t i = 0; i < stacked_bytes_.size(); ++i)
    stacked_bytes_[i] = ops::bytes_of(body.type(scan_.stacked_output(i)), at);
  for (std::size_t i = 0; i < summed_.size(); ++i)
    summed_[i].elements = static_cast<std::size_t>(body.type(scan_.summed_output(i)).shape.elements(at));
  steps_ = scan_.steps().value(at);
  return {};
}

void LoopRun::Summed::add_to(std::byte* sum, const ops::Kernels& kernels) const noexcept {
  ops::with_floating(dtype, [&]<class T>(T) {
    T* total = reinterpret_cast<T*>(sum);
    kernels.table<T>().binary[static_cast<std::size_t>(kernels::Binary::add)](
        total, 1, reinterpret_cast<const T*>(term), 1, total, elements);
  });
}

void LoopRun::begin(const Summed& summed, std::byte* sum, const std::byte* with) noexcept {
  const std::size_t bytes = summed.elements * size_of(summed.dtype);
  if (with == nullptr) {
    std::memset(sum, 0, bytes);
  } else if (with != sum) {
    std::memcpy(sum, with, bytes);
  }
}

Status LoopRun::run(std::byte* const* address, const Node& node, const ops::Kernels& kernels) noexcept {
  const ScanCounts& counts = scan_.counts();
  const auto input = [&](std::size_t i) { return address[node.inputs[i]]; };
  const auto output = [&](std::size_t i) { return address[node.outputs[i]]; };
  const auto step_of = [&](std::int64_t done) {
    return static_cast<std::size_t>(scan_.reverse() ? steps_ - 1 - done : done);
  };
  const auto place_in_stack = [&](std::int32_t stack, std::int64_t done) {
    const auto s = static_cast<std::size_t>(stack);
    return output(counts.carried + s) + step_of(done) * stacked_bytes_[s];
  };
  const auto place_of_carried = [&](std::size_t i, std::int64_t done) {
    const Carried& carried = carried_[i];
    if (carried.stacked_as >= 0) return place_in_stack(carried.stacked_as, done);
    if (done + 1 == steps_) return output(i);
    return carried.kept_as >= 0 ? place_in_stack(carried.kept_as, done + 1) : carried.buffer[done % 2];
  };

  for (std::size_t i = 0; i < counts.carried; ++i) body_.set_input(i, input(i));
  const std::size_t first_captured = counts.carried + counts.scanned;
  for (std::size_t i = 0; i < counts.captured; ++i) body_.set_input(first_captured + i, input(first_captured + i));
  const std::size_t first_summed = counts.carried + counts.stacked;
  for (std::size_t i = 0; i < counts.summed; ++i) {
    begin(summed_[i], output(first_summed + i),
          i < counts.begun ? input(first_captured + counts.captured + i) : nullptr);
    body_.set_output(first_summed + i, counts.running ? output(first_summed + i) : summed_[i].term);
    if (counts.running) body_.set_input(first_captured + counts.captured + i, output(first_summed + i));
  }

  for (std::int64_t done = 0; done < steps_; ++done) {
    for (std::size_t i = 0; i < counts.scanned; ++i)
      body_.set_input(counts.carried + i, input(counts.carried + i) + step_of(done) * scanned_bytes_[i]);
    for (std::size_t s = 0; s < counts.stacked; ++s)
      body_.set_output(counts.carried + s, place_in_stack(static_cast<std::int32_t>(s), done));
    for (std::size_t i = 0; i < counts.carried; ++i)
      if (carried_[i].stacked_as < 0) body_.set_output(i, place_of_carried(i, done));
    const Status status = body_.run(kernels);
    if (!status.ok()) return status;
    for (std::size_t i = 0; i < counts.carried; ++i) body_.set_input(i, place_of_carried(i, done));
    for (std::size_t i = 0; !counts.running && i < counts.summed; ++i)
      summed_[i].add_to(output(first_summed + i), kernels);
  }
  for (std::size_t i = 0; i < counts.carried; ++i)
    if (carried_[i].bytes > 0 && body_.input(i) != output(i)) std::memcpy(output(i), body_.input(i), carried_[i].bytes);
  return {};
}

}  // namespace elegans::graph

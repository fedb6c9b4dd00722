#include "train/shard.hpp"

#include <algorithm>

namespace elegans::train {

Shard::Shard(const ShardLayout& layout) : layout_(layout) {
  const auto bytes = [&](std::int64_t count, Dtype dtype) { return static_cast<std::size_t>(count) * size_of(dtype); };
  const std::int64_t steps = layout.rows * layout.longest;
  const std::int64_t answers = layout.answers_every_step ? steps : layout.rows;
  x_ = AlignedBuffer(bytes(steps * layout.features, layout.dtype));
  timespans_ = AlignedBuffer(bytes(steps, layout.dtype));
  lengths_ = AlignedBuffer(bytes(layout.rows, Dtype::i32));
  target_ = AlignedBuffer(layout.classes ? bytes(answers, Dtype::i32) : bytes(answers * layout.targets, layout.dtype));
  weight_ = AlignedBuffer(bytes(answers, layout.dtype));
}

void Shard::pack(const Dataset& data, std::span<const std::size_t> sequences) noexcept {
  layout_.dtype == Dtype::f64 ? pack_as<double>(data, sequences) : pack_as<float>(data, sequences);
}

template <class T>
void Shard::pack_as(const Dataset& data, std::span<const std::size_t> sequences) noexcept {
  std::size_t longest = 0;
  for (const std::size_t s : sequences) longest = std::max(longest, data.steps(s));
  extents_ = {.batch = static_cast<std::int64_t>(sequences.size()), .time = static_cast<std::int64_t>(longest)};
  const auto features = static_cast<std::size_t>(layout_.features), width = static_cast<std::size_t>(layout_.targets);
  const std::size_t slots = layout_.answers_every_step ? longest : 1;  // answers of one sequence

  T* const x = reinterpret_cast<T*>(x_.data());
  T* const timespans = reinterpret_cast<T*>(timespans_.data());
  auto* const lengths = reinterpret_cast<std::int32_t*>(lengths_.data());
  auto* const labels = reinterpret_cast<std::int32_t*>(target_.data());
  T* const targets = reinterpret_cast<T*>(target_.data());
  T* const weights = reinterpret_cast<T*>(weight_.data());

  const auto fill = [](const auto& from, auto* to, std::size_t size) {
    using To = std::remove_pointer_t<decltype(to)>;
    std::transform(from.begin(), from.end(), to, [](auto v) { return static_cast<To>(v); });
    std::fill(to + from.size(), to + size, To(0));
  };
  for (std::size_t row = 0; row < sequences.size(); ++row) {
    const std::size_t s = sequences[row], steps = data.steps(s);
    fill(data.features(s), x + row * longest * features, longest * features);
    T* const dt = timespans + row * longest;
    fill(data.dt(s), dt, longest);
    std::fill(dt + steps, dt + longest, T(1));
    lengths[row] = static_cast<std::int32_t>(steps);

    // Where a sequence has one target but an answer at every step, the target is that of its last step.
    const bool one_of_many = slots > 1 && data.schema.target_at != TargetAt::every_step;
    const std::size_t first = one_of_many ? steps - 1 : 0, last = slots > 1 ? steps : 1;
    T* const weight = weights + row * slots;
    std::fill(weight, weight + slots, T(0));
    std::fill(weight + first, weight + last, T(1));
    if (const auto given = data.weights(s); !given.empty())
      std::transform(given.begin(), given.end(), weight + first, [](double w) { return static_cast<T>(w); });
    if (layout_.classes) {
      std::int32_t* const to = labels + row * slots;
      std::fill(to, to + first, 0);
      fill(data.labels(s), to + first, slots - first);
    } else {
      T* const to = targets + row * slots * width;
      std::fill(to, to + first * width, T(0));
      fill(data.targets(s), to + first * width, (slots - first) * width);
    }
  }
}

Shape Shard::each() const {
  return layout_.answers_every_step ? Shape{extents_.batch, extents_.time} : Shape{extents_.batch};
}

Shape Shard::answers() const { return each().inserted(each().rank(), layout_.outputs); }

View Shard::targets_view() const {
  return {const_cast<std::byte*>(target_.data()), layout_.classes ? Dtype::i32 : layout_.dtype,
          layout_.classes ? each() : each().inserted(each().rank(), layout_.targets)};
}

View Shard::weights_view() const { return {const_cast<std::byte*>(weight_.data()), layout_.dtype, each()}; }

std::size_t Shard::bytes() const {
  return x_.bytes() + timespans_.bytes() + lengths_.bytes() + target_.bytes() + weight_.bytes();
}

}  // namespace elegans::train

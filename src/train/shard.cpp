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

TargetRows target_rows(const Dataset& data, const Segment& segment) noexcept {
  if (data.schema.target_at == TargetAt::every_step) return {segment.first, segment.steps};
  const bool ends = segment.first + segment.steps == data.steps(segment.sequence);
  return {0, ends ? std::size_t{1} : 0};
}

void Shard::pack(const Dataset& data, std::span<const Segment> segments) noexcept {
  layout_.dtype == Dtype::f64 ? pack_as<double>(data, segments) : pack_as<float>(data, segments);
}

template <class T>
void Shard::pack_as(const Dataset& data, std::span<const Segment> segments) noexcept {
  std::size_t longest = 0;
  for (const Segment& segment : segments) longest = std::max(longest, segment.steps);
  extents_ = {.batch = static_cast<std::int64_t>(segments.size()), .time = static_cast<std::int64_t>(longest)};
  const auto features = static_cast<std::size_t>(layout_.features), width = static_cast<std::size_t>(layout_.targets);
  const std::size_t slots = layout_.answers_every_step ? longest : 1;  // answers of one segment

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
  for (std::size_t row = 0; row < segments.size(); ++row) {
    const std::size_t s = segments[row].sequence, first = segments[row].first, steps = segments[row].steps;
    fill(data.features(s).subspan(first * features, steps * features), x + row * longest * features,
         longest * features);
    T* const dt = timespans + row * longest;
    fill(data.dt(s).subspan(first, steps), dt, longest);
    std::fill(dt + steps, dt + longest, T(1));
    lengths[row] = static_cast<std::int32_t>(steps);

    // Where a sequence has one target but an answer at every step, the target is that of its last step.
    const auto [from, count] = target_rows(data, segments[row]);
    const bool one_of_many = slots > 1 && data.schema.target_at != TargetAt::every_step;
    const std::size_t at = one_of_many ? steps - 1 : 0;
    T* const weight = weights + row * slots;
    std::fill(weight, weight + slots, T(0));
    std::fill_n(weight + at, count, T(1));
    if (const auto given = data.weights(s); !given.empty()) {
      const auto counted = given.subspan(from, count);
      std::transform(counted.begin(), counted.end(), weight + at, [](double w) { return static_cast<T>(w); });
    }
    if (layout_.classes) {
      std::int32_t* const to = labels + row * slots;
      std::fill(to, to + at, 0);
      fill(data.labels(s).subspan(from, count), to + at, slots - at);
    } else {
      T* const to = targets + row * slots * width;
      std::fill(to, to + at * width, T(0));
      fill(data.targets(s).subspan(from * width, count * width), to + at * width, (slots - at) * width);
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

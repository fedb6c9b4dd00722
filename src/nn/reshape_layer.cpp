#include "elegans/nn/reshape_layer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <optional>

#include "elegans/base/json.hpp"

namespace elegans::nn {

namespace {

constexpr std::int64_t most_numbers = std::int64_t{1} << 40;  // of a sample; more than any memory has of them

// The product of the sizes that are given; none where it is larger than any sample.
std::optional<std::int64_t> given_numbers(const std::vector<std::int64_t>& sizes) {
  std::int64_t given = 1;
  for (const std::int64_t size : sizes) {
    if (size == -1) continue;
    if (size > most_numbers / given) return std::nullopt;
    given *= size;
  }
  return given;
}

}  // namespace

ReshapeLayer::ReshapeLayer(std::vector<std::int64_t> sizes) : sizes_(std::move(sizes)) {
  const bool sizes_fit = std::all_of(sizes_.begin(), sizes_.end(), [](auto size) { return size == -1 || size >= 1; });
  if (sizes_.empty() || sizes_.size() + 1 > Shape::max_rank || !sizes_fit ||
      std::count(sizes_.begin(), sizes_.end(), -1) > 1)
    throw ConfigError({"Reshape", "sizes", fmt::format("{}", sizes_),
                       fmt::format("1 to {} sizes, each 1 or more, one of them -1 at most", Shape::max_rank - 1),
                       "Leave the batch out."});
  if (!given_numbers(sizes_))
    throw ConfigError(
        {"Reshape", "sizes", fmt::format("{}", sizes_), fmt::format("at most {} numbers a sample", most_numbers), ""});
}

Shape ReshapeLayer::compute_output_shape(const Shape& input) const {
  const Dim count = input.product(1, input.rank());
  if (input.rank() < 2 || !count.is_constant())
    throw ShapeError({path(), "input", to_string(input), "[batch, ...] with all sizes but the batch known",
                      "Wrap the layer in TimeDistributed, or let the layer before give its last step alone "
                      "(return_sequences = false)."});
  const std::int64_t given = *given_numbers(sizes_);
  const bool open = std::find(sizes_.begin(), sizes_.end(), -1) != sizes_.end();
  if (open ? count.factor() % given != 0 : count.factor() != given)
    throw ShapeError({path(), "input", to_string(input),
                      fmt::format("{} numbers a sample for the sizes {}",
                                  open ? fmt::format("a multiple of {}", given) : fmt::format("{}", given), sizes_),
                      ""});
  Shape output{input[0]};
  for (const std::int64_t size : sizes_)
    output = output.inserted(output.rank(), size == -1 ? count.factor() / given : size);
  return output;
}

Value ReshapeLayer::call(Context&, Value x) { return reshape(x, compute_output_shape(x.shape())); }

Json ReshapeLayer::config() const { return {{"sizes", sizes_}}; }

LayerPtr ReshapeLayer::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, {"sizes"});
  return std::make_shared<ReshapeLayer>(object.integers("sizes", {.at_least = -1, .at_most = std::int64_t{1} << 20}));
}

LayerPtr Flatten::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, {});
  return std::make_shared<Flatten>();
}

}  // namespace elegans::nn

#include "golden_weights.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace elegans::golden {
namespace {

using nlohmann::json;

void append_numbers(const json& value, Numbers& out) {
  if (value.is_array()) {
    for (const json& item : value) append_numbers(item, out);
    return;
  }
  if (!value.is_number()) throw FormatError(fmt::format("a number is missing: {} stands there.", value.dump()));
  out.push_back(value.get<double>());
}

// Vectors stand as they are, circuits in full matrices [source, target].
Link as_it_is(const nn::WeightPtr& weight, std::string reference) {
  Link link{weight, std::move(reference), std::vector<std::size_t>(weight->value.elements())};
  std::iota(link.place.begin(), link.place.end(), std::size_t{0});
  link.size = link.place.size();
  if (const auto& pattern = weight->options.pattern) {
    link.size = static_cast<std::size_t>(pattern->rows() * pattern->columns());
    for (std::size_t s = 0; s < link.place.size(); ++s)
      link.place[s] = static_cast<std::size_t>(pattern->sources()[s] * pattern->columns() + pattern->targets()[s]);
  }
  return link;
}

// A kernel [rows, outputs] as the columns from `first` on of the reference's matrix [outputs, width].
Link turned(const nn::WeightPtr& weight, std::string reference, std::int64_t first, std::int64_t width) {
  Link link = as_it_is(weight, std::move(reference));
  const auto outputs = static_cast<std::size_t>(weight->options.shape[1].factor());
  for (std::size_t& place : link.place)
    place = place % outputs * static_cast<std::size_t>(width) + static_cast<std::size_t>(first) + place / outputs;
  link.size = 0;
  return link;
}

// What the reference calls our weights.
class Names {
 public:
  Names(const nn::RNN& layer, const json& parameters)
      : parameters_(parameters), root_(layer.path() + "/"), is_ltc_(layer.type() == "LTC") {
    for (const auto& [name, value] : parameters.items())
      if (name.starts_with("rnn_cell.backbone.") && name.ends_with(".weight"))
        backbone_.push_back(std::stoi(name.substr(std::string("rnn_cell.backbone.").size())));
    std::sort(backbone_.begin(), backbone_.end());
    for (const nn::StateOptions& state : layer.cell()->states()) states_.push_back(state.name);
  }

  Link link(const nn::WeightPtr& weight) const {
    std::string rest = weight->path.substr(root_.size());
    if (rest == "projection/kernel") return matrix(weight, "fc.weight");
    if (rest == "projection/bias") return as_it_is(weight, "fc.bias");
    cut(rest, "cell/");
    if (rest == "kernel") return matrix(weight, "lstm.input_map.weight");
    if (rest == "bias") return as_it_is(weight, "lstm.input_map.bias");
    if (rest == "recurrent_kernel") return matrix(weight, "lstm.recurrent_map.weight");
    cut(rest, "cell/");  // inside the mixed memory
    return is_ltc_ ? as_it_is(weight, "rnn_cell." + rest) : head(weight, rest);
  }

 private:
  static void cut(std::string& text, const std::string& prefix) {
    if (text.starts_with(prefix)) text.erase(0, prefix.size());
  }

  // "[layer/]map_kind" of a CfC. The reference has one matrix for inputs and state, the state last.
  Link head(const nn::WeightPtr& weight, std::string name) const {
    std::string prefix = "rnn_cell.";
    if (const auto slash = name.find('/'); slash != std::string::npos) {
      prefix +=
          fmt::format("layer_{}.", std::find(states_.begin(), states_.end(), name.substr(0, slash)) - states_.begin());
      name.erase(0, slash + 1);
    }
    if (name == "w_tau" || name == "A") return as_it_is(weight, prefix + name);
    for (const std::string kind : {"_bias", "_recurrent_kernel", "_kernel"}) {
      if (!name.ends_with(kind)) continue;
      const std::string map = prefix + reference_map(name.substr(0, name.size() - kind.size()));
      if (kind == "_bias") return as_it_is(weight, map + ".bias");
      return matrix(weight, map + ".weight", kind == "_recurrent_kernel");
    }
    throw InternalError(fmt::format("check_cells does not know the weight '{}'.", weight->path));
  }

  std::string reference_map(const std::string& map) const {
    if (!map.starts_with("backbone_")) return map;
    const auto layer = static_cast<std::size_t>(std::stoi(map.substr(std::string("backbone_").size())));
    if (layer >= backbone_.size()) throw FormatError("parameters: the backbone has fewer layers than the options say.");
    return fmt::format("backbone.{}", backbone_[layer]);
  }

  Link matrix(const nn::WeightPtr& weight, const std::string& reference, bool at_the_end = false) const {
    const json& rows = parameters_.contains(reference) ? parameters_[reference] : json::array();
    const auto width = rows.empty() ? std::int64_t{0} : static_cast<std::int64_t>(rows[0].size());
    return turned(weight, reference, at_the_end ? width - weight->options.shape[0].factor() : 0, width);
  }

  const json& parameters_;
  std::string root_;
  bool is_ltc_;
  std::vector<int> backbone_;
  std::vector<std::string> states_;
};

}  // namespace

Numbers numbers_of(const json& value) {
  Numbers out;
  append_numbers(value, out);
  return out;
}

std::vector<Link> links_of(const nn::RNN& layer, const json& parameters) {
  const Names names(layer, parameters);
  std::vector<Link> links;
  for (const nn::WeightPtr& weight : layer.weights()) {
    links.push_back(names.link(weight));
    if (!parameters.contains(links.back().reference))
      throw FormatError(fmt::format("the file has no parameter '{}'.", links.back().reference));
  }
  return links;
}

Numbers take(const Link& link, const Numbers& reference) {
  Numbers numbers;
  for (const std::size_t place : link.place) {
    if (place >= reference.size())
      throw FormatError(fmt::format("parameter '{}' has {} numbers; '{}' needs more.", link.reference, reference.size(),
                                    link.weight->path));
    numbers.push_back(reference[place]);
  }
  return numbers;
}

void check_coverage(const std::vector<Link>& links, const json& golden) {
  const json& parameters = golden.at("parameters");
  std::map<std::string, std::set<std::size_t>> covered;
  for (const Link& link : links) {
    covered[link.reference].insert(link.place.begin(), link.place.end());
    const std::size_t size = numbers_of(parameters.at(link.reference)).size();
    if (link.size != 0 && size != link.size)
      throw FormatError(fmt::format("parameter '{}' has {} numbers; expected {}.", link.reference, size, link.size));
  }
  for (const auto& [name, value] : parameters.items()) {
    const auto mask = name.find("sparsity_mask");
    if (mask == std::string::npos) {
      if (!covered.contains(name))
        throw ConfigError(fmt::format("parameter '{}' of the file belongs to no weight.", name));
      continue;
    }
    // "sensory_sparsity_mask" is of sensory_w, "layer_1.sparsity_mask" of layer_1.ff1.weight.
    const std::string front = name.substr(0, mask);
    const auto& places = covered[golden["cell"] == "ltc" ? front + "w" : front + "ff1.weight"];
    const Numbers exists = numbers_of(value);
    for (std::size_t i = 0; i < exists.size(); ++i)
      if ((exists[i] != 0) != places.contains(i))
        throw ConfigError(fmt::format("'{}' says that number {} {}; the circuit drawn here says the opposite.", name, i,
                                      exists[i] != 0 ? "exists" : "does not exist"));
  }
  for (const auto& [name, value] : golden.at("grads").items()) {
    const Numbers gradient = numbers_of(value);
    for (std::size_t i = 0; i < gradient.size(); ++i)
      if (gradient[i] != 0 && !covered[name].contains(i))
        throw ConfigError(fmt::format("'{}' has a gradient at number {}, for which there is no weight.", name, i));
  }
}

}  // namespace elegans::golden

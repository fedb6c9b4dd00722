#pragma once
// Where the numbers of our weights stand in the parameters of the reference, and the numbers of its arrays.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "elegans/nn/rnn.hpp"

namespace elegans::golden {

using Numbers = std::vector<double>;

// The numbers of nested lists, in order. FormatError where something else stands among them.
Numbers numbers_of(const nlohmann::json& value);

struct Link {
  nn::WeightPtr weight;
  std::string reference;
  std::vector<std::size_t> place;  // of each stored number
  std::size_t size = 0;            // numbers of the reference's array; 0 where other weights have a part of it
};

// Where each weight of a layer that is built stands in `parameters`. FormatError where they lack one.
std::vector<Link> links_of(const nn::RNN& layer, const nlohmann::json& parameters);

// The reference's numbers at the places of a weight.
Numbers take(const Link& link, const Numbers& reference);

// Every number of the file must have a place in one of our weights, or be one of a synapse that does not exist: those
// must be marked by the masks and have no gradient. Else ConfigError or FormatError.
void check_coverage(const std::vector<Link>& links, const nlohmann::json& golden);

}  // namespace elegans::golden

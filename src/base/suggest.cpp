#include "elegans/base/suggest.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <numeric>
#include <vector>

#include "elegans/base/text.hpp"

namespace elegans {
namespace {

// Insertions, deletions, substitutions and swaps of neighbours (Damerau, 1964) between a and b.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

// Names longer than any that a person mistyped are not compared.
constexpr std::size_t longest_compared = 256;
// Of many names the first few tell what kind they are.
constexpr std::size_t most_listed = 20;

std::string quoted(std::span<const std::string> names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += quote(names[i]);
  }
  return text;
}

}  // namespace

std::string suggest(std::string_view name, std::span<const std::string> known) {
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const auto& candidate : known) {
    if (name.size() > longest_compared || candidate.size() > longest_compared) continue;
    const std::size_t distance = edit_distance(name, candidate);
    if (distance <= std::max<std::size_t>(1, std::max(name.size(), candidate.size()) / 3))
      near.emplace_back(distance, candidate);
  }
  if (near.empty()) {
    if (known.empty()) return "There are none.";
    if (known.size() == 1) return fmt::format("Known is {}.", quoted(known));
    if (known.size() <= most_listed) return fmt::format("Known are {}.", quoted(known));
    return fmt::format("Known are {}, and {} more.", quoted(known.first(most_listed)), known.size() - most_listed);
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, near.size()); ++i) names.push_back(near[i].second);
  return fmt::format("Did you mean {}?", quoted(names));
}

}  // namespace elegans

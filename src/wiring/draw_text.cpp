#include "wiring/draw_text.hpp"

#include <fmt/format.h>

#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"

namespace elegans::wiring {
namespace {

std::string counted(std::int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

void check_names(std::string_view operation, const char* argument, std::size_t names, std::int64_t named) {
  if (names == 0 || static_cast<std::int64_t>(names) == named) return;
  throw ConfigError({std::string(operation), argument, fmt::format("a list of {}", names),
                     fmt::format("{} names, or none", named), ""});
}

}  // namespace

Caption caption_of(const Wiring& wiring, const DrawOptions& options) {
  const SynapseTable table = wiring.synapses();
  std::int64_t excitatory = 0;
  for (const auto& row : table.rows) excitatory += row.polarity > 0 ? 1 : 0;
  Caption caption;
  caption.title = !options.title.empty()
                      ? options.title
                      : fmt::format("{}: {}, {}, {}", wiring.type(), counted(wiring.units(), "neuron"),
                                    counted(wiring.input_dim(), "input"), counted(wiring.output_dim(), "output"));
  caption.counts =
      fmt::format("{} sensory and {} recurrent synapses: {} excitatory, {} inhibitory", wiring.sensory_synapse_count(),
                  wiring.synapse_count(), excitatory, static_cast<std::int64_t>(table.rows.size()) - excitatory);
  return caption;
}

void check_drawable(std::string_view operation, const Wiring& wiring, const DrawOptions& options) {
  if (!wiring.is_built()) {
    throw ConfigError({std::string(operation), "wiring", "not built", "a wiring with a number of inputs",
                       "Call build(inputs) first."});
  }
  check_names(operation, "input_names", options.input_names.size(), wiring.input_dim());
  check_names(operation, "output_names", options.output_names.size(), wiring.output_dim());
}

std::string readable(std::string_view text) {
  std::string out(text);
  const bool is_text = is_utf8(text);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (!is_text && byte >= 0x80)) c = '?';
  }
  return out;
}

}  // namespace elegans::wiring

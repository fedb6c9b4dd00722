#include "elegans/wiring/neuron_type.hpp"

#include "elegans/base/error.hpp"

namespace elegans::wiring {

std::string_view name(NeuronType type) {
  switch (type) {
    case NeuronType::sensory:
      return "sensory";
    case NeuronType::inter:
      return "inter";
    case NeuronType::command:
      return "command";
    case NeuronType::motor:
      return "motor";
  }
  throw InternalError("a neuron of no type");
}

}  // namespace elegans::wiring

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command.hpp"
#include "cli/exit_codes.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/base/version.hpp"
#include "elegans/graph/pipeline.hpp"
#include "elegans/kernels/table.hpp"
#include "elegans/train/cells.hpp"

namespace elegans::cli {
namespace {

constexpr const char* program_examples =
    "Examples\n"
    "  elegans demo\n"
    "  elegans train office.csv --time date --target Occupancy --task classification --out office.safetensors\n"
    "  elegans evaluate office.safetensors tomorrow.csv\n"
    "  elegans run office.safetensors < sensors.csv\n"
    "  elegans sweep sweep.toml\n"
    "  elegans inspect office.safetensors\n"
    "  elegans draw autoncp:28,4 --inputs 8 --out circuit.svg\n"
    "\n`elegans COMMAND --help` shows a command's options, with examples.\n\n";

// CLI11 writes what a flag's other name means as "--no-shuffle{false}".
class PlainFormatter final : public CLI::Formatter {
 public:
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    std::string name = CLI::Formatter::make_option_name(option, is_positional);
    constexpr std::string_view value = "{false}";
    if (const std::size_t at = name.find(value); at != name.npos) name.erase(at, value.size());
    return name;
  }
};

struct Failure {
  ExitCode code;
  std::string_view kind;
};

void report(const Failure& failure, const std::string& message, bool as_json) {
  const std::string text =
      as_json ? to_json_text({{"error", {{"kind", failure.kind}, {"message", message}, {"exit_code", failure.code}}}})
              : "elegans: " + message;
  std::cout.flush();
  std::cerr << text << std::endl;
}

// A word where a command should stand.
bool is_unknown_command(const CLI::App& program) {
  return program.get_subcommands().empty() && !program.remaining(true).empty() &&
         !program.remaining(true).front().starts_with('-');
}

// What a name on the command line was probably meant to be.
std::string remedy_for(const CLI::App& program, const CLI::ParseError& error) {
  const auto chosen = program.get_subcommands();
  const std::string command = chosen.empty() ? "elegans" : "elegans " + chosen.front()->get_name();
  const CLI::App& asked = chosen.empty() ? program : *chosen.front();
  std::string remedy;
  if (is_unknown_command(program)) {
    std::vector<std::string> known;
    for (const CLI::App* sub : program.get_subcommands([](const CLI::App*) { return true; }))
      known.push_back(sub->get_name());
    remedy = suggest(program.remaining(true).front(), known) + " ";
  } else if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)) {
    std::vector<std::string> known;
    for (const CLI::Option* option : asked.get_options())
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    const auto extras = program.remaining(true);
    if (!extras.empty()) {
      const std::string name = extras.front().substr(0, extras.front().find('='));
      if (const std::string near = suggest(name, known); near.starts_with("Did you mean")) remedy = near + " ";
    }
  }
  return fmt::format("{}`{} --help` lists what there is.", remedy, command);
}

std::optional<std::int64_t> parse_whole(const std::string& text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  return read.ec == std::errc() && read.ptr == end ? std::optional(value) : std::nullopt;
}

// CLI11's words for an option that is there twice are of argument counts, for a switch with a value of overrides.
std::string plain(std::string message) {
  if (const std::size_t at = message.find(": At Most 1 required but received"); at != message.npos)
    return message.substr(0, at) + " is given more than once; expected once";
  if (const std::size_t at = message.find(" was given a disallowed flag override"); at != message.npos)
    return "--" + message.substr(0, at) + " takes no value: it is there or not";
  return message;
}

int report_usage(const CLI::App& program, const CLI::ParseError& error, bool as_json) {
  std::string message = is_unknown_command(program)
                            ? fmt::format("{} is no command", quote(program.remaining(true).front()))
                            : plain(error.what());
  while (!message.empty() && (message.back() == '\n' || message.back() == '.')) message.pop_back();
  report({usage_error, "usage"}, fmt::format("{}. {}", message, remedy_for(program, error)), as_json);
  return usage_error;
}

int run_guarded(const Action& action, bool as_json) {
  const auto fail = [as_json](const Failure& failure, const std::exception& error) {
    report(failure, error.what(), as_json);
    return failure.code;
  };
  const auto no_memory = [&fail] {
    return fail({data_error, "memory"}, std::runtime_error("there is not enough memory. Take smaller batches or "
                                                           "windows, or less data."));
  };
  try {
    // What the environment has wrong is told before a file is blamed for it.
    (void)kernels::instruction_set(kernels::Target::best);
    (void)graph::disabled_by_environment();
    const int code = action();
    std::cout.flush();
    if (std::cout) return code;
    throw FileError(Complaint{"standard output", "", "cannot be written", "room for the result", ""});
  } catch (const InternalError& error) {
    return fail({internal_error, "internal"}, error);
  } catch (const FileError& error) {
    return fail({data_error, "file"}, error);
  } catch (const FormatError& error) {
    return fail({data_error, "format"}, error);
  } catch (const ConfigError& error) {
    return fail({usage_error, "configuration"}, error);
  } catch (const ShapeError& error) {
    return fail({usage_error, "shape"}, error);
  } catch (const DtypeError& error) {
    return fail({usage_error, "dtype"}, error);
  } catch (const Error& error) {
    return fail({training_failed, "training"}, error);
  } catch (const std::bad_alloc&) {
    return no_memory();
  } catch (const std::length_error&) {
    // What would be longer than any memory.
    return no_memory();
  } catch (const std::exception& error) {
    return fail({internal_error, "internal"}, error);
  }
}

}  // namespace

CLI::App& add_command(CLI::App& program, const std::string& name, const std::string& description,
                      const std::string& examples) {
  CLI::App* command = program.add_subcommand(name, description);
  command->footer("Examples\n" + examples + "\n" + std::string(exit_codes_help));
  command->get_formatter()->column_width(34);
  return *command;
}

CLI::Validator whole_number() {
  return CLI::Validator(
      [](const std::string& text) {
        return parse_whole(text) ? std::string() : fmt::format("is {}; expected an integer below 2^63", quote(text));
      },
      "");
}

CLI::Validator finite_number() {
  return CLI::Validator(
      [](const std::string& text) {
        const auto value = train::parse_number(text);
        return value && std::isfinite(*value) ? std::string()
                                              : fmt::format("is {}; expected a finite number", quote(text));
      },
      "");
}

CLI::Validator at_least(std::int64_t least) {
  return CLI::Validator(
      [least](const std::string& text) {
        const auto value = parse_whole(text);
        if (value && *value >= least) return std::string();
        return fmt::format("is {}; expected an integer ≥ {}", quote(text), least);
      },
      "");
}

CLI::Validator between(std::int64_t least, std::int64_t most) {
  return CLI::Validator(
      [least, most](const std::string& text) {
        const auto value = parse_whole(text);
        if (value && *value >= least && *value <= most) return std::string();
        return fmt::format("is {}; expected an integer from {} to {}", quote(text), least, most);
      },
      "");
}

int run_program(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  CLI::App program("Wired recurrent networks: from a recording with time stamps to a circuit that runs in a loop.",
                   "elegans");
  program.formatter(std::make_shared<PlainFormatter>());
  program.set_version_flag("--version", "elegans " + std::string(version));
  program.footer(program_examples + std::string(exit_codes_help));
  program.require_subcommand(1);
  const std::vector<Action (*)(CLI::App&)> makers{add_demo,     add_train,   add_sweep, add_evaluate, add_run,
                                                  add_forecast, add_inspect, add_draw,  add_results};
  std::vector<std::pair<CLI::App*, Action>> commands;
  std::set<std::string> switches;
  for (const auto make : makers) {
    Action action = make(program);
    CLI::App* const command = program.get_subcommands([](const CLI::App*) { return true; }).back();
    for (CLI::Option* option : command->get_options())
      if (option->get_items_expected_max() == 0) {
        option->disable_flag_override();
        for (const std::string& name : option->get_lnames()) switches.insert("--" + name + "=");
      }
    commands.emplace_back(command, std::move(action));
  }

  const bool as_json =
      std::any_of(argv, argv + argc, [](const char* word) { return std::string_view(word) == "--json"; });
  try {
    // CLI11 takes an empty value for none.
    for (const char* word : std::span(argv, static_cast<std::size_t>(argc)))
      if (switches.contains(word))
        throw CLI::ArgumentMismatch(std::string(word, std::strlen(word) - 1) + " takes no value: it is there or not");
    program.parse(argc, argv);
  } catch (const CLI::CallForHelp& call) {
    return program.exit(call);
  } catch (const CLI::CallForVersion& call) {
    return program.exit(call);
  } catch (const CLI::ParseError& error) {
    return report_usage(program, error, as_json);
  }
  for (const auto& [command, action] : commands)
    if (command->parsed()) return run_guarded(action, as_json);
  return internal_error;
}

}  // namespace elegans::cli

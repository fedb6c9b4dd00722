// elegans run: a model that answers each row of standard input at once.

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "cli/answer_digits.hpp"
#include "cli/columns.hpp"
#include "cli/command.hpp"
#include "cli/exit_codes.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/model/policy.hpp"
#include "elegans/train/cells.hpp"
#include "elegans/train/csv.hpp"
#include "elegans/train/observations.hpp"

namespace elegans::cli {
namespace {

constexpr const char* examples =
    "  elegans run policy.safetensors < sensors.csv                          columns as in training\n"
    "  sensor-daemon | elegans run policy.safetensors --dt 0.05 --json       rows 0.05 s apart\n"
    "  elegans run policy.safetensors --time clock --group machine < fleet.csv > answers.csv\n"
    "\nRows of several groups may be interleaved: each group has a state and a clock of its own.\n"
    "A row is refused where a number is missing (and may not be filled), NaN or infinite, or time runs backwards: the\n"
    "reason goes to standard error, the state stays as it was, and the next row is read.\n";

struct RunCommand {
  std::string model, dt;
  ColumnOptions columns;
  std::int64_t groups = 256;
  bool json = false;
};

// Writes answers, a line each.
class Answers {
 public:
  Answers(const Policy& policy, bool json)
      : p_(policy.preprocessing()), json_(json), digits_(answer_digits(p_.outputs, policy.action_size())) {
    for (std::size_t i = 0; i < policy.action_size(); ++i) {
      const auto& names = classifies() ? p_.classes : p_.targets;
      names_.push_back(i < names.size() ? names[i] : fmt::format("output {}", i));
    }
    if (json_) return;
    std::string header = "line";
    if (classifies()) header += "," + train::csv_field(p_.targets.empty() ? "class" : p_.targets.front());
    for (const std::string& name : names_)
      header += "," + train::csv_field(classifies() ? fmt::format("p({})", name) : name);
    std::cout << header << std::endl;
  }

  void write(std::size_t line, std::span<const double> action) const {
    const auto best = static_cast<std::size_t>(std::max_element(action.begin(), action.end()) - action.begin());
    if (json_) {
      nlohmann::json numbers = nlohmann::json::object();
      for (std::size_t i = 0; i < action.size(); ++i) numbers[names_[i]] = action[i];
      nlohmann::json made{{"line", line}};
      if (classifies()) made["class"] = names_[best];
      made[classifies() ? "probabilities" : "answer"] = std::move(numbers);
      std::cout << to_json_text(made) << std::endl;
      return;
    }
    std::string row = fmt::format("{}", line);
    if (classifies()) row += "," + train::csv_field(names_[best]);
    for (std::size_t i = 0; i < action.size(); ++i) row += fmt::format(",{:.{}g}", action[i], digits_[i]);
    std::cout << row << std::endl;
  }

 private:
  bool classifies() const { return p_.task == model::Task::classification; }

  const model::Preprocessing& p_;
  bool json_;
  std::vector<int> digits_;
  std::vector<std::string> names_;
};

void report_refusal(const std::string& reason, std::size_t line, bool json) {
  if (json) {
    std::cerr << to_json_text({{"refused", {{"line", line}, {"reason", reason}}}}) << std::endl;
  } else {
    std::cerr << "elegans: " << reason << " The row is refused." << std::endl;
  }
}

void report_forgotten(const RunCommand& c) {
  const std::string text = fmt::format(
      "more than {} groups: from now on those that were silent for longest are forgotten, and begin anew "
      "when they come back. --groups keeps more.",
      c.groups);
  std::cerr << (c.json ? to_json_text({{"warning", text}}) : "elegans: " + text) << std::endl;
}

// Answers rows, each from the state in which the row before it in its group left the network.
class Stream {
 public:
  Stream(const RunCommand& c, Policy& policy, const model::Columns& columns)
      : c_(c),
        policy_(policy),
        constant_dt_(train::parse_number(c.dt)),
        rows_(read_as_trained(policy.preprocessing(), c.columns, [&] { return reader(columns); })),
        answers_(policy, c.json),
        state_(policy.state_size()),
        action_(policy.action_size()) {}

  // Reads a row and answers it or says why not; false at the end.
  bool next() {
    try {
      if (!rows_.next()) return false;
      step();
      answers_.write(rows_.line(), action_);
      ++answered_;
    } catch (const FormatError& error) {
      report_refusal(error.what(), rows_.line(), c_.json);
      ++refused_;
    }
    if (rows_.forgotten() > 0 && !std::exchange(is_warned_, true)) report_forgotten(c_);
    return true;
  }

  std::size_t answered() const { return answered_; }
  std::size_t refused() const { return refused_; }

 private:
  train::ObservationReader reader(const model::Columns& columns) const {
    const model::Preprocessing& p = policy_.preprocessing();
    // The recording's median is not known at its first row: that of the training part stands for it.
    const double median = columns.median_dt.value_or(p.time_unit);
    return {std::cin, "standard input",
            train::ObservationOptions{.features = p.features,
                                      .time = columns.time,
                                      .dt = constant_dt_ ? "" : c_.dt,
                                      .group = columns.group,
                                      .missing = columns.missing,
                                      .sporadic = columns.sporadic,
                                      .first_dt = columns.first_dt.value_or(median),
                                      .groups = static_cast<std::size_t>(c_.groups)}};
  }

  void step() {
    if (rows_.kept().empty()) {
      policy_.reset();
    } else {
      policy_.set_state(rows_.kept());
    }
    const Status status = policy_.step(rows_.features(), constant_dt_.value_or(rows_.dt()), action_);
    if (!status) {
      rows_.refuse();
      throw FormatError(fmt::format("{}: {}.", rows_.place(), policy_.describe(status)));
    }
    policy_.get_state(std::span<double>(state_));
    rows_.keep(state_);
  }

  const RunCommand& c_;
  Policy& policy_;
  std::optional<double> constant_dt_;
  train::ObservationReader rows_;
  Answers answers_;
  std::vector<double> state_, action_;
  std::size_t answered_ = 0, refused_ = 0;
  bool is_warned_ = false;
};

model::Columns columns_of(const RunCommand& c, const Policy& policy) {
  const model::Preprocessing& p = policy.preprocessing();
  model::Columns columns = columns_for(p, c.columns);
  if (!c.dt.empty()) columns.time.clear();
  require_names(p, c.model);
  require_time(p, !columns.time.empty() || !c.dt.empty(), c.model);
  return columns;
}

int run(const RunCommand& c) {
  if (c.columns.time && !c.columns.time->empty() && !c.dt.empty())
    throw ConfigError(Complaint{"run", "--dt", "given beside --time", "one of the two", ""});
  if (const auto constant = train::parse_number(c.dt); constant && !(*constant >= 0 && std::isfinite(*constant)))
    throw ConfigError(Complaint{"run", "--dt", c.dt, "seconds, at least 0", ""});
  Policy policy(c.model);
  Stream stream(c, policy, columns_of(c, policy));
  while (std::cout && stream.next()) {
  }
  if (stream.refused() > 0 && !c.json)
    std::cerr << fmt::format("elegans: {} row{} answered, {} refused", stream.answered(),
                             stream.answered() == 1 ? "" : "s", stream.refused())
              << std::endl;
  return stream.refused() > 0 ? some_refused : success;
}

}  // namespace

Action add_run(CLI::App& program) {
  CLI::App& app = add_command(program, "run", "Answer rows from standard input, one by one, keeping state", examples);
  const auto c = std::make_shared<RunCommand>();
  app.add_option("model", c->model, "model file")->required();
  add_column_options(app, c->columns);
  app.add_option("--dt", c->dt, "instead of time stamps: seconds between rows, or the column that holds them");
  app.add_option("--groups", c->groups, "groups remembered at once; those silent for longest are forgotten")
      ->capture_default_str()
      ->check(at_least(1));
  app.add_flag("--json", c->json, "a JSON object a line");
  return [c] { return run(*c); };
}

}  // namespace elegans::cli

// elegans run: a model that answers each row of standard input at once.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/columns.hpp"
#include "cli/command.hpp"
#include "cli/exit_codes.hpp"
#include "cli/row_source.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/model/policy.hpp"
#include "elegans/train/cells.hpp"

namespace elegans::cli {
namespace {

constexpr const char* examples =
    "  elegans run policy.safetensors --time t < sensors.csv\n"
    "  sensor-daemon | elegans run policy.safetensors --dt 0.05 --json\n"
    "  elegans run policy.safetensors --time t --group recording < gestures.csv > answers.csv\n"
    "\nA row is refused where a number is missing, NaN or infinite, or time runs backwards: the reason goes to "
    "standard\n"
    "error, the state stays as it was, and the next row is read.\n";

struct RunCommand {
  std::string model, time, dt, group;
  bool json = false;
};

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

// Writes answers, a line each.
class Answers {
 public:
  Answers(const Policy& policy, bool json) : p_(policy.preprocessing()), json_(json) {
    for (std::size_t i = 0; i < policy.action_size(); ++i) {
      const auto& names = classifies() ? p_.classes : p_.targets;
      names_.push_back(i < names.size() ? names[i] : fmt::format("output {}", i));
    }
    if (json_) return;
    std::string header = "line";
    if (classifies()) header += "," + csv_field(p_.targets.empty() ? "class" : p_.targets.front());
    for (const std::string& name : names_) header += "," + csv_field(classifies() ? fmt::format("p({})", name) : name);
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
    if (classifies()) row += "," + csv_field(names_[best]);
    for (const double number : action) row += fmt::format(",{:.7g}", number);
    std::cout << row << std::endl;
  }

 private:
  bool classifies() const { return p_.task == model::Task::classification; }

  const model::Preprocessing& p_;
  bool json_;
  std::vector<std::string> names_;
};

void report_refusal(const std::string& reason, std::size_t line, bool json) {
  if (json) {
    std::cerr << to_json_text({{"refused", {{"line", line}, {"reason", reason}}}}) << std::endl;
  } else {
    std::cerr << "elegans: " << reason << " The row is refused." << std::endl;
  }
}

int run(const RunCommand& c) {
  if (!c.time.empty() && !c.dt.empty())
    throw ConfigError(Complaint{"run", "--dt", "given beside --time", "one of the two", ""});
  if (const auto constant = train::parse_number(c.dt); constant && !(*constant >= 0))
    throw ConfigError(Complaint{"run", "--dt", c.dt, "seconds, at least 0", ""});
  Policy policy(c.model);
  const model::Preprocessing& p = policy.preprocessing();
  require_names(p, c.model);
  require_time(p, !c.time.empty() || !c.dt.empty(), c.model);

  RowSource rows(std::cin, "standard input",
                 {.features = p.features, .time = c.time, .dt = c.dt, .group = c.group, .first_dt = p.time_unit});
  const Answers answers(policy, c.json);
  std::vector<double> action(policy.action_size());
  std::size_t answered = 0, refused = 0;
  for (bool more = true; more && std::cout;) {
    std::string reason;
    try {
      if (!(more = rows.next())) break;
      rows.read();
      if (rows.starts_group()) policy.reset();
      const Status status = policy.step(rows.features(), rows.dt(), action);
      if (!status) throw FormatError(fmt::format("{}: {}.", rows.place(), policy.describe(status)));
      rows.accept();
    } catch (const FormatError& error) {
      reason = error.what();
    }
    if (reason.empty()) {
      answers.write(rows.line(), action);
      ++answered;
    } else {
      report_refusal(reason, rows.line(), c.json);
      ++refused;
    }
  }
  if (refused > 0 && !c.json)
    std::cerr << fmt::format("elegans: {} row{} answered, {} refused", answered, answered == 1 ? "" : "s", refused)
              << std::endl;
  return refused > 0 ? some_refused : success;
}

}  // namespace

Action add_run(CLI::App& program) {
  CLI::App& app = add_command(program, "run", "Answer rows from standard input, one by one, keeping state", examples);
  const auto c = std::make_shared<RunCommand>();
  app.add_option("model", c->model, "model file")->required();
  app.add_option("--time", c->time, "time column: seconds or ISO 8601");
  app.add_option("--dt", c->dt, "instead of --time: seconds between rows, or the column that holds them");
  app.add_option("--group", c->group, "column; a new value in it starts from the first state again");
  app.add_flag("--json", c->json, "a JSON object a line");
  return [c] { return run(*c); };
}

}  // namespace elegans::cli

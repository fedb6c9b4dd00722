#include "elegans/train/observations.hpp"

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <utility>

#include "elegans/base/lru_cache.hpp"
#include "elegans/train/cells.hpp"
#include "train/step_reader.hpp"

namespace elegans::train {
namespace {

Roles roles_of(const ObservationOptions& options) {
  if (!options.time.empty() && !options.dt.empty())
    throw ConfigError(Complaint{"ObservationReader", "dt", "given beside time", "one of the two", ""});
  if (options.groups == 0) throw ConfigError(Complaint{"ObservationReader", "groups", "0", "1 or more", ""});
  return {.time = options.time,
          .features = options.features,
          .group = options.group,
          .missing = options.missing,
          .sporadic = options.sporadic,
          .first_dt = options.first_dt};
}

CsvOptions as_stream(CsvOptions options) {
  options.without_rows = WithoutRows::end;
  options.quoted_line_breaks = QuotedLineBreaks::refused;
  return options;
}

struct Group {
  StepMemory memory;
  std::vector<double> kept;
  double passed = 0;  // with a Δt column: seconds of the rows since the last one that was used
};

}  // namespace

struct ObservationReader::State {
  State(std::istream& in, std::string source, const ObservationOptions& options)
      : steps(in, std::move(source), roles_of(options), as_stream(options.csv)),
        groups(options.groups),
        first_dt(options.first_dt) {
    if (!options.dt.empty()) dt_column = steps.row().find(options.dt, "Δt column");
  }

  double read_dt() const {
    if (!dt_column) return steps.has_time() ? steps.gap().value_or(first_dt) : 1;
    const double seconds = steps.number(*dt_column);
    if (seconds >= 0) return seconds;
    throw FormatError(Complaint{steps.row().place(), steps.name_of(*dt_column), fmt::format("{:g}", seconds),
                                "seconds since the row before, at least 0", ""});
  }

  // Moves to the next row that Missing::drop does not leave out.
  bool next_row() {
    while (steps.next_of_all()) {
      if (!steps.is_dropped()) return true;
      pass_over();
    }
    return false;
  }

  void read() {
    group = steps.group();
    const Group* known = groups.find(group);
    steps.read(known ? known->memory : StepMemory{});
    dt = read_dt() + (known ? known->passed : 0);
    kept.clear();
    if (known) kept = known->kept;
  }

  // The current row is not used: its seconds are part of the next Δt of its group, as time stamps would have it. Before a
  // group has begun there is nothing that they could count from. A slip that is more than a float can hold is no time
  // that passed: it would have all rows behind it refused, too.
  void pass_over() {
    if (!dt_column) return;
    Group* known = groups.find(steps.group_cell());
    const auto seconds = parse_number(steps.row().field(*dt_column));
    if (known == nullptr || !seconds || !(*seconds >= 0)) return;
    const double passed = known->passed + *seconds;
    if (passed <= std::numeric_limits<float>::max()) known->passed = passed;
  }

  // The current row counts from now on.
  void use() {
    Group* known = groups.find(group);
    if (!known) {
      if (groups.size() == groups.capacity()) ++forgotten;
      known = &groups.insert(group, {});
    }
    steps.remember(known->memory);
    known->kept = kept;
    known->passed = 0;
  }

  StepReader steps;
  LruCache<std::string, Group> groups;
  double first_dt;
  std::optional<std::size_t> dt_column;
  bool is_pending = false;  // whether the current row is to be used before the next is read
  std::string group;
  double dt = 1;
  std::vector<double> kept;
  std::size_t forgotten = 0;
};

ObservationReader::ObservationReader(std::istream& in, std::string source, ObservationOptions options)
    : state_(new State(in, std::move(source), options)) {}

ObservationReader::~ObservationReader() = default;

bool ObservationReader::next() {
  State& s = *state_;
  if (std::exchange(s.is_pending, false)) s.use();
  if (!s.next_row()) return false;
  try {
    s.read();
  } catch (const FormatError&) {
    s.pass_over();
    throw;
  }
  s.is_pending = true;
  return true;
}

std::span<const double> ObservationReader::features() const { return state_->steps.features(); }

double ObservationReader::dt() const { return state_->dt; }

std::string_view ObservationReader::group() const { return state_->group; }

std::size_t ObservationReader::line() const { return state_->steps.row().line(); }

std::string ObservationReader::place() const { return state_->steps.row().place(); }

void ObservationReader::refuse() {
  if (std::exchange(state_->is_pending, false)) state_->pass_over();
}

std::span<const double> ObservationReader::kept() const { return state_->kept; }

void ObservationReader::keep(std::span<const double> numbers) { state_->kept.assign(numbers.begin(), numbers.end()); }

std::size_t ObservationReader::forgotten() const { return state_->forgotten; }

}  // namespace elegans::train

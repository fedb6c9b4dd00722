#include "elegans/train/time_stamps.hpp"

#include <date/date.h>
#include <fmt/format.h>

#include <cmath>

#include "elegans/base/error.hpp"
#include "elegans/train/cells.hpp"
#include "train/blanks.hpp"

namespace elegans::train {
namespace {

constexpr std::int64_t nanoseconds_a_second = 1'000'000'000;

// Takes the parts of a calendar time from the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool empty() const { return text_.empty(); }

  // One of `characters`; returns it, or '\0'.
  char take_one_of(std::string_view characters) {
    if (text_.empty() || characters.find(text_[0]) == characters.npos) return '\0';
    const char taken = text_[0];
    text_.remove_prefix(1);
    return taken;
  }

  // Exactly `count` digits, and their value at most `largest`.
  bool take_number(std::size_t count, int largest, int& value) {
    if (text_.size() < count) return false;
    value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_digit(text_[i])) return false;
      value = 10 * value + (text_[i] - '0');
    }
    text_.remove_prefix(count);
    return value <= largest;
  }

  // One or more digits of a fraction, as billionths; those beyond the ninth are cut off.
  bool take_billionths(std::int32_t& value) {
    std::size_t count = 0;
    value = 0;
    for (; count < text_.size() && is_digit(text_[count]); ++count)
      if (count < 9) value = 10 * value + (text_[count] - '0');
    for (std::size_t i = count; i < 9; ++i) value *= 10;
    text_.remove_prefix(count);
    return count > 0;
  }

 private:
  std::string_view text_;
};

bool take_time_of_day(Scanner& scanner, TimeStamp& stamp) {
  int hour = 0, minute = 0, second = 0;
  if (!scanner.take_number(2, 23, hour) || !scanner.take_one_of(":") || !scanner.take_number(2, 59, minute))
    return false;
  if (scanner.take_one_of(":")) {
    if (!scanner.take_number(2, 59, second)) return false;
    if (scanner.take_one_of(".,") && !scanner.take_billionths(stamp.nanoseconds)) return false;
  }
  stamp.seconds += 3600 * hour + 60 * minute + second;
  return true;
}

bool take_zone(Scanner& scanner, TimeStamp& stamp) {
  const char sign = scanner.take_one_of("Z+-");
  if (!sign) return true;
  stamp.kind = TimeStampKind::zoned;
  if (sign == 'Z') return true;
  int hours = 0, minutes = 0;
  if (!scanner.take_number(2, 23, hours)) return false;
  const bool has_colon = scanner.take_one_of(":") != '\0';
  if ((has_colon || !scanner.empty()) && !scanner.take_number(2, 59, minutes)) return false;
  const int offset = 3600 * hours + 60 * minutes;
  stamp.seconds += sign == '+' ? -offset : offset;
  return true;
}

std::optional<TimeStamp> parse_calendar(std::string_view text) {
  Scanner scanner(text);
  int year = 0, month = 0, day = 0;
  if (!scanner.take_number(4, 9999, year) || !scanner.take_one_of("-") || !scanner.take_number(2, 12, month) ||
      !scanner.take_one_of("-") || !scanner.take_number(2, 31, day))
    return std::nullopt;
  const date::year_month_day date{date::year(year), date::month(static_cast<unsigned>(month)),
                                  date::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;

  TimeStamp stamp{.kind = TimeStampKind::calendar};
  stamp.seconds = std::int64_t{86400} * date::sys_days(date).time_since_epoch().count();
  if (scanner.take_one_of("T ") && !(take_time_of_day(scanner, stamp) && take_zone(scanner, stamp)))
    return std::nullopt;
  if (!scanner.empty()) return std::nullopt;
  stamp.value = static_cast<double>(stamp.seconds) + stamp.nanoseconds / 1e9;
  return stamp;
}

// Whole seconds and nanoseconds of a plain decimal number ("-12.5"); false where it has too many digits for that.
bool split_exactly(std::string_view text, TimeStamp& stamp) {
  const bool negative = text[0] == '-';
  if (negative || text[0] == '+') text.remove_prefix(1);
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto fraction = point == text.npos ? std::string_view() : text.substr(point + 1);
  if (whole.size() > 15 || fraction.size() > 9) return false;
  for (const char c : whole) {
    if (!is_digit(c)) return false;
    stamp.seconds = 10 * stamp.seconds + (c - '0');
  }
  for (std::size_t i = 0; i < 9; ++i) {
    const char c = i < fraction.size() ? fraction[i] : '0';
    if (!is_digit(c)) return false;
    stamp.nanoseconds = 10 * stamp.nanoseconds + (c - '0');
  }
  if (negative) {
    const bool borrow = stamp.nanoseconds > 0;
    stamp.seconds = -stamp.seconds - (borrow ? 1 : 0);
    stamp.nanoseconds = borrow ? static_cast<std::int32_t>(nanoseconds_a_second) - stamp.nanoseconds : 0;
  }
  return true;
}

}  // namespace

std::optional<TimeStamp> parse_time_stamp(std::string_view text) {
  text = without_blanks(text);
  if (const auto number = parse_number(text)) {
    if (!std::isfinite(*number)) return std::nullopt;
    TimeStamp stamp{.value = *number};
    if (!split_exactly(text, stamp)) stamp = {.exact = false, .value = *number};
    return stamp;
  }
  return parse_calendar(text);
}

std::string time_text(TimeStampKind kind, double seconds) {
  if (kind == TimeStampKind::number) return fmt::format("{:.15g}", seconds);
  constexpr double latest = 253'402'300'799;  // 9999-12-31T23:59:59
  constexpr double earliest = -62'167'219'200;
  if (!(seconds >= earliest && seconds <= latest))
    throw ConfigError({"time_text", "seconds", fmt::format("{}", seconds), "a time of the years 0 to 9999", ""});
  constexpr std::int64_t a_second = 1'000'000, a_day = 86'400 * a_second;
  const auto microseconds = static_cast<std::int64_t>(std::llround(seconds * static_cast<double>(a_second)));
  const std::int64_t day = microseconds / a_day - (microseconds % a_day < 0 ? 1 : 0);
  const std::int64_t of_day = microseconds - day * a_day, whole = of_day / a_second, part = of_day % a_second;
  const date::year_month_day date{date::sys_days(date::days(static_cast<int>(day)))};
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), whole / 3600,
                                 whole / 60 % 60, whole % 60);
  if (part > 0) {
    text += fmt::format(".{:06}", part);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return kind == TimeStampKind::zoned ? text + "Z" : text;
}

double seconds_between(const TimeStamp& earlier, const TimeStamp& later) {
  if (!earlier.exact || !later.exact) return later.value - earlier.value;
  const std::int64_t seconds = later.seconds - earlier.seconds;
  const std::int64_t nanoseconds = later.nanoseconds - earlier.nanoseconds;
  constexpr std::int64_t fits = 9'000'000'000;  // seconds whose nanoseconds fit into 64 bits
  if (seconds > -fits && seconds < fits) return static_cast<double>(seconds * nanoseconds_a_second + nanoseconds) / 1e9;
  return static_cast<double>(seconds) + static_cast<double>(nanoseconds) / 1e9;
}

}  // namespace elegans::train

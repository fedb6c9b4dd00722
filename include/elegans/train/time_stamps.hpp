#pragma once
// Points in time, read from text so that their differences are exact.
//
// A time stamp is a number of seconds ("12.5", "1423072260.000125") or a calendar time by ISO 8601, the T replaced by a
// blank if one likes:
//
//   YYYY-MM-DD[(T| )hh:mm[:ss[(.|,)f…]]][Z|±hh|±hhmm|±hh:mm]
//
// without leap seconds. Whole nanoseconds are kept: 0.3 − 0.2 is 0.1, and stamps in seconds since 1970 lose nothing at
// 10 kHz, where a double would be off by 0.2 µs. (A number with more than nine decimals, an exponent or more than 15
// digits before the point is kept as a double.)

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace elegans::train {

enum class TimeStampKind {
  number,    // seconds from an origin of the user's
  calendar,  // a calendar time without a zone, taken as it stands
  zoned,     // a calendar time with a zone, converted to UTC
};

struct TimeStamp {
  TimeStampKind kind = TimeStampKind::number;
  bool exact = true;             // false: only `value` is meant
  std::int64_t seconds = 0;      // whole seconds from the origin, rounded down; from 1970-01-01 for calendar times
  std::int32_t nanoseconds = 0;  // 0 … 999 999 999, added to `seconds`
  double value = 0;              // seconds from the origin as a double
};

// Nothing where `text` is neither a finite number nor a calendar time that exists (blanks around it not counted).
// Digits beyond the nanosecond are cut off in calendar times.
std::optional<TimeStamp> parse_time_stamp(std::string_view text);

// The text of `seconds` from the origin of this kind, which parse_time_stamp() reads again: "12.5",
// "2015-02-04T17:51:00", "2015-02-04T17:51:00.25Z". Calendar times are rounded to microseconds, numbers to 15 digits.
// ConfigError for a calendar time outside of the years 0 to 9999.
std::string time_text(TimeStampKind kind, double seconds);

// later − earlier in seconds; correctly rounded for exact stamps less than 104 days apart. Both are of the same kind.
double seconds_between(const TimeStamp& earlier, const TimeStamp& later);

}  // namespace elegans::train

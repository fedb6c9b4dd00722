#include "elegans/train/time_stamps.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "elegans/base/error.hpp"

namespace elegans::train {
namespace {

double between(const char* earlier, const char* later) {
  return seconds_between(parse_time_stamp(earlier).value(), parse_time_stamp(later).value());
}

// Seconds since 1970 from Python: calendar.timegm((year, month, day, hour, minute, second)).
TEST(TimeStamps, ReadsCalendarTimes) {
  const std::pair<const char*, std::int64_t> stamps[] = {
      {"1970-01-01", 0},
      {"2015-02-04 17:51:00", 1423072260},
      {"2015-02-04T17:51", 1423072260},
      {"2000-02-29 23:59:59", 951868799},
      {"1969-12-31 23:59:59", -1},
      {"1900-03-01 00:00:00", -2203891200},
      {"9999-12-31 23:59:59", 253402300799},
      {" 2015-02-04 17:51:00 ", 1423072260},
  };
  for (const auto& [text, seconds] : stamps) {
    const auto stamp = parse_time_stamp(text);
    ASSERT_TRUE(stamp) << text;
    EXPECT_EQ(stamp->kind, TimeStampKind::calendar) << text;
    EXPECT_EQ(stamp->seconds, seconds) << text;
    EXPECT_EQ(stamp->nanoseconds, 0) << text;
    EXPECT_EQ(stamp->value, static_cast<double>(seconds)) << text;
  }
}

TEST(TimeStamps, ConvertsZonesToUtc) {
  for (const char* text : {"2015-02-04 17:51:00Z", "2015-02-04T19:21:00+01:30", "2015-02-04T12:51:00-0500",
                           "2015-02-05T07:51:00+14", "2015-02-04T17:51Z"}) {
    const auto stamp = parse_time_stamp(text);
    ASSERT_TRUE(stamp) << text;
    EXPECT_EQ(stamp->kind, TimeStampKind::zoned) << text;
    EXPECT_EQ(stamp->seconds, 1423072260) << text;
  }
}

TEST(TimeStamps, KeepsNanoseconds) {
  EXPECT_EQ(parse_time_stamp("2015-02-04 17:51:00.5").value().nanoseconds, 500000000);
  EXPECT_EQ(parse_time_stamp("2015-02-04 17:51:00,000000001").value().nanoseconds, 1);
  EXPECT_EQ(parse_time_stamp("2015-02-04 17:51:00.1234567899Z").value().nanoseconds, 123456789);
  EXPECT_EQ(parse_time_stamp("1969-12-31 23:59:59.75").value().value, -0.25);
}

TEST(TimeStamps, ReadsSeconds) {
  const auto stamp = parse_time_stamp("-0.25").value();
  EXPECT_EQ(stamp.kind, TimeStampKind::number);
  EXPECT_TRUE(stamp.exact);
  EXPECT_EQ(stamp.seconds, -1);
  EXPECT_EQ(stamp.nanoseconds, 750000000);
  EXPECT_EQ(stamp.value, -0.25);
  EXPECT_EQ(parse_time_stamp("+12").value().seconds, 12);
  EXPECT_EQ(parse_time_stamp("-3").value().seconds, -3);
  EXPECT_EQ(parse_time_stamp(".5").value().nanoseconds, 500000000);
  EXPECT_FALSE(parse_time_stamp("1e3").value().exact);
  EXPECT_FALSE(parse_time_stamp("0.1234567891").value().exact);
  EXPECT_FALSE(parse_time_stamp("1234567890123456").value().exact);
  EXPECT_EQ(parse_time_stamp("1e3").value().value, 1000);
}

TEST(TimeStamps, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "abc",
                           "inf",
                           "nan",
                           "1e999",
                           "2015-13-01",
                           "2015-00-10",
                           "2015-02-30",
                           "2015-02-29",
                           "2015-2-4",
                           "15-02-04",
                           "2015-02-04 24:00:00",
                           "2015-02-04 17:60",
                           "2015-02-04 17:51:60",
                           "2015-02-04 17",
                           "2015-02-04 17:51:00.",
                           "2015-02-04T17:51:00+",
                           "2015-02-04T17:51:00+1",
                           "2015-02-04T17:51:00+01:",
                           "2015-02-04T17:51:00+01:99",
                           "2015-02-04T17:51:00Zx",
                           "2015-02-04T",
                           "2015-02-04x",
                           "2015/02/04",
                           "1/1/1998",
                           "04.02.2015",
                           "2015-02-04  17:51",
                           "2015-02-04 17:51:00 Z",
                           "17:51:00",
                           "12:"})
    EXPECT_FALSE(parse_time_stamp(text)) << text;
}

TEST(TimeStamps, ArePrintedAsTheyAreRead) {
  for (const char* text :
       {"12.5", "-3", "0.3", "1423072260.05", "2015-02-04T17:51:00", "2015-02-04T17:51:00.25Z",
        "1969-12-31T23:59:59.999999", "0000-01-01T00:00:00", "9999-12-31T23:59:59", "2000-02-29T00:00:00Z"}) {
    const auto stamp = parse_time_stamp(text);
    ASSERT_TRUE(stamp) << text;
    EXPECT_EQ(time_text(stamp->kind, stamp->value), text);
  }
  EXPECT_EQ(time_text(TimeStampKind::number, 0.1 + 0.2), "0.3");
  EXPECT_THROW(time_text(TimeStampKind::calendar, 1e12), ConfigError);
}

TEST(TimeStamps, DifferencesAreExact) {
  EXPECT_EQ(between("0.2", "0.3"), 0.1);  // 0.3 - 0.2 in doubles is 0.09999999999999998
  EXPECT_EQ(between("1700000000.000100", "1700000000.000225"), 0.000125);
  EXPECT_EQ(between("2015-02-04 23:59:59.9", "2015-02-05 00:00:00"), 0.1);
  EXPECT_EQ(between("2015-02-04 17:51:00", "2015-02-04 17:50:00"), -60);
  EXPECT_EQ(between("2015-02-04T18:51:00+01:00", "2015-02-04T17:51:00Z"), 0);
  EXPECT_EQ(between("5", "5"), 0);
  EXPECT_EQ(between("-1.5", "1.25"), 2.75);
  EXPECT_EQ(between("1e3", "1001.5"), 1.5);
  EXPECT_EQ(between("0000-01-01", "9999-12-31 23:59:59.5"), 315569519999.5);  // beyond 64 bits of nanoseconds
  EXPECT_EQ(between("-999999999999999", "999999999999999"), 1999999999999998.0);
  EXPECT_EQ(between("-1e308", "1e308"), std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace elegans::train

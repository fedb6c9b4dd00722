#include "elegans/train/csv.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "elegans/base/error.hpp"
#include "train_data/message_of.hpp"

namespace elegans::train {
namespace {

using Rows = std::vector<std::vector<std::string>>;
using testing::ElementsAre;

struct Table {
  std::vector<std::string> columns;
  Rows rows;
  std::vector<std::size_t> lines;
};

Table read(const std::string& text, const CsvOptions& options = {}) {
  std::istringstream in(text);
  CsvReader csv(in, "data.csv", options);
  Table table{csv.columns(), {}, {}};
  while (csv.next()) {
    table.lines.push_back(csv.line());
    auto& row = table.rows.emplace_back();
    for (std::size_t c = 0; c < csv.columns().size(); ++c) row.emplace_back(csv.field(c));
  }
  return table;
}

std::string format_error(const std::string& text, const CsvOptions& options = {}) {
  return message_of<FormatError>([&] { read(text, options); });
}

TEST(Csv, ReadsRowsByColumn) {
  const Table table = read("t,x\n0,1.5\n1,2.5\n");
  EXPECT_THAT(table.columns, ElementsAre("t", "x"));
  EXPECT_EQ(table.rows, (Rows{{"0", "1.5"}, {"1", "2.5"}}));
  EXPECT_THAT(table.lines, ElementsAre(2, 3));
}

TEST(Csv, WritesFieldsThatItReadsAsTheyWere) {
  EXPECT_EQ(csv_field("val_loss"), "val_loss");
  EXPECT_EQ(csv_field("a b;c"), "a b;c");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"so\""), "\"say \"\"so\"\"\"");
  const std::vector<std::string> fields{"plain", "a, b", "\"", " blanks\t", "two\nlines", "a\"b,c\""};
  std::string line;
  for (const std::string& field : fields) line += (line.empty() ? "" : ",") + csv_field(field);
  const Table table = read("1,2,3,4,5,6\n" + line + "\n");
  EXPECT_THAT(table.rows, ElementsAre(fields));
}

TEST(Csv, LastLineNeedsNoLineFeed) { EXPECT_EQ(read("a,b\n1,2").rows, (Rows{{"1", "2"}})); }

TEST(Csv, SkipsByteOrderMarkAndTakesCrLf) {
  const Table table = read(
      "\xef\xbb\xbf"
      "t,x\r\n0,1\r\n");
  EXPECT_THAT(table.columns, ElementsAre("t", "x"));
  EXPECT_EQ(table.rows, (Rows{{"0", "1"}}));
}

TEST(Csv, QuotedFieldsHoldDelimitersQuotesAndLineBreaks) {
  const Table table = read("\"a,1\",\"b\"\"q\"\n\"x\r\ny\",\" kept \"\n3,\"\"\n");
  EXPECT_THAT(table.columns, ElementsAre("a,1", "b\"q"));
  EXPECT_EQ(table.rows, (Rows{{"x\ny", " kept "}, {"3", ""}}));
  EXPECT_THAT(table.lines, ElementsAre(2, 4));  // the first row takes lines 2 and 3
}

TEST(Csv, BlanksAroundFieldsDoNotCount) {
  EXPECT_EQ(read("a , b\n 1 ,\t2 \n\"3\" , \"4\"\n").rows, (Rows{{"1", "2"}, {"3", "4"}}));
}

TEST(Csv, SkipsBlankLinesButCountsThem) {
  const Table table = read("\n  \na,b\n\n1,2\n\n\n3,4\n\n");
  EXPECT_EQ(table.rows, (Rows{{"1", "2"}, {"3", "4"}}));
  EXPECT_THAT(table.lines, ElementsAre(5, 8));
}

TEST(Csv, EmptyFieldsCount) { EXPECT_EQ(read("a,b,c\n,,\n,2,\n").rows, (Rows{{"", "", ""}, {"", "2", ""}})); }

TEST(Csv, FindsTheDelimiter) {
  EXPECT_EQ(read("a;b\n1,5;2\n").rows, (Rows{{"1,5", "2"}}));
  EXPECT_EQ(read("a\tb\tc\n1\t\t3\n\t\t\n").rows, (Rows{{"1", "", "3"}, {"", "", ""}}));
  EXPECT_THAT(read("a;x,b\n1,2\n").columns, ElementsAre("a;x", "b"));      // ambiguous: the comma
  EXPECT_THAT(read("a;b\tc\n1\n").columns, ElementsAre("a;b\tc"));         // ambiguous: the comma
  EXPECT_THAT(read("\"a,x\";b\n1;2\n").columns, ElementsAre("a,x", "b"));  // within quotes nothing counts
  EXPECT_THAT(read("a\n1\n").columns, ElementsAre("a"));
  EXPECT_THAT(read("a|b\n1|2\n", {.delimiter = '|'}).columns, ElementsAre("a", "b"));
  EXPECT_THAT(read("a,b;c\n1;2\n", {.delimiter = ';'}).columns, ElementsAre("a,b", "c"));
}

TEST(Csv, SkipsRowNames) {
  const Rows rows{{"x", "1"}, {"y", "2"}};
  EXPECT_EQ(read("\"date\",\"v\"\n\"1\",x,1\n\"2\",y,2\n").rows, rows);  // one name fewer, as R writes it
  EXPECT_EQ(read(",date,v\n1,x,1\n2,y,2\n").rows, rows);                 // no name, as pandas writes it
  EXPECT_THAT(read(",date,v\n1,x,1\n").columns, ElementsAre("date", "v"));
}

TEST(Csv, TakesNamesForAFileWithoutHeader) {
  const Table table = read("1,2\n3,4\n", {.names = {"a", "b"}});
  EXPECT_THAT(table.columns, ElementsAre("a", "b"));
  EXPECT_EQ(table.rows, (Rows{{"1", "2"}, {"3", "4"}}));
  EXPECT_EQ(read("1;2\n", {.names = {"a", "b"}}).rows, (Rows{{"1", "2"}}));
}

TEST(Csv, ReadsNoFurtherThanTheRow) {
  std::istringstream in("a\n1\n2\n");
  CsvReader csv(in, "pipe");
  EXPECT_EQ(in.tellg(), 2);
  ASSERT_TRUE(csv.next());
  EXPECT_EQ(in.tellg(), 4);
}

TEST(CsvErrors, EmptyFile) {
  const char* message =
      "data.csv: the file is empty; expected a header line with the names of the columns, and rows. Check "
      "that the right file was written and to its end.";
  for (const char* text : {"", "\n\n", "\xef\xbb\xbf"}) EXPECT_EQ(format_error(text), message);
  EXPECT_EQ(
      format_error("", {.names = {"a"}}),
      "data.csv: the file is empty; expected at least one row. Check that the right file was written and to its end.");
}

TEST(CsvErrors, HeaderOnly) {
  EXPECT_EQ(format_error("a,b\n"),
            "data.csv: the file has a header and no rows; expected at least one row. Check that the "
            "right file was written and to its end.");
}

TEST(CsvErrors, RaggedRow) {
  EXPECT_EQ(format_error("a,b\n1,2\n\n1,2,3\n"),
            "data.csv, line 4: the row is 3 fields long; expected 2, as there are in the header. Fields are separated "
            "by ','; "
            "put a field that holds one in quotes, and leave none out.");
  EXPECT_EQ(
      format_error("a\tb\n1\n"),
      "data.csv, line 2: the row is 1 field long; expected 2, as there are in the header. Fields are separated by a "
      "tab; put a field that holds one in quotes, and leave none out.");
  EXPECT_EQ(
      format_error("1,2\n", {.names = {"a"}}),
      "data.csv, line 1: the row is 2 fields long; expected 1, as there are names of columns. Fields are separated by "
      "','; put a field that holds one in quotes, and leave none out.");
  // One field too many is a row name only in quotes and from the first row on.
  EXPECT_THAT(format_error("a,b\n7,1,2\n"),
              testing::StartsWith("data.csv, line 2: the row is 3 fields long; expected 2"));
  EXPECT_THAT(format_error("a,b\n\"1\",1,2\n1,2\n"),
              testing::StartsWith("data.csv, line 3: the row is 2 fields long; expected 3"));
}

TEST(CsvErrors, ColumnNames) {
  EXPECT_EQ(format_error("a,b,a\n1,2,3\n"),
            "data.csv, line 1: the name 'a' stands over columns 1 and 3; expected distinct names. Rename one of them.");
  EXPECT_EQ(format_error("\n\na,,b\n1,2,3\n"),
            "data.csv, line 3: column 2 has no name; expected a name for every column but "
            "a first one of row names. Give it one.");
  EXPECT_EQ(
      message_of<ConfigError>([] {
        read("1,2\n", {.names = {"a", "a"}});
      }),
      "CsvOptions::names: the name 'a' stands over columns 1 and 2; expected distinct names. Rename one of them.");
}

TEST(CsvErrors, Quotes) {
  EXPECT_EQ(format_error("a,b\n1,\"2\n3,4\n"),
            "data.csv, line 2: the quote that opens field 2 is never closed; expected a '\"' before the end of the "
            "file. Close "
            "it, or write a quote inside a quoted field twice (\"\").");
  EXPECT_EQ(format_error("a,b\n\"1\"x,2\n"),
            "data.csv, line 2: the text after the closing quote of field 1 is 'x,2'; expected "
            "the delimiter ','. Write a quote inside a quoted field twice (\"\").");
  EXPECT_EQ(
      format_error("a,b\n5\" pipe,2\n"),
      "data.csv, line 2: field 1 is '5\" pipe'; expected no quote inside a field that does not begin with one. Put the "
      "whole field in quotes and write the quote in it twice (\"\").");
}

TEST(CsvErrors, BytesThatAreNoText) {
  EXPECT_EQ(format_error(std::string("\xff\xfe"
                                     "a\0",
                                     4)),
            "data.csv: the file is UTF-16; expected UTF-8. Save it as \"CSV UTF-8\".");
  EXPECT_EQ(
      format_error(std::string("a,b\n1,\0002\n", 9)),
      "data.csv, line 2: character 3 is a NUL byte; expected text in lines that end with LF or CRLF. Save the file as "
      "plain text (CSV UTF-8).");
  EXPECT_EQ(format_error("a,b\r1,2\r"),
            "data.csv, line 1: character 4 is a carriage return without a line feed; expected text "
            "in lines that end with LF or CRLF. Save the file as plain text (CSV UTF-8).");
}

TEST(CsvErrors, Delimiter) {
  EXPECT_EQ(message_of<ConfigError>([] { read("a\n1\n", {.delimiter = '.'}); }),
            "CsvOptions: delimiter is '.'; expected a character that cannot be part of a number or a name. Usual are "
            "',', ';' "
            "and a tab.");
  for (const char delimiter : {'"', '\n', 'e', 'X', ' ', '-', '7', '\x80'})
    EXPECT_THROW(read("a\n1\n", {.delimiter = delimiter}), ConfigError) << int{delimiter};
}

TEST(CsvErrors, MissingColumnWithTheNearestNames) {
  std::istringstream in("time,temperature,light\n0,1,2\n");
  const CsvReader csv(in, "data.csv");
  EXPECT_EQ(csv.find("light", "feature column"), 2U);
  EXPECT_EQ(
      message_of<ConfigError>([&] { csv.find("ligt", "feature column"); }),
      "data.csv: the feature column 'ligt' is not in the file; expected one of its 3 columns. Did you mean 'light'?");
}

}  // namespace
}  // namespace elegans::train

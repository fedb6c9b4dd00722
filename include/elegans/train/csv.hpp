#pragma once
// Rows of a CSV file, one at a time, found by column name.
//
// The format is RFC 4180 with a header line: fields are separated by a delimiter; a field in double quotes may hold
// delimiters, line breaks and quotes (written twice). Beyond the RFC:
//   - lines may end with LF or CRLF, a UTF-8 byte order mark is skipped, and blank lines are skipped;
//   - blanks around a field that is not quoted do not count;
//   - the delimiter is ',', unless the first line holds ';' or tabs outside quotes and no ',': then it is that one;
//   - line breaks inside quotes become LF;
//   - a first column without a name holds row names and is skipped: its name is empty, as pandas writes it, or it has
//     none, so that the header has one name fewer than the rows have fields, and is in quotes, as R writes it;
//   - there are no comments.
//
// Errors name the file and the line at which the row starts, counted from 1 as editors do:
//   FormatError  an empty file, a header without rows (from next(), at the end of the file; see WithoutRows), two
//                columns of one name, a column without a name, a row with more or fewer fields than the header, a quote
//                that is never closed or stands inside an unquoted field, bytes that are not text (a NUL, UTF-16, a
//                lone carriage return)
//   ConfigError  a delimiter that cannot be one, a column that does not exist (with the nearest names)

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace elegans::train {

// `text` as a field of a line with ',' between fields: in double quotes, those in it written twice, where it holds a comma,
// a quote or a line break, or has blanks at an end, which would not count.
std::string csv_field(std::string_view text);

// What a header without rows is: wrong in a file, the end of a stream.
enum class WithoutRows { error, end };

// Whether a field in quotes may hold line breaks. In a stream it may not: one stray quote would swallow the rows behind
// it and leave them without an answer.
enum class QuotedLineBreaks { allowed, refused };

struct CsvOptions {
  char delimiter = '\0';  // '\0': found from the first line
  std::vector<std::string> names =
      {};  // of the columns of a file that has no header line; empty: the first line has them
  WithoutRows without_rows = WithoutRows::error;
  QuotedLineBreaks quoted_line_breaks = QuotedLineBreaks::allowed;
};

class CsvReader {
 public:
  // Reads the header. `source` is the file's name in messages. The stream must outlive the reader.
  CsvReader(std::istream& in, std::string source, CsvOptions options = {});

  // Moves to the next row; false at the end of the file. Reads no further than this row, so that a pipe can be answered
  // row by row.
  bool next();

  const std::vector<std::string>& columns() const { return columns_; }
  // The text of a field of the current row, without quotes; valid until next().
  std::string_view field(std::size_t column) const;
  // The line at which the current row starts.
  std::size_t line() const { return row_line_; }
  // "data.csv, line 17": the place of the current row, for messages.
  std::string place() const;

  const std::string& source() const { return source_; }

  // The index of a column. `role` says in the message what it was wanted for ("time column"). Throws ConfigError.
  std::size_t find(std::string_view name, std::string_view role) const;

 private:
  struct Field {
    std::size_t first, size;  // in text_
    bool quoted;
  };

  bool read_line();
  bool read_record();
  bool is_blank() const;
  void find_delimiter();
  void split_line();
  std::size_t read_quoted(std::size_t at);
  std::size_t read_plain(std::size_t at);
  std::size_t skip_blanks(std::size_t at) const;
  void take_header();
  void check_names() const;
  void check_width();
  std::string_view text_of(const Field& field) const { return std::string_view(text_).substr(field.first, field.size); }

  std::istream* in_;
  std::string source_;
  CsvOptions options_;
  std::vector<std::string> columns_;
  std::string line_;           // the physical line
  std::string text_;           // of all fields of the row, one after the other
  std::vector<Field> fields_;  // of the row, row names included
  std::size_t lines_read_ = 0;
  std::size_t row_line_ = 0;
  std::size_t rows_ = 0;
  std::size_t skipped_ = 0;  // 1 where the first column holds row names
};

}  // namespace elegans::train

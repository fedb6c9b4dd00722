#include "elegans/train/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <unordered_map>

#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "train/blanks.hpp"

namespace elegans::train {
namespace {

std::string name_of(char delimiter) { return delimiter == '\t' ? "a tab" : fmt::format("'{}'", delimiter); }

void check_delimiter(char delimiter) {
  const bool printable_mark = delimiter > ' ' && delimiter < '\x7f' && delimiter != '"';
  const bool part_of_a_number = std::string_view("+-.0123456789").find(delimiter) != std::string_view::npos ||
                                ((delimiter | 0x20) >= 'a' && (delimiter | 0x20) <= 'z');
  if (delimiter == '\0' || delimiter == '\t' || (printable_mark && !part_of_a_number)) return;
  throw ConfigError(Complaint{"CsvOptions", "delimiter", quote(std::string_view(&delimiter, 1)),
                              "a character that cannot be part of a number or a name",
                              "Usual are ',', ';' and a tab."});
}

}  // namespace

std::string csv_field(std::string_view text) {
  const bool has_blanks = without_blanks(text).size() != text.size();
  if (!has_blanks && text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

CsvReader::CsvReader(std::istream& in, std::string source, CsvOptions options)
    : in_(&in), source_(std::move(source)), options_(std::move(options)) {
  check_delimiter(options_.delimiter);
  if (!options_.names.empty()) {
    columns_ = options_.names;
    check_names();
  } else {
    take_header();
  }
}

bool CsvReader::next() {
  if (!read_record()) {
    if (rows_ > 0 || options_.without_rows == WithoutRows::end) return false;
    const bool empty = lines_read_ == 0 && !options_.names.empty();
    throw FormatError(Complaint{source_, empty ? "the file is empty" : "the file has a header and no rows", "",
                                "at least one row", "Check that the right file was written and to its end."});
  }
  check_width();
  ++rows_;
  return true;
}

std::string_view CsvReader::field(std::size_t column) const {
  ensure(column < columns_.size() && rows_ > 0, "CsvReader::field outside the row");
  return text_of(fields_[column + skipped_]);
}

std::string CsvReader::place() const { return fmt::format("{}, line {}", source_, row_line_); }

std::size_t CsvReader::find(std::string_view name, std::string_view role) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found != columns_.end()) return static_cast<std::size_t>(found - columns_.begin());
  throw ConfigError(Complaint{source_, fmt::format("the {} {}", role, quote(name)), "not in the file",
                              fmt::format("one of its {} columns", columns_.size()), suggest(name, columns_)});
}

bool CsvReader::read_line() {
  if (!std::getline(*in_, line_)) {
    if (in_->bad())
      throw FileError(Complaint{source_, fmt::format("reading failed after line {}", lines_read_), "", "", ""});
    return false;
  }
  ++lines_read_;
  if (lines_read_ == 1) {
    if (line_.starts_with("\xff\xfe") || line_.starts_with("\xfe\xff"))
      throw FormatError(Complaint{source_, "the file is UTF-16", "", "UTF-8", "Save it as \"CSV UTF-8\"."});
    if (line_.starts_with("\xef\xbb\xbf")) line_.erase(0, 3);
  }
  if (line_.ends_with('\r')) line_.pop_back();
  const auto foreign = line_.find_first_of(std::string_view("\0\r", 2));
  if (foreign != line_.npos)
    throw FormatError(Complaint{fmt::format("{}, line {}", source_, lines_read_),
                                fmt::format("character {}", foreign + 1),
                                line_[foreign] == '\r' ? "a carriage return without a line feed" : "a NUL byte",
                                "text in lines that end with LF or CRLF", "Save the file as plain text (CSV UTF-8)."});
  return true;
}

bool CsvReader::is_blank() const {
  return line_.find_first_not_of(options_.delimiter == '\t' ? " " : " \t") == line_.npos;
}

bool CsvReader::read_record() {
  do {
    if (!read_line()) return false;
  } while (is_blank());
  row_line_ = lines_read_;
  if (options_.delimiter == '\0') find_delimiter();
  split_line();
  return true;
}

void CsvReader::find_delimiter() {
  bool commas = false, semicolons = false, tabs = false, quoted = false;
  for (const char c : line_) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    commas |= c == ',';
    semicolons |= c == ';';
    tabs |= c == '\t';
  }
  options_.delimiter = commas || semicolons == tabs ? ',' : semicolons ? ';' : '\t';
}

std::size_t CsvReader::skip_blanks(std::size_t at) const {
  while (at < line_.size() && line_[at] != options_.delimiter && (line_[at] == ' ' || line_[at] == '\t')) ++at;
  return at;
}

void CsvReader::split_line() {
  text_.clear();
  fields_.clear();
  std::size_t at = 0;
  while (true) {
    at = skip_blanks(at);
    at = at < line_.size() && line_[at] == '"' ? read_quoted(at + 1) : read_plain(at);
    if (at == line_.size()) return;
    ++at;
  }
}

// From behind the opening quote to the delimiter, or the end of the line, behind the closing one.
std::size_t CsvReader::read_quoted(std::size_t at) {
  const std::size_t first = text_.size();
  while (true) {
    const auto quote_at = line_.find('"', at);
    text_.append(line_, at, quote_at - at);
    if (quote_at == line_.npos) {
      if (options_.quoted_line_breaks == QuotedLineBreaks::refused)
        throw FormatError(Complaint{
            place(), fmt::format("the quote that opens field {} is never closed", fields_.size() + 1), "",
            "a '\"' before the end of the line", "Close it, or write a quote inside a quoted field twice (\"\")."});
      text_ += '\n';
      if (!read_line())
        throw FormatError(Complaint{
            place(), fmt::format("the quote that opens field {} is never closed", fields_.size() + 1), "",
            "a '\"' before the end of the file", "Close it, or write a quote inside a quoted field twice (\"\")."});
      at = 0;
    } else if (quote_at + 1 < line_.size() && line_[quote_at + 1] == '"') {
      text_ += '"';
      at = quote_at + 2;
    } else {
      at = skip_blanks(quote_at + 1);
      break;
    }
  }
  if (at < line_.size() && line_[at] != options_.delimiter)
    throw FormatError(Complaint{
        place(), fmt::format("the text after the closing quote of field {}", fields_.size() + 1),
        quote(std::string_view(line_).substr(at), 20), fmt::format("the delimiter {}", name_of(options_.delimiter)),
        "Write a quote inside a quoted field twice (\"\")."});
  fields_.push_back({first, text_.size() - first, true});
  return at;
}

std::size_t CsvReader::read_plain(std::size_t at) {
  const std::size_t end = std::min(line_.find(options_.delimiter, at), line_.size());
  std::string_view plain = std::string_view(line_).substr(at, end - at);
  plain = plain.substr(0, plain.find_last_not_of(" \t") + 1);
  if (plain.find('"') != plain.npos)
    throw FormatError(Complaint{place(), fmt::format("field {}", fields_.size() + 1), quote(plain),
                                "no quote inside a field that does not begin with one",
                                "Put the whole field in quotes and write the quote in it twice (\"\")."});
  fields_.push_back({text_.size(), plain.size(), false});
  text_ += plain;
  return end;
}

void CsvReader::take_header() {
  if (!read_record())
    throw FormatError(Complaint{source_, "the file is empty", "",
                                "a header line with the names of the columns, and rows",
                                "Check that the right file was written and to its end."});
  for (const Field& field : fields_) columns_.emplace_back(text_of(field));
  if (columns_.size() > 1 && columns_[0].empty()) {
    columns_.erase(columns_.begin());
    skipped_ = 1;
  }
  check_names();
}

void CsvReader::check_names() const {
  const std::string where = options_.names.empty() ? place() : "CsvOptions::names";
  const auto refuse = [&](const Complaint& complaint) {
    if (options_.names.empty()) throw FormatError(complaint);
    throw ConfigError(complaint);
  };
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const std::size_t number = c + skipped_ + 1;
    if (columns_[c].empty())
      refuse({where, fmt::format("column {} has no name", number), "",
              "a name for every column but a first one of row names", "Give it one."});
    const auto [other, is_new] = seen.emplace(columns_[c], number);
    if (!is_new)
      refuse({where,
              fmt::format("the name {} stands over columns {} and {}", quote(columns_[c]), other->second, number), "",
              "distinct names", "Rename one of them."});
  }
}

void CsvReader::check_width() {
  if (rows_ == 0 && skipped_ == 0 && options_.names.empty() && fields_.size() == columns_.size() + 1 &&
      fields_[0].quoted)
    skipped_ = 1;
  const std::size_t expected = columns_.size() + skipped_;
  if (fields_.size() == expected) return;
  throw FormatError(Complaint{
      place(), "the row", fmt::format("{} field{} long", fields_.size(), fields_.size() == 1 ? "" : "s"),
      fmt::format("{}, as there are {}", expected, options_.names.empty() ? "in the header" : "names of columns"),
      fmt::format("Fields are separated by {}; put a field that holds one in quotes, and leave none out.",
                  name_of(options_.delimiter))});
}

}  // namespace elegans::train

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "elegans/base/json.hpp"
#include "elegans/base/text.hpp"

namespace elegans {
namespace {

using nlohmann::json;

// Hands bytes to the lexer and counts them, so that every event knows where it happened.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* position, std::size_t* count) : position_(position), count_(count) {}
  reference operator*() const { return *position_; }
  CountingIterator& operator++() {
    ++position_;
    ++*count_;
    return *this;
  }
  bool operator==(const CountingIterator& other) const { return position_ == other.position_; }
  bool operator!=(const CountingIterator& other) const { return position_ != other.position_; }

 private:
  const char* position_;
  std::size_t* count_;
};

// Builds the value from the parser's events and refuses what json::parse would let pass.
class StrictBuilder final : public nlohmann::json_sax<json> {
 public:
  StrictBuilder(std::string_view text, std::string_view source_name, const JsonOptions& options)
      : text_(text), source_name_(source_name), max_depth_(options.max_depth) {}

  std::size_t* count() { return &count_; }
  json take() { return std::move(root_); }

  [[noreturn]] void fail(std::size_t position, const std::string& what, const std::string& required,
                         const std::string& remedy) const {
    const std::string_view before = text_.substr(0, std::min(position, text_.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    const auto column = std::count_if(before.begin() + static_cast<std::ptrdiff_t>(line_start), before.end(),
                                      [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
    throw FormatError(
        Complaint{fmt::format("{}, line {}, column {}", source_name_, line, column), what, "", required, remedy});
  }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }  // text holds none

  bool number_float(number_float_t value, const string_t& written) override {
    if (written.find_first_of(".eE") == std::string::npos) {
      fail(count_, fmt::format("integer {} does not fit into 64 bits", printable(written, 40)),
           "an integer from -9223372036854775808 to 18446744073709551615", "");
    }
    return put(value);
  }

  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& key) override {
    const auto [entry, is_new] = open_.back()->emplace(key, nullptr);
    if (!is_new)
      fail(count_, fmt::format("key {} is given twice", quote(key)), "each key once", "Remove one of the two.");
    slot_ = &*entry;
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const json::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing object key -
    // invalid literal; last read: '{x'; expected string literal"
    std::string_view message = error.what();
    constexpr std::string_view overflow = "number overflow parsing ";
    if (const auto at = message.find(overflow); at != std::string_view::npos) {
      fail(count_, fmt::format("number {} is too large", printable(message.substr(at + overflow.size()), 40)),
           "a finite number of at most about 1.8e308", "");
    }
    if (const auto place = message.find(": "); place != std::string_view::npos) message.remove_prefix(place + 2);
    if (const auto dash = message.find(" - "); dash != std::string_view::npos) message.remove_prefix(dash + 3);
    constexpr std::string_view expected = "; expected ";
    const auto required = message.rfind(expected);
    fail(count_, fmt::format("this is not JSON: {}", printable(message.substr(0, required), 120)),
         required == std::string_view::npos ? "" : printable(message.substr(required + expected.size())), "");
  }

 private:
  // Puts `value` where the next one belongs. A container's address holds while it is open: its parent does not grow.
  json& place(json value) {
    if (open_.empty()) return root_ = std::move(value);
    if (!open_.back()->is_array()) return *slot_ = std::move(value);
    open_.back()->push_back(std::move(value));
    return open_.back()->back();
  }
  bool put(json value) {
    place(std::move(value));
    return true;
  }
  bool open(json container) {
    if (open_.size() >= static_cast<std::size_t>(max_depth_)) {
      fail(count_, "objects and lists are nested too deeply", fmt::format("at most {} inside one another", max_depth_),
           "");
    }
    open_.push_back(&place(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  std::string_view source_name_;
  int max_depth_;
  std::size_t count_ = 0;
  json root_;
  std::vector<json*> open_;
  json* slot_ = nullptr;  // the value of the key that was read last
};

void check_writable(const json& value) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    throw ConfigError(Complaint{"JSON", "a number", fmt::format("{}", value.get<double>()), "a finite number",
                                "JSON has no way to write it."});
  }
  const auto check_text = [](const std::string& text) {
    if (!is_utf8(text))
      throw ConfigError(Complaint{"JSON", "text", quote(text), "UTF-8", "Convert it before it is written."});
  };
  if (value.is_string()) check_text(value.get_ref<const std::string&>());
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      check_text(key);
      check_writable(member);
    }
  } else if (value.is_array()) {
    for (const json& element : value) check_writable(element);
  }
}

}  // namespace

json parse_json(std::string_view text, std::string_view source_name, const JsonOptions& options) {
  StrictBuilder builder(text, source_name, options);
  // The lexer takes a zero byte for the end of the text and would ignore what follows.
  if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
    builder.fail(zero + 1, "there is a zero byte", "text", "Is it a text file, and all of it?");
  }
  json::sax_parse(CountingIterator(text.data(), builder.count()),
                  CountingIterator(text.data() + text.size(), builder.count()), &builder);
  return builder.take();
}

std::string to_json_text(const json& value, int indent) {
  check_writable(value);
  return value.dump(indent);
}

}  // namespace elegans

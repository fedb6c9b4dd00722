#pragma once
// The tags at the head of a .ts file.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace elegans::train {

// What stands behind the last ':' of a case.
enum class TsTarget { none, label, number };

class TsHeader {
 public:
  explicit TsHeader(std::string source) : source_(std::move(source)) {}

  // One line before @data, which begins with a '@'; false for @data itself.
  bool take(std::string_view line, const std::string& place);
  // All tags are there: FormatError where they do not make sense.
  void check();

  bool has_time() const { return has_time_; }
  bool is_equal_length() const { return is_equal_length_; }
  std::size_t channels() const { return channels_; }            // 0: as the first case has
  std::size_t series_length() const { return series_length_; }  // 0: any
  TsTarget target() const { return target_; }
  const std::vector<std::string>& classes() const { return classes_; }
  // The label of a class, by its name or, where only one fits, whatever the case of its letters; −1 for none.
  std::int32_t label_of(std::string_view name) const;

 private:
  bool has(const std::string& tag) const { return tags_.contains(tag); }
  bool flag(const std::string& tag) const;
  std::size_t number(const std::string& tag) const;
  void read_target();
  void read_classes(const std::vector<std::string_view>& names);

  std::string source_;
  std::map<std::string, std::string> tags_;
  bool has_time_ = false, is_equal_length_ = false;
  std::size_t channels_ = 0, series_length_ = 0;
  TsTarget target_ = TsTarget::none;
  std::vector<std::string> classes_;
  std::unordered_map<std::string, std::int32_t> labels_;
};

}  // namespace elegans::train

#pragma once
// Samples of channels in several recordings, from whatever reader, and the data set that they make.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "elegans/train/dataset.hpp"
#include "elegans/train/roles.hpp"
#include "train/merge_samples.hpp"

namespace elegans::train {

class SampleTable {
 public:
  // Channels are chosen by Roles::features, targets and ignore, steps made by tolerance, missing and first_dt.
  SampleTable(Roles roles, std::size_t max_cells);

  // A file that samples come from.
  std::size_t add_file(std::string source);
  // The number of a channel, which may be new; nothing for one that has no role.
  std::optional<std::size_t> channel(std::string_view name);
  bool is_target(std::size_t channel) const { return channels_[channel].is_target; }
  // `text` is the cell; a target may be the name of a class. Cells without a value are no samples.
  void add(std::string_view recording, const TimeStamp& time, std::string_view stamp_text, std::size_t channel,
           std::string_view text, std::size_t file, std::size_t line);
  void add(std::string_view recording, const TimeStamp& time, std::size_t channel, double value, std::size_t file,
           std::size_t line);

  // `operation` names the caller. The table is used up.
  Dataset finish(const char* operation);

 private:
  struct NamedChannel {
    std::string name;
    bool is_target = false;
    std::size_t samples = 0;
  };
  struct Growing {
    std::string name;
    std::vector<Sample> samples;
    std::size_t file = 0;
  };

  std::string place(std::size_t file, std::size_t line) const;
  double read(std::string_view text, std::size_t channel, const std::string& place);
  void read_target_kind(std::string_view text);
  void check_kind(const TimeStamp& time, std::string_view text, std::size_t file, std::size_t line);
  std::vector<std::size_t> order_of(const std::vector<std::string>& names, const char* role) const;
  void fill(Recording& recording, const Growing& growing, const std::vector<std::size_t>& features,
            const std::vector<std::size_t>& targets);
  void fill_targets(Recording& recording, const MergedRows& rows, const Growing& growing,
                    const std::vector<std::size_t>& targets) const;
  void put_target(Recording& recording, const std::vector<double>& values) const;
  std::vector<double> only_target(const Growing& growing, const std::vector<std::size_t>& targets) const;
  void set_classes(Schema& schema, std::vector<Recording>& recordings) const;

  Roles roles_;
  std::size_t max_cells_;
  TargetKind target_kind_;
  std::vector<std::string> files_;
  std::vector<NamedChannel> channels_;
  std::unordered_map<std::string, std::size_t> by_name_;
  std::vector<Growing> recordings_;
  std::unordered_map<std::string, std::size_t> by_recording_;
  std::vector<std::string> classes_;  // in the order of their appearance
  std::unordered_map<std::string, std::size_t> by_class_;
  std::optional<TimeStampKind> kind_;
  std::string first_stamp_place_;
  std::vector<std::vector<double>> gaps_;
};

}  // namespace elegans::train

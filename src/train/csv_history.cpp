#include "elegans/train/csv_history.hpp"

#include <fmt/format.h>
#include <fstream>
#include <utility>

#include "elegans/base/atomic_file.hpp"
#include "elegans/base/error.hpp"
#include "elegans/train/csv.hpp"

namespace elegans::train {
namespace {

class CsvHistory final : public Callback {
 public:
  explicit CsvHistory(std::filesystem::path file) : file_(std::move(file)) {}

  void on_start(Trainer&, const FitPlan& plan) override {
    require_writable(file_);
    figures_.clear();
    header_ = "epoch,step";
    for (const NamedFigure& figure : plan.figures) {
      figures_.push_back(figure.name);
      header_ += "," + csv_field(figure.name);  // the name of a class may hold anything ("val_f1:a, b")
    }
    header_ += ",learning_rate,seconds\n";
    for (const EpochRecord& epoch : plan.done) header_ += row_of(epoch);
  }

  Next on_epoch(Trainer&, const EpochRecord& record) override {
    const std::string row = row_of(record);
    if (header_.empty()) {
      append(row);
    } else {
      write_file_atomically(file_, std::exchange(header_, {}) + row);
    }
    return Next::go_on;
  }

 private:
  std::string row_of(const EpochRecord& record) const {
    std::string row = fmt::format("{},{}", record.epoch, record.step);
    for (const std::string& name : figures_) row += fmt::format(",{}", figure(record, name));
    return row + fmt::format(",{},{:.3f}\n", record.learning_rate, record.seconds);
  }

  // A row is shorter than the stream's buffer, so that it reaches the file by one call of the system.
  void append(const std::string& row) const {
    std::error_code error;
    const auto size = std::filesystem::file_size(file_, error);
    if (!error) {
      std::ofstream out(file_, std::ios::app);
      if (out << row << std::flush) return;
      out.close();
      std::filesystem::resize_file(file_, size, error);
    }
    throw FileError({file_.string(), "the history", "not writable any more", "room for a row an epoch",
                     "It holds the epochs before. Check the free space, and whether the file was removed."});
  }

  std::filesystem::path file_;
  std::string header_;  // and the rows of epochs before this fit was resumed, as long as they are not written
  std::vector<std::string> figures_;
};

}  // namespace

CallbackPtr csv_history(std::filesystem::path file) { return std::make_shared<CsvHistory>(std::move(file)); }

}  // namespace elegans::train

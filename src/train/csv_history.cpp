#include "elegans/train/csv_history.hpp"

#include <fmt/format.h>
#include <fstream>

#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"

namespace elegans::train {
namespace {

class CsvHistory final : public Callback {
 public:
  explicit CsvHistory(std::filesystem::path file) : file_(std::move(file)) {}

  void on_start(Trainer&, const FitPlan& plan) override {
    figures_.clear();
    out_ = std::ofstream(file_, std::ios::trunc);
    std::string header = "epoch,step";
    for (const NamedFigure& figure : plan.figures) {
      figures_.push_back(figure.name);
      header += "," + figure.name;
    }
    write(header + ",learning_rate,seconds");
  }

  Next on_epoch(Trainer&, const EpochRecord& record) override {
    std::string row = fmt::format("{},{}", record.epoch, record.step);
    for (const std::string& name : figures_) row += fmt::format(",{}", figure(record, name));
    write(row + fmt::format(",{},{:.3f}", record.learning_rate, record.seconds));
    return Next::go_on;
  }

  void on_end(Trainer&, History&) override { out_.close(); }

 private:
  void write(const std::string& line) {
    out_ << line << '\n' << std::flush;
    if (!out_)
      throw FileError(
          {"csv_history", quote(file_.string()), "not writable", "a file in a folder that can be written to", ""});
  }

  std::filesystem::path file_;
  std::ofstream out_;
  std::vector<std::string> figures_;
};

}  // namespace

CallbackPtr csv_history(std::filesystem::path file) { return std::make_shared<CsvHistory>(std::move(file)); }

}  // namespace elegans::train

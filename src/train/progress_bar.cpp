#include "elegans/train/progress_bar.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <chrono>

#include "elegans/base/error.hpp"
#include "elegans/base/is_terminal.hpp"

namespace elegans::train {
namespace {

using Clock = std::chrono::steady_clock;
using Style = ProgressBarOptions::Style;

constexpr double longest_eta = 1e15;  // seconds, of which an integer holds many more

// A line of text in memory of its own: steps may not allocate.
class Line {
 public:
  template <class... Arguments>
  void add(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    const auto room = text_.size() - size_;
    const auto end = fmt::format_to_n(text_.data() + size_, room, format, std::forward<Arguments>(arguments)...);
    size_ += std::min(room, end.size);
  }
  void write(std::FILE* out) const {
    std::fwrite(text_.data(), 1, size_, out);
    std::fflush(out);
  }

 private:
  std::array<char, 512> text_;
  std::size_t size_ = 0;
};

class ProgressBar final : public Callback {
 public:
  explicit ProgressBar(ProgressBarOptions options) : options_(options) {
    if (options_.out == nullptr) throw ConfigError({"progress_bar", "out", "null", "an open file", ""});
    if (options_.style == Style::automatic) options_.style = is_terminal(options_.out) ? Style::bar : Style::lines;
  }

  void on_start(Trainer&, const FitPlan& plan) override {
    plan_ = plan;
    began_ = Clock::now();
    drawn_ = {};
    last_.reset();
    if (options_.style == Style::quiet) return;
    fmt::print(options_.out, "seed {}, {}, {}, {} parameters\n", plan.seed, plan.machine_kind,
               plan.threads == 1 ? "1 thread" : fmt::format("{} threads", plan.threads), plan.parameters);
    std::fflush(options_.out);
  }

  void on_step(const StepRecord& record) noexcept override {
    if (options_.style != Style::bar) return;
    const auto now = Clock::now();
    if (now - drawn_ < std::chrono::milliseconds(100)) return;
    drawn_ = now;
    draw(record.epoch, record.step_of_epoch, record.epoch_loss);
  }

  Next on_epoch(Trainer&, const EpochRecord& record) override {
    if (options_.style == Style::quiet) return Next::go_on;
    last_ = record;
    draw(record.epoch, plan_.steps_per_epoch, record.loss);
    return Next::go_on;
  }

  void on_end(Trainer&, History& history) override {
    if (options_.style == Style::quiet) return;
    if (options_.style == Style::bar) fmt::print(options_.out, "\n");
    if (history.restored) fmt::print(options_.out, "weights of epoch {}\n", *history.restored);
    std::fflush(options_.out);
  }

 private:
  void draw(std::uint64_t epoch, std::size_t step, double loss) const noexcept {
    Line line;
    const std::uint64_t last_epoch = plan_.first_epoch + plan_.epochs - 1;
    if (options_.style == Style::bar) line.add("\r");
    line.add("epoch {:>3}/{}", epoch, last_epoch);
    if (options_.style == Style::bar) {
      constexpr std::size_t width = 20;
      const std::size_t full = std::min(step * width / plan_.steps_per_epoch, width);
      line.add("  [{:=>{}}{:.>{}}]", full > 0 ? ">" : "", full, "", width - full);
    }
    line.add("  loss {:.4g}", loss);
    if (last_ && last_->validation) {
      line.add("  val_loss {:.4g}", last_->validation->loss);
      for (const auto& figure : last_->validation->metrics) line.add("  val_{} {:.4f}", figure.name, figure.value);
    }
    add_time(line, epoch, step);
    line.add("{}", options_.style == Style::bar ? "\x1b[K" : "\n");
    line.write(options_.out);
  }

  void add_time(Line& line, std::uint64_t epoch, std::size_t step) const noexcept {
    const auto per_epoch = static_cast<double>(plan_.steps_per_epoch);
    const auto before = static_cast<double>(plan_.steps_done);
    const double done = static_cast<double>(epoch - plan_.first_epoch) * per_epoch + static_cast<double>(step) - before;
    const double all = static_cast<double>(plan_.epochs) * per_epoch - before;
    const double passed = std::chrono::duration<double>(Clock::now() - began_).count();
    // Epochs may have a few updates more or fewer than the plan says, so that a fit that was resumed may seem to have done
    // none; and a number of seconds may be too large to be told.
    const double seconds = passed * std::max(all - done, 0.0) / std::max(done, 1.0);
    const auto left = static_cast<std::int64_t>(std::min(seconds, longest_eta) + 0.5);
    line.add("  ETA {}:{:02}", left / 60, left % 60);
  }

  ProgressBarOptions options_;
  FitPlan plan_;
  Clock::time_point began_, drawn_;
  std::optional<EpochRecord> last_;  // the last epoch that is finished
};

}  // namespace

CallbackPtr progress_bar(ProgressBarOptions options) { return std::make_shared<ProgressBar>(options); }

}  // namespace elegans::train

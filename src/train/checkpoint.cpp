#include "elegans/train/checkpoint.hpp"

#include <fmt/format.h>
#include <optional>

#include "elegans/base/atomic_file.hpp"
#include "elegans/base/error.hpp"
#include "elegans/train/trainer.hpp"
#include "train/monitor.hpp"

namespace elegans::train {
namespace {

namespace fs = std::filesystem;

void require(bool fits, const char* option, const char* actual, const char* required) {
  if (!fits) throw ConfigError({"checkpoint", option, actual, required, ""});
}

class CheckpointCallback final : public Callback {
 public:
  explicit CheckpointCallback(CheckpointOptions options) : options_(std::move(options)) {
    require(!options_.file.empty(), "file", "empty", "the name of a file");
    require(options_.keep > 0, "keep", "0", "1 or more");
    require(options_.every_steps > 0 || options_.every_epochs > 0, "every_steps", "0 like every_epochs",
            "one of the two above 0");
    if (!options_.best_of.empty()) best_.emplace("checkpoint", options_.best_of, 0);
  }

  void on_start(Trainer&, const FitPlan& plan) override {
    if (best_) best_->start(plan);
    require_writable(options_.file);
    written_.reset();
    older_.clear();
  }

  void on_save_point(Trainer& trainer, const SavePoint& point) override {
    const bool due = point.epoch ? options_.every_epochs > 0 && point.epoch->epoch % options_.every_epochs == 0
                                 : options_.every_steps > 0 && point.step % options_.every_steps == 0;
    const bool is_best = point.epoch && best_ && best_->improves(*point.epoch);
    if (due) {
      keep_the_last(point.step);
      trainer.save_checkpoint(options_.file);
    }
    if (is_best) trainer.save_checkpoint(beside("best"));
  }

  // With one file, and none of the best epoch, there is nothing to remember, and whoever resumes need not save.
  std::string_view state_name() const override { return options_.keep > 1 || best_ ? "checkpoint" : ""; }
  void save_state(CallbackState& state) const override {
    if (best_) best_->save(state);
    if (written_) state.set_count("written", *written_);
    state.set_count("older", older_.size());
    for (std::size_t i = 0; i < older_.size(); ++i) state.set_count(older_name(i), older_[i]);
  }
  void load_state(Trainer&, const CallbackState& state) override {
    if (best_) best_->load(state);
    if (state.has("written")) written_ = state.count("written");
    const std::uint64_t count = state.count("older");
    for (std::uint64_t i = 0; i < count; ++i) older_.push_back(state.count(older_name(i)));
  }

 private:
  static std::string older_name(std::uint64_t i) { return fmt::format("older/{}", i); }

  // "run-<what>.checkpoint"
  fs::path beside(const std::string& what) const {
    fs::path file = options_.file;
    return file.replace_filename(options_.file.stem().string() + "-" + what + options_.file.extension().string());
  }
  fs::path of_step(std::uint64_t step) const { return beside(std::to_string(step)); }

  // Gives the file that is about to be replaced by that of `step` a second name, which outlives it: there is a
  // checkpoint under the first name at any time.
  void keep_the_last(std::uint64_t step) {
    std::error_code ignored;
    if (options_.keep > 1 && written_ && *written_ != step) {
      const fs::path kept = of_step(*written_);
      fs::remove(kept, ignored);
      std::error_code no_links;
      fs::create_hard_link(options_.file, kept, no_links);
      if (no_links) fs::copy_file(options_.file, kept, ignored);
      older_.push_back(*written_);
    }
    for (; older_.size() >= options_.keep; older_.erase(older_.begin())) fs::remove(of_step(older_.front()), ignored);
    written_ = step;
  }

  CheckpointOptions options_;
  std::optional<Monitor> best_;
  std::optional<std::uint64_t> written_;  // the update that `file` was written after
  std::vector<std::uint64_t> older_;      // updates of the files beside it
};

}  // namespace

CallbackPtr checkpoint(CheckpointOptions options) { return std::make_shared<CheckpointCallback>(std::move(options)); }

}  // namespace elegans::train

#pragma once
// Events: steps that stand where something happened, with the time that passed in between as Δt.
//
// A regularly sampled signal becomes events where it changes (send-on-delta, as event cameras do; without a threshold,
// and of a signal of few values, a run-length code, as in the event-based XOR of Lechner and Hasani, "Learning long-term
// dependencies in irregularly-sampled time series", 2020):
//
//   sampled, Δt 1          0 0 0 1 1 0 0 0 0
//   EventAt::change        value 0 1 0 0    Δt 1 3 2 3      a step where the value changes, and the last one
//   EventAt::end           value 0 1 0      Δt 3 2 4        a step where a run ends: Δt is how long the value was held
//
// A step changes where a feature differs from that of the last event by more than `threshold`, in the units of the
// data. No time is lost: the Δt of a recording add up to what they did.

#include <filesystem>
#include <iosfwd>
#include <string>

#include "elegans/train/csv.hpp"
#include "elegans/train/dataset.hpp"
#include "elegans/train/roles.hpp"

namespace elegans::train {

enum class EventAt {
  change,  // an event is the first step of a new value; the last step of a recording is one, too
  end,     // an event is the last step before the value changes, and holds the value with which the run began
};

struct EventOptions {
  double threshold = 0;  // 0: any change
  EventAt at = EventAt::change;
};

// Whole recordings become shorter ones. Targets, labels and weights are those of the steps that stay. ConfigError for a
// threshold that is not finite or below 0, for windows and for sporadic features.
Dataset encode_events(const Dataset& data, const EventOptions& options = {});

// A stream of events, a row each: the channel (a pixel, a neuron) that `Roles::channel` names and, where
// `Roles::value` names a column, the event's value (its polarity):
//
//   t,pixel,polarity
//   0.001,7,1              features  7  9      Δt
//   0.004,9,-1                       1  0      (first_dt, or the median)
//   0.004,7,1                        0 -1      0.003
//                                    1  0      0
//
// A step is an event; features are the channels, 0 but for the event's own, which holds its value, or 1 without such a
// column. They are those of `Roles::features`, in that order, or all of the file, sorted as classes are. Time, group,
// targets and first_dt are as in read_csv; other columns are not looked at. Besides what read_csv throws: FormatError
// for a value of 0, which could not be told from no event, and for a channel that is not among the features; ConfigError
// where events × channels are too many.
Dataset read_events(const std::filesystem::path& file, const Roles& roles, const CsvOptions& options = {});
Dataset read_events(std::istream& in, const std::string& source, const Roles& roles, const CsvOptions& options = {});

}  // namespace elegans::train

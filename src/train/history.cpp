#include "elegans/train/history.hpp"

#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"

namespace elegans::train {

double Evaluation::metric(std::string_view name) const {
  std::vector<std::string> known;
  for (const Figure& figure : metrics) {
    if (figure.name == name) return figure.value;
    known.push_back(figure.name);
  }
  throw ConfigError({"evaluation", "metric", quote(name), "one that was computed", suggest(name, known)});
}

std::vector<NamedFigure> figures_of(const std::vector<nn::Metric>& metrics, bool validates) {
  std::vector<NamedFigure> figures{{"loss", nn::Better::lower}};
  if (!validates) return figures;
  figures.push_back({"val_loss", nn::Better::lower});
  for (const nn::Metric& metric : metrics) figures.push_back({"val_" + metric.name(), metric.better()});
  return figures;
}

double figure(const EpochRecord& record, std::string_view name) {
  if (name == "loss") return record.loss;
  if (name == "learning_rate") return record.learning_rate;
  ensure(record.validation && name.starts_with("val_"), "a figure has no such name");
  name.remove_prefix(4);
  return name == "loss" ? record.validation->loss : record.validation->metric(name);
}

}  // namespace elegans::train

// Training by a loop of one's own: gradients(batch), apply().

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data.hpp"
#include "dense_model.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/train/trainer.hpp"
#include "support/message_of.hpp"

namespace elegans::train {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;

TEST(OwnLoop, EqualsFit) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(50)});
  Sequential a = dense(2), b = dense(2);
  Trainer fitted(a, {.epochs = 2, .seed = 7}), looped(b);
  fitted.fit(data);
  Batches batches({.sequences = data.size(), .batch_size = 32, .seed = 7});
  for (std::uint64_t epoch = 0; epoch < 2; ++epoch)
    for (batches.start(epoch); !batches.done();) {
      looped.gradients({data, batches.next()});
      looped.apply();
    }
  EXPECT_EQ(a.weights()[0]->value.values(), b.weights()[0]->value.values());
}

TEST(OwnLoop, MayChangeGradientsAndTheRate) {
  const Dataset data = random_sequences({.lengths = {4, 6}});
  Sequential model = dense(2);
  Trainer trainer(model, {.optimizer = SGD{.learning_rate = 0.5}});
  trainer.gradients({data, all_of(data)});
  const std::vector<double> kernel = model.weights()[0]->value.values(), bias = model.weights()[1]->value.values();
  for (float& g : trainer.gradient("dense/kernel").as<float>()) g = 0;
  for (float& g : trainer.gradient("dense/bias").as<float>()) g = 1;
  trainer.set_learning_rate(0.25);
  trainer.apply();
  EXPECT_EQ(model.weights()[0]->value.values(), kernel);
  EXPECT_EQ(model.weights()[1]->value.values(), (std::vector<double>{bias[0] - 0.25, bias[1] - 0.25}));
}

TEST(OwnLoop, TakesALossOfOnesOwn) {
  const Dataset data = random_sequences({.lengths = {4, 6}});
  Sequential model = dense(2, Dtype::f64);
  const nn::Loss absolute{.name = "absolute",
                          .write = [](nn::Value p, nn::Value t) { return reduce_sum(abs(p - t), -1); }};
  Trainer trainer(model, {.loss = absolute, .metrics = {nn::Metric::named("mae")}});
  EXPECT_NEAR(trainer.gradients({data, all_of(data)}), 2 * trainer.evaluate(data).metric("mean_absolute_error"), 1e-14);
}

TEST(OwnLoop, RefusesBatchesThatCannotBe) {
  const Dataset data = random_sequences({.lengths = {4, 6}});
  Sequential model = dense(2);
  Trainer trainer(model, {.batch_size = 2});
  const auto refused = [&](std::vector<std::size_t> sequences) {
    return message_of<ConfigError>([&] { trainer.gradients({data, sequences}); });
  };
  EXPECT_EQ(refused({}), "gradients: the number of sequences is 0; expected 1 … 2, the batch_size.");
  EXPECT_EQ(refused({0, 1, 0}), "gradients: the number of sequences is 3; expected 1 … 2, the batch_size.");
  EXPECT_EQ(refused({2}),
            "gradients: the number of a sequence is 2; expected less than 2, the sequences of the data set.");
  EXPECT_EQ(message_of<ConfigError>([&] { trainer.apply(); }),
            "apply: the gradient is not there; expected that of a batch. Call gradients(batch) first.");
  trainer.gradients({data, std::vector<std::size_t>{0}});
  EXPECT_THAT(message_of<ConfigError>([&] { trainer.gradient("dense/kernal"); }),
              HasSubstr("Did you mean 'dense/kernel'"));
  trainer.apply();
  EXPECT_THROW(trainer.apply(), ConfigError) << "one update a batch";
  EXPECT_EQ(message_of<ConfigError>([&] { trainer.set_learning_rate(std::nan("")); }),
            "set_learning_rate: rate is nan; expected a finite number >= 0.");
}

// Memory is for the largest batch that can occur; one that repeats sequences may be larger than the data set.
TEST(OwnLoop, MayRepeatSequences) {
  const Dataset data = random_sequences({.lengths = {5, 3}});
  Sequential model = dense(2, Dtype::f64);
  Trainer trainer(model, {.optimizer = SGD{}, .batch_size = 1000000});
  trainer.reserve(data);
  EXPECT_LT(trainer.bytes(), 1U << 20);
  const std::vector<std::size_t> once{0, 1}, thrice{0, 1, 0, 1, 0, 1};
  const double loss = trainer.gradients({data, once});
  EXPECT_NEAR(trainer.gradients({data, thrice}), loss, 1e-15);
}

TEST(OwnLoop, NoticesThatDataHaveChanged) {
  Dataset data = random_sequences({.lengths = {6, 6}});
  Sequential model = dense(2);
  Trainer trainer(model);
  trainer.reserve(data);
  data.sequences[1].steps = 4;
  EXPECT_THAT(message_of<ConfigError>([&] {
                trainer.gradients({data, all_of(data)});
              }),
              AllOf(HasSubstr("the length of sequence 1 is 4"), HasSubstr("Call reserve(data) after changing data.")));
  trainer.reserve(data);
  EXPECT_GT(trainer.gradients({data, all_of(data)}), 0);
}

}  // namespace
}  // namespace elegans::train

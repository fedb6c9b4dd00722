#pragma once
// The losses: l of each place, of prediction p [..., C] and target t. Means and sums are over C; e = p − t.
//
//     mean_squared_error       mean e²
//     mean_absolute_error      mean |e|                                             slope 0 at 0
//     huber                    mean (|e| <= δ ? e²/2 : δ|e| − δ²/2)                 Huber, 1964
//     log_cosh                 mean ln cosh e
//     quantile                 mean (e < 0 ? −q e : (1 − q) e)                      Koenker and Bassett, 1978
//     poisson                  mean (p − t ln(p + ε))                               p > 0 are rates
//     gaussian_negative_log_likelihood
//                              mean ½ (s + (t − μ)² e⁻ˢ), p = [μ, s]                Nix and Weigend, 1994
//     cosine_similarity        −Σ p t / (max(‖p‖, ε) max(‖t‖, ε))                   −1 is best; 0 for a zero target
//     hinge, squared_hinge     mean max(1 − t p, 0), its square                     t is −1 or 1; slope 0 at the margin
//     kl_divergence            Σ t′ ln(t′/p′), both clipped to [ε, 1]               slope 0 where p <= ε or p >= 1
//
// and of classes, with t′ = t (1 − a) + a/2 or a/C for label smoothing a:
//
//     binary_crossentropy                mean (softplus(p) − p t′)                  each output by itself
//     categorical_crossentropy           −Σ t′ log_softmax(p)                       t need not be one-hot
//     sparse_categorical_crossentropy    the same, of labels                        −log_softmax(p)[t] for a = 0
//
// By log-sum-exp: exact for logits of any size. Of probabilities (Predictions::probabilities), clipped to [ε, 1 − ε]
// or [ε, 1], they are −mean (t′ ln p + (1 − t′) ln(1 − p)) and −Σ t′ ln p; terms whose t′ is 0 are left out, and the
// slope is 0 where p is clipped. Probabilities are taken as they are: they should add up to 1.
//
// binary_ and categorical_crossentropy take labels too. Class weights and ignored labels: nn/loss.hpp. Defaults are
// those of Keras; it calls the loss of labels sparse_categorical_crossentropy, PyTorch CrossEntropyLoss.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "elegans/nn/loss.hpp"

namespace elegans::nn {

// Targets of hinge losses lie in −1 … 1, of poisson at 0 or above, of cross-entropies and kl_divergence in 0 … 1
// (Loss::lowest_target, highest_target). ConfigError naming loss and option for a value out of its range.

struct LossOptions {
  Reduction reduction = Reduction::mean;
};
Loss mean_squared_error(LossOptions options = {});
Loss mean_absolute_error(LossOptions options = {});
Loss log_cosh(LossOptions options = {});
Loss hinge(LossOptions options = {});
Loss squared_hinge(LossOptions options = {});

struct HuberOptions {
  double delta = 1;  // > 0
  Reduction reduction = Reduction::mean;
};
Loss huber(HuberOptions options = {});

// Each target is predicted at every quantile: p [..., Q · C], first the C targets at the first quantile. The quantile
// nearest to 1/2 is the one that metrics judge.
struct QuantileOptions {
  std::vector<double> quantiles = {0.5};  // each in (0, 1)
  Reduction reduction = Reduction::mean;
};
Loss quantile(QuantileOptions options = {});

// p [..., 2 C]: first the means μ, then the logarithms s of the variances, which so need no activation. Variances below
// `epsilon` count as epsilon, with the slope they have there, so that they can grow again. The constant ½ ln 2π is left
// out. As PyTorch's GaussianNLLLoss, whose variances are eˢ.
struct GaussianOptions {
  double epsilon = 1e-6;  // > 0
  Reduction reduction = Reduction::mean;
};
Loss gaussian_negative_log_likelihood(GaussianOptions options = {});

struct EpsilonOptions {
  double epsilon = 1e-7;  // > 0; kl_divergence: < 1
  Reduction reduction = Reduction::mean;
};
Loss poisson(EpsilonOptions options = {});
Loss cosine_similarity(EpsilonOptions options = {});
Loss kl_divergence(EpsilonOptions options = {});

struct CrossentropyOptions {
  double label_smoothing = 0;  // 0 … 1
  Predictions predictions = Predictions::logits;
  double epsilon = 1e-7;  // of probabilities; 0 … below 1/2
  Reduction reduction = Reduction::mean;
  std::vector<double> class_weight = {};          // of labels: one a class, >= 0; empty for 1 each
  std::optional<std::int32_t> ignore_index = {};  // a label whose places do not count
};
Loss binary_crossentropy(CrossentropyOptions options = {});
Loss categorical_crossentropy(CrossentropyOptions options = {});
Loss sparse_categorical_crossentropy(CrossentropyOptions options = {});

// One of them by name, or by a short one: "mse", "mae", "bce", "kld" or "gaussian_nll".
// Options are written behind the name, or given as an object with the names above:
//
//     loss_named("huber:delta=0.5")
//     loss_named("quantile:0.1,0.5,0.9")                           // quantiles need no name
//     loss_named("bce:label_smoothing=0.1,predictions=probabilities")
//     loss_named("huber", {{"delta", 0.5}, {"reduction", "sum"}})
//
// ConfigError with the nearest names for what is unknown.
Loss loss_named(std::string_view text);
Loss loss_named(std::string_view name, const nlohmann::json& options);
// Every name that loss_named() knows, short ones too.
std::vector<std::string> known_losses();

}  // namespace elegans::nn

// What a model file that was damaged, edited or made by somebody else is answered with.

#include <gmock/gmock.h>

#include <fstream>
#include <limits>

#include "elegans/base/version.hpp"
#include "elegans/model/load.hpp"
#include "model/model_files.hpp"
#include "support/count_allocations.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

namespace elegans::model {
namespace {

using elegans::testing::built;
using elegans::testing::message_of;
using elegans::testing::network_named;
using elegans::testing::OpenFile;
using elegans::testing::some_preprocessing;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::vector<std::byte>& good_file() {
  static const std::vector<std::byte> file = [] {
    Sequential model = built(network_named("stack"));
    return to_model_file(model, some_preprocessing(model));
  }();
  return file;
}

std::string message(std::span<const std::byte> file) {
  return message_of<FormatError>([&] { parse_model(file, "m.safetensors"); });
}

// Of a file changed by somebody who made the checksums fit.
template <class Change>
std::string after(const Change& change) {
  OpenFile open(good_file());
  change(open);
  return message(open.signed_bytes());
}

TEST(LoadErrors, TheFileIsGood) { EXPECT_NO_THROW(parse_model(good_file(), "m.safetensors")); }

TEST(LoadErrors, TakingApartAndPuttingTogetherChangesNothing) {
  OpenFile open(good_file());
  EXPECT_EQ(open.signed_bytes(), good_file());
}

TEST(LoadErrors, AForeignFile) {
  const elegans::testing::TemporaryFolder folder;
  const std::vector<std::byte> data(8);
  const StoredTensor tensor{.name = "w", .dtype = StoredDtype::f32, .shape = {2}, .data = data};
  write_safetensors(folder / "other.safetensors", std::span(&tensor, 1), {{"format", "pt"}});
  EXPECT_THAT(message_of<FormatError>([&] { load_model(folder / "other.safetensors"); }),
              HasSubstr("other.safetensors, metadata: key 'format' is 'pt'; expected 'elegans'. The file holds "
                        "tensors, but no model of elegans: save one with save_model()."));
  EXPECT_THAT(message(to_safetensors(std::span(&tensor, 1))),
              StartsWith("m.safetensors, metadata: key 'format' is missing; expected 'elegans'."));
  std::ofstream(folder / "text.safetensors") << "t,x,y\n0,1,2\n";
  EXPECT_THAT(message_of<FormatError>([&] { load_model(folder / "text.safetensors"); }), HasSubstr("text.safetensors"));
  EXPECT_THAT(message_of<FileError>([&] { load_model(folder / "absent.safetensors"); }),
              HasSubstr("absent.safetensors"));
}

TEST(LoadErrors, ANewerFormat) {
  EXPECT_EQ(after([](OpenFile& f) {
              f.metadata["format_version"] = "5";
              f.metadata["elegans_version"] = "3.1.4";
            }),
            "m.safetensors, metadata: key 'format_version' is 5; expected at most 4, which elegans " +
                std::string(version) + " reads. Update elegans to 3.1.4 or newer.");
  for (const char* odd : {"", "0", "-1", "one", "99999999999999999999"}) {
    EXPECT_THAT(after([&](OpenFile& f) { f.metadata["format_version"] = odd; }),
                HasSubstr("key 'format_version' is '" + std::string(odd) + "'; expected a number from 1 to 4"));
  }
}

TEST(LoadErrors, TruncatedAtAnyPlace) {
  for (std::size_t size = 0; size < good_file().size(); size += 97) {
    EXPECT_THAT(message(std::span(good_file()).first(size)), StartsWith("m.safetensors")) << size;
  }
}

TEST(LoadErrors, AnyByteOfAnyTensorEdited) {
  const OpenFile original(good_file());
  for (const auto& [name, bytes] : original.own) {
    for (const std::size_t at : {std::size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
      OpenFile open(good_file());
      open.own[name][at] ^= std::byte{1};
      EXPECT_THAT(message(open.bytes()), StartsWith("m.safetensors, tensor '" + name + "': its checksum is ")) << at;
    }
  }
}

TEST(LoadErrors, AnyMetadataEdited) {
  for (const auto& [name, text] : OpenFile(good_file()).metadata) {
    if (name == "format" || name == "format_version" || name == "checksums") continue;
    OpenFile open(good_file());
    open.metadata[name] += ' ';
    EXPECT_THAT(message(open.bytes()), StartsWith("m.safetensors, metadata: the checksum of key '" + name + "' is "));
  }
}

TEST(LoadErrors, MetadataMissingOrUnknown) {
  EXPECT_EQ(after([](OpenFile& f) { f.metadata.erase("seed"); }),
            "m.safetensors, metadata: key 'seed' is missing; expected text. The file was edited or is damaged: copy or "
            "save it again.");
  EXPECT_THAT(after([](OpenFile& f) { f.metadata["author"] = "me"; }),
              HasSubstr("metadata: key 'author' is unknown; expected only format, format_version"));
  EXPECT_THAT(after([](OpenFile& f) { f.metadata["seed"] = "8"; }),
              HasSubstr("key 'seed' is '8'; expected '7', as the configuration says"));
  EXPECT_THAT(after([](OpenFile& f) { f.metadata["configuration"] = "{"; }),
              StartsWith("m.safetensors, metadata, key 'configuration'"));
}

TEST(LoadErrors, WeightsThatDoNotFit) {
  EXPECT_EQ(after([](OpenFile& f) { f.remove("dense/bias"); }),
            "m.safetensors, tensor 'dense/bias': it is missing; expected F32 [5]. The file was edited or is damaged: "
            "copy or save it again.");
  EXPECT_THAT(after([](OpenFile& f) { f.add("dense/gain", StoredDtype::f32, {5}, 20); }),
              StartsWith("m.safetensors, tensor 'dense/gain': it is F32 [5]; expected no tensor of this name"));
  EXPECT_THAT(after([](OpenFile& f) { f.add("dense/bias", StoredDtype::f32, {6}, 24); }),
              StartsWith("m.safetensors, tensor 'dense/bias': its type is F32 [6]; expected F32 [5]."));
  EXPECT_THAT(after([](OpenFile& f) { f.add("dense/bias", StoredDtype::f64, {5}, 40); }),
              StartsWith("m.safetensors, tensor 'dense/bias': its type is F64 [5]; expected F32 [5]."));
  EXPECT_THAT(after([](OpenFile& f) { f.set("dense/bias", 2, std::numeric_limits<float>::infinity()); }),
              StartsWith("m.safetensors, tensor 'dense/bias': element 2 is inf; expected a finite number."));
}

TEST(LoadErrors, GoldenVectorsTellOfAnEditedWeight) {
  EXPECT_THAT(after([](OpenFile& f) { f.set("dense_1/bias", 1, f.get<float>("dense_1/bias", 1) + 1e-3F); }),
              StartsWith("m.safetensors, tensor 'elegans.golden.answer': element 1 is "));
  EXPECT_THAT(after([](OpenFile& f) { f.set("elegans.output.mean", 0, 0.25); }),
              StartsWith("m.safetensors, tensor 'elegans.golden.answer': element 0 is "));
  EXPECT_THAT(after([](OpenFile& f) { f.set("elegans.golden.state.ltc/v", 3, 0.5F); }),
              StartsWith("m.safetensors, tensor 'elegans.golden.answer': element 0 is "));  // it follows from the state
  // The state after the last step, from which nothing follows.
  EXPECT_THAT(after([](OpenFile& f) { f.set("elegans.golden.state.ltc/v", 4 * 12 + 3, 0.5F); }),
              StartsWith("m.safetensors, tensor 'elegans.golden.state.ltc/v': element 51 is 0.5; expected "));
  EXPECT_THAT(
      after([](OpenFile& f) { f.set("elegans.golden.observation", 1, std::nanf("")); }),
      StartsWith(
          "m.safetensors: stack, golden vectors: step 0 is refused, for observation 1 ('angle') is NaN, infinite or "
          "too large for f32;"));
}

TEST(LoadErrors, AnotherMachineMayRoundDifferently) {
  OpenFile open(good_file());
  open.metadata["machine_kind"] = "another";
  const float answer = open.get<float>("elegans.golden.answer", 0);
  open.set("elegans.golden.answer", 0, std::nextafter(answer, 1e9F));
  EXPECT_NO_THROW(parse_model(open.signed_bytes(), "m.safetensors"));
  open.set("elegans.golden.answer", 0, answer + 0.01F);
  const std::string said = message(open.signed_bytes());
  EXPECT_THAT(said, StartsWith("m.safetensors, tensor 'elegans.golden.answer': element 0 is "));
  EXPECT_THAT(said, HasSubstr(" ± "));
}

TEST(LoadErrors, CircuitsThatTheConfigurationDoesNotDraw) {
  EXPECT_THAT(after([](OpenFile& f) {
                f.set<std::int32_t>("elegans.wiring.0", 4, 1 - f.get<std::int32_t>("elegans.wiring.0", 4));
              }),
              StartsWith("m.safetensors, tensor 'elegans.wiring.0': an entry of synapse 4 is "));
  EXPECT_THAT(after([](OpenFile& f) { f.metadata["wiring"] = "[]"; }),
              StartsWith("m.safetensors, metadata: key 'wiring' is '[]'; expected '[{"));
}

TEST(LoadErrors, StandardisationThatDoesNotFit) {
  EXPECT_THAT(after([](OpenFile& f) { f.remove("elegans.input.std"); }),
              StartsWith("m.safetensors: the scaling of inputs is of 3 means and 0 deviations"));
  EXPECT_THAT(after([](OpenFile& f) { f.set("elegans.input.std", 1, 0.0); }),
              HasSubstr("the scaling of inputs, column 1"));
  EXPECT_THAT(after([](OpenFile& f) { f.set("elegans.time_unit", 0, -1.0); }), HasSubstr("time_unit is -1; expected"));
  EXPECT_THAT(after([](OpenFile& f) { f.add("elegans.input.mean", StoredDtype::f32, {3}, 12); }),
              StartsWith("m.safetensors, tensor 'elegans.input.mean': its type is F32 [3]; expected F64 [columns]."));
  EXPECT_THAT(after([](OpenFile& f) { f.metadata["class_names"] = "[\"a\", 3]"; }),
              StartsWith("m.safetensors, metadata: key 'class_names"));
}

TEST(LoadErrors, AnUnknownLayer) {
  EXPECT_THAT(after([](OpenFile& f) {
                auto config = parse_json(f.metadata["configuration"], "test");
                config["layers"][0]["type"] = "Danse";
                f.metadata["configuration"] = to_json_text(config);
              }),
              StartsWith("m.safetensors, metadata, key 'configuration': layer 0: the layer is 'Danse'; expected a "
                         "known layer. Did you mean 'Dense'?"));
}

// What a file asks for must not take for ever, either.
TEST(LoadErrors, AConfigurationThatAsksForTooMuchWork) {
  const auto with = [](const char* key, std::int64_t value) {
    return after([&](OpenFile& f) {
      auto config = parse_json(f.metadata["configuration"], "test");
      config["layers"][1]["config"][key] = value;
      f.metadata["configuration"] = to_json_text(config);
    });
  };
  EXPECT_THAT(with("ode_unfolds", 1'000'000'000), HasSubstr("ode_unfolds is 1000000000; expected 1 to 1000"));
  EXPECT_THAT(with("checkpoint_every", std::int64_t{1} << 62),
              HasSubstr("checkpoint_every is 4611686018427387904; expected 0"));
  EXPECT_THAT(with("projection", std::int64_t{1} << 40), HasSubstr("projection is 1099511627776; expected 0"));
}

// A small file that asks for a terabyte: it is refused before memory is taken.
TEST(LoadErrors, AConfigurationThatAsksForMoreThanTheFileHolds) {
  OpenFile open(good_file());
  auto config = parse_json(open.metadata["configuration"], "test");
  config["layers"][0]["config"]["units"] = 1'000'000;
  config["layers"][3]["config"]["units"] = 1'000'000;
  open.metadata["configuration"] = to_json_text(config);
  const std::vector<std::byte> file = open.signed_bytes();
  const bool counts = elegans::testing::CountAllocations::supported();
  std::size_t bytes = 0;
  std::string said;
  {
    const elegans::testing::CountAllocations counting;
    said = message(file);
    bytes = counting.bytes();
  }
  EXPECT_THAT(said,
              StartsWith("m.safetensors, tensor 'dense/kernel': its type is F32 [3, 5]; expected F32 [3, 1000000]."));
  if (counts) {
    EXPECT_LT(bytes, 4U << 20);
  }
}

}  // namespace
}  // namespace elegans::model

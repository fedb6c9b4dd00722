#include "elegans/model/safetensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>

#include "elegans/base/error.hpp"
#include "elegans/base/read_file.hpp"
#include "model_file/stored_samples.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

using namespace elegans;
using namespace elegans::model;
using namespace elegans::model::testing;
using elegans::testing::message_of;
using elegans::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::StartsWith;

namespace {

const std::filesystem::path from_python = ELEGANS_SOURCE_DIR "/tests/data/from_python.safetensors";

void expect_equal(const StoredTensor* actual, const StoredTensor& expected) {
  ASSERT_NE(actual, nullptr) << expected.name;
  EXPECT_EQ(actual->dtype, expected.dtype) << expected.name;
  EXPECT_EQ(actual->shape, expected.shape) << expected.name;
  EXPECT_EQ(text_of(actual->data), text_of(expected.data)) << expected.name;
}

std::vector<std::string> names_of(const StoredTensors& file) {
  std::vector<std::string> names;
  for (const auto& tensor : file.tensors()) names.push_back(tensor.name);
  return names;
}

std::string writer_complaint(const Samples& samples, const StoredMetadata& metadata = {}) {
  return message_of<ConfigError>([&] { to_safetensors(samples.tensors(), metadata); });
}

}  // namespace

TEST(Safetensors, ReadsWhatThePythonPackageWrote) {
  const StoredTensors file = read_safetensors(from_python);
  const Samples samples = python_samples();
  EXPECT_EQ(file.metadata(), python_metadata());
  EXPECT_EQ(file.tensors().size(), samples.tensors().size());
  for (const auto& expected : samples.tensors()) expect_equal(file.find(expected.name), expected);
  EXPECT_EQ(file.find("absent"), nullptr);
  EXPECT_THAT(names_of(file), ElementsAre("big", "steps", "elegans.mean", "cell.bias", "cell.kernel", "empty", "u32",
                                          "i32", "half", "u16", "i16", "i8", "na\u00efve \"name\"\n", "u8", "mask"));
}

TEST(Safetensors, WritesTheBytesThatThePythonPackageWrote) {
  const Samples samples = python_samples();
  const std::string expected = read_file(from_python, 1 << 20);
  EXPECT_EQ(text_of(to_safetensors(samples.tensors(), python_metadata())), expected);
  const TemporaryFolder folder;
  write_safetensors(folder / "model.safetensors", samples.tensors(), python_metadata());
  EXPECT_EQ(read_file(folder / "model.safetensors", 1 << 20), expected);
  EXPECT_THAT(folder.names(), ElementsAre("model.safetensors"));
}

TEST(Safetensors, WritesTheSameBytesForAnyOrderOfTheTensors) {
  const Samples samples = python_samples();
  std::vector<StoredTensor> reversed(samples.tensors().rbegin(), samples.tensors().rend());
  EXPECT_EQ(to_safetensors(reversed), to_safetensors(samples.tensors()));
}

TEST(Safetensors, AlignsEveryElementOfItsOwnFiles) {
  const StoredTensors file = parse_safetensors(to_safetensors(python_samples().tensors()), "x");
  for (const auto& tensor : file.tensors()) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data.data()) % bytes_of(tensor.dtype), 0u) << tensor.name;
  }
}

TEST(Safetensors, KeepsItsTensorsWhenMoved) {
  StoredTensors file = read_safetensors(from_python);
  const std::byte* before = file.find("big")->data.data();
  const StoredTensors moved = std::move(file);
  EXPECT_EQ(moved.find("big")->data.data(), before);
  expect_equal(moved.find("u8"), python_samples().tensors()[9]);
}

TEST(Safetensors, KnowsEveryElementType) {
  const std::vector<std::pair<std::string, std::size_t>> types = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"I16", 2}, {"U16", 2}, {"F16", 2}, {"BF16", 2},
      {"I32", 4},  {"U32", 4}, {"F32", 4}, {"F64", 8}, {"I64", 8}, {"U64", 8}};
  for (const auto& [name, bytes] : types) {
    const std::string header =
        R"({"t":{"dtype":")" + name + R"(","shape":[3],"data_offsets":[0,)" + std::to_string(3 * bytes) + "]}}";
    const StoredTensors file = parse_safetensors(raw_file(header, std::string(3 * bytes, '\1')), "x");
    EXPECT_EQ(name_of(file.find("t")->dtype), name);
    EXPECT_EQ(bytes_of(file.find("t")->dtype), bytes);
  }
}

TEST(Safetensors, ReadsFilesThatItWouldNotWrite) {
  // No padding, spaces, another order of keys, tensors sorted by name, an escaped name, elements that are not aligned.
  const StoredTensors file = parse_safetensors(
      raw_file(R"({ "a" : { "shape" : [ 1 ], "data_offsets" : [0, 1], "dtype" : "U8" },)"
               "\n\t"
               R"("\u0062" : {"dtype":"F32","shape":[1,1],"data_offsets":[1,5]}, "__metadata__" : {} }   )",
               "xABCD"),
      "x");
  EXPECT_THAT(names_of(file), ElementsAre("a", "b"));
  EXPECT_EQ(text_of(file.find("b")->data), "ABCD");
  EXPECT_TRUE(parse_safetensors(raw_file("{}"), "x").tensors().empty());
}

TEST(Safetensors, PutsEmptyTensorsBetweenTheirNeighbours) {
  const StoredTensors file = parse_safetensors(raw_file(R"({"z":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},)"
                                                        R"("m":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                                                        R"("a":{"dtype":"F64","shape":[3,0],"data_offsets":[2,2]}})",
                                                        "xy"),
                                               "x");
  EXPECT_THAT(names_of(file), ElementsAre("z", "m", "a"));
}

TEST(WriteSafetensors, RefusesWhatNoReaderWouldTake) {
  const std::string where = "write_safetensors, tensor 'a': ";
  Samples twice;
  twice.add<std::uint8_t>("a", StoredDtype::u8, {1}, {1});
  twice.add<float>("b", StoredDtype::f32, {1}, {1});
  twice.add<float>("a", StoredDtype::f32, {1}, {1});
  EXPECT_EQ(writer_complaint(twice),
            "write_safetensors: tensor 'a' is given twice; expected each name once. Rename one of the two.");
  Samples reserved;
  reserved.add<float>("__metadata__", StoredDtype::f32, {1}, {1});
  EXPECT_EQ(writer_complaint(reserved),
            "write_safetensors, tensor '__metadata__': its name is taken by the format; expected another name. Rename "
            "the tensor.");
  Samples size;
  size.add<float>("a", StoredDtype::f32, {2, 2}, {1, 2, 3});
  EXPECT_EQ(writer_complaint(size),
            where + "its data is 12 bytes; expected 16 for F32 [2, 2]. Pass all of its elements, without gaps.");
  Samples negative;
  negative.add<float>("a", StoredDtype::f32, {-1, -1}, {1});
  EXPECT_EQ(
      writer_complaint(negative),
      where + "its shape is F32 [-1, -1]; expected no negative extent, and at most 2^63 - 1 bytes. Check its shape.");
  Samples boolean;
  boolean.add<std::uint8_t>("a", StoredDtype::boolean, {3}, {0, 1, 7});
  EXPECT_EQ(writer_complaint(boolean), where + "element 2 is 7; expected 0 or 1. Store true as 1 and false as 0.");
  Samples name;
  name.add<float>("\xFF", StoredDtype::f32, {1}, {1});
  EXPECT_THAT(writer_complaint(name), StartsWith("JSON: text is '\\xff'; expected UTF-8."));
  EXPECT_THAT(writer_complaint({}, {{"key", "\xFF"}}), StartsWith("JSON: text is '\\xff'; expected UTF-8."));
  EXPECT_THAT(writer_complaint({}, {{"key", std::string(100'000'000, 'x')}}),
              StartsWith("write_safetensors: its header is 100000032 bytes; expected at most 100000000."));
}

TEST(WriteSafetensors, LeavesTheOldFileWhereTheNewOneIsRefused) {
  const TemporaryFolder folder;
  write_safetensors(folder / "m", python_samples().tensors());
  Samples bad;
  bad.add<float>("a", StoredDtype::f32, {2}, {1});
  EXPECT_THROW(write_safetensors(folder / "m", bad.tensors()), ConfigError);
  EXPECT_EQ(read_safetensors(folder / "m").tensors().size(), 15u);
  EXPECT_THAT(folder.names(), ElementsAre("m"));
}

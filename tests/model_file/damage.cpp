// Every way in which a file can be damaged, with what the reader says about it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fstream>

#include "elegans/base/error.hpp"
#include "elegans/model/safetensors.hpp"
#include "model_file/stored_samples.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

using namespace elegans;
using namespace elegans::model;
using namespace elegans::model::testing;
using elegans::testing::message_of;
using elegans::testing::TemporaryFolder;
using ::testing::EndsWith;
using ::testing::HasSubstr;

namespace {

const std::string damaged = " The file is damaged or was edited: copy or save it again.";
const std::string foreign = " It is no safetensors file, or its first bytes are damaged.";
const std::string in_a = "m.safetensors, tensor 'a': ";

std::string complaint(const std::vector<std::byte>& file) {
  return message_of<FormatError>([&] { parse_safetensors(file, "m.safetensors"); });
}

std::string complaint(const std::string& header, const std::string& data = "") {
  return complaint(raw_file(header, data));
}

// The complaint about a file whose one tensor 'a' has this entry.
std::string entry_complaint(const std::string& entry, const std::string& data = "") {
  return complaint("{\"a\":" + entry + "}", data);
}

std::vector<std::byte> cut(std::vector<std::byte> file, std::size_t size) {
  file.resize(size);
  return file;
}

}  // namespace

TEST(DamagedFile, IsTooShort) {
  const auto file = raw_file(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "1234");
  EXPECT_EQ(complaint(cut(file, 0)),
            "m.safetensors: its size is 0 bytes; expected at least the 8 that hold the size of the header." + foreign);
  EXPECT_EQ(complaint(cut(file, 7)),
            "m.safetensors: its size is 7 bytes; expected at least the 8 that hold the size of the header." + foreign);
  EXPECT_EQ(complaint(cut(file, 20)),
            "m.safetensors: the size of its header is 54 bytes; expected at most the 12 that follow. The file is cut "
            "short or no "
            "safetensors file.");
  EXPECT_EQ(complaint(cut(file, file.size() - 1)),
            "m.safetensors: what follows the header is 3 bytes; expected 4 for its tensors. The file is cut short: "
            "copy or save it "
            "again.");
}

TEST(DamagedFile, HasSomethingBehindTheLastTensor) {
  EXPECT_EQ(entry_complaint(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})", "1234more"),
            "m.safetensors: what follows the header is 8 bytes; expected 4 for its tensors. Something was added "
            "behind the last "
            "tensor: copy or save it again.");
  EXPECT_THAT(complaint("{}", "x"), HasSubstr("what follows the header is 1 bytes; expected 0 for its tensors."));
}

TEST(DamagedFile, ClaimsAHugeHeader) {
  auto file = raw_file("{}");
  file[3] = std::byte{0x10};
  EXPECT_EQ(complaint(file),
            "m.safetensors: the size of its header is 268435458 bytes; expected at most 100000000." + foreign);
  file[7] = std::byte{0xFF};
  EXPECT_THAT(complaint(file), HasSubstr("the size of its header is 18374686479940059138 bytes"));
}

TEST(DamagedFile, IsOfAnotherKind) {
  std::string zip = "PK\x03\x04";
  zip.resize(100);
  const auto bytes = std::as_bytes(std::span(zip));
  EXPECT_EQ(complaint(std::vector<std::byte>(bytes.begin(), bytes.end())),
            "m.safetensors: the size of its header is 67324752 bytes; expected at most the 92 that follow. The file is "
            "cut short or "
            "no safetensors file.");
  EXPECT_EQ(complaint("[]"), "m.safetensors: the first character of its header is '['; expected '{'." + foreign);
  EXPECT_EQ(complaint(" {}"), "m.safetensors: the first character of its header is ' '; expected '{'." + foreign);
  EXPECT_EQ(complaint("\x1B[2J"),
            "m.safetensors: the first character of its header is '\\x1b'; expected '{'." + foreign);
  EXPECT_EQ(complaint(""), "m.safetensors: the first character of its header is missing; expected '{'." + foreign);
}

TEST(DamagedFile, HasAHeaderThatIsNotJson) {
  EXPECT_EQ(
      complaint("{\"a\":}"),
      "m.safetensors, header, line 1, column 6: this is not JSON: unexpected '}'; expected '[', '{', or a literal.");
  EXPECT_THAT(complaint("{} x"), HasSubstr("m.safetensors, header, line 1, column 4: this is not JSON"));
  EXPECT_THAT(complaint(std::string("{}\0\0", 4)),
              HasSubstr("header, line 1, column 3: there is a zero byte; expected text."));
  EXPECT_THAT(complaint("{\"\xFF\":1}"), HasSubstr("this is not JSON: invalid string: ill-formed UTF-8 byte"));
  EXPECT_THAT(complaint("{\"a\":[[[1]]]}"), HasSubstr("nested too deeply; expected at most 3 inside one another."));
  EXPECT_THAT(complaint("{\"a\":" + std::string(1'000'000, '[')), HasSubstr("nested too deeply"));
}

TEST(DamagedFile, NamesSomethingTwice) {
  const std::string entry = R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  EXPECT_EQ(complaint("{\"a\":" + entry + ",\"a\":" + entry + "}", "x"),
            "m.safetensors, header, line 1, column 56: key 'a' is given twice; expected each key once. Remove one of "
            "the two.");
  EXPECT_THAT(entry_complaint(R"({"dtype":"U8","shape":[1],"data_offsets":[0,1],"dtype":"U8"})", "x"),
              HasSubstr("key 'dtype' is given twice"));
  EXPECT_THAT(complaint(R"({"__metadata__":{"k":"1","k":"1"}})"), HasSubstr("key 'k' is given twice"));
  EXPECT_THAT(complaint(R"({"__metadata__":{},"__metadata__":{}})"), HasSubstr("key '__metadata__' is given twice"));
}

TEST(DamagedFile, HasMetadataThatIsNotText) {
  EXPECT_EQ(complaint(R"({"__metadata__":{"k":1}})"),
            "m.safetensors, __metadata__: key 'k' is 1; expected text in double quotes.");
  EXPECT_EQ(complaint(R"({"__metadata__":null})"),
            "m.safetensors, __metadata__: the whole is null; expected an object.");
  EXPECT_EQ(complaint(R"({"__metadata__":{"k":{}}})"),
            "m.safetensors, __metadata__: key 'k' is an object; expected text in double quotes.");
}

TEST(DamagedFile, HasAnEntryOfTheWrongForm) {
  EXPECT_EQ(entry_complaint("7"), in_a + "the whole is 7; expected an object.");
  EXPECT_EQ(entry_complaint(R"({"dtype":"U8","shape":[1]})", "x"),
            in_a + "key 'data_offsets' is missing; expected a list, each an integer ≥ 0.");
  EXPECT_EQ(entry_complaint(R"({"shape":[1],"data_offsets":[0,1]})", "x"),
            in_a +
                "key 'dtype' is missing; expected a name in double quotes. Known are 'BOOL', 'U8', 'I8', 'I16', 'U16', "
                "'F16', "
                "'BF16', 'I32', 'U32', 'F32', 'F64', 'I64' or 'U64'.");
  EXPECT_EQ(entry_complaint(R"({"dtype":"U8","data_offsets":[0,1]})", "x"),
            in_a + "key 'shape' is missing; expected a list, each an integer ≥ 0.");
  EXPECT_EQ(entry_complaint(R"({"dtype":"U8","shape":[1],"data_offsets":[0,1],"shap":1})", "x"),
            in_a + "key 'shap' is unknown; expected a known key. Did you mean 'shape'?");
  EXPECT_THAT(entry_complaint(R"({"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]})", "x"),
              HasSubstr(in_a + "key 'dtype' is \"F8_E4M3\"; expected a known name. Known are 'BOOL'"));
  EXPECT_THAT(entry_complaint(R"({"dtype":"f32","shape":[1],"data_offsets":[0,4]})", "1234"),
              HasSubstr("key 'dtype' is \"f32\"; expected a known name."));
  EXPECT_EQ(entry_complaint(R"({"dtype":"F32","shape":[1],"data_offsets":[0]})", "1234"),
            in_a + "key 'data_offsets' is a list of 1; expected its first byte and the one behind its last." + damaged);
  EXPECT_EQ(entry_complaint(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4,8]})", "1234"),
            in_a + "key 'data_offsets' is a list of 3; expected its first byte and the one behind its last." + damaged);
}

TEST(DamagedFile, HasNumbersThatAreNoSizes) {
  EXPECT_EQ(entry_complaint(R"({"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]})", "1234"),
            in_a + "key 'shape[0]' is -1; expected an integer ≥ 0.");
  EXPECT_EQ(entry_complaint(R"({"dtype":"F32","shape":[1,1.0],"data_offsets":[0,4]})", "1234"),
            in_a + "key 'shape[1]' is 1.0; expected an integer ≥ 0.");
  EXPECT_EQ(entry_complaint(R"({"dtype":"F32","shape":["1"],"data_offsets":[0,4]})", "1234"),
            in_a + "key 'shape[0]' is \"1\"; expected an integer ≥ 0.");
  EXPECT_EQ(entry_complaint(R"({"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]})", "1234"),
            in_a + "key 'data_offsets[1]' is 18446744073709551615; expected an integer ≥ 0.");
  EXPECT_THAT(entry_complaint(R"({"dtype":"F32","shape":[1],"data_offsets":[0,36893488147419103232]})", "1234"),
              HasSubstr("integer 36893488147419103232 does not fit into 64 bits"));
}

TEST(DamagedFile, HasASizeThatOverflows) {
  const std::string too_large = "; expected at most 2^63 - 1 bytes." + damaged;
  EXPECT_EQ(entry_complaint(R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]})"),
            in_a + "its type and shape is F32 [4611686018427387904, 4]" + too_large);
  EXPECT_EQ(entry_complaint(R"({"dtype":"F64","shape":[1152921504606846976],"data_offsets":[0,0]})"),
            in_a + "its type and shape is F64 [1152921504606846976]" + too_large);
  // Nothing is stored, but the strides of its dimensions would overflow.
  EXPECT_EQ(entry_complaint(R"({"dtype":"U8","shape":[0,9223372036854775807,2],"data_offsets":[0,0]})"),
            in_a + "its type and shape is U8 [0, 9223372036854775807, 2]" + too_large);
}

TEST(DamagedFile, HasBytesThatDoNotFitTheShape) {
  EXPECT_EQ(entry_complaint(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})", "12345678"),
            in_a + "its range of bytes is 0 to 8; expected 12 bytes for F32 [3]." + damaged);
  EXPECT_EQ(entry_complaint(R"({"dtype":"F32","shape":[],"data_offsets":[0,8]})", "12345678"),
            in_a + "its range of bytes is 0 to 8; expected 4 bytes for F32 []." + damaged);
  EXPECT_EQ(entry_complaint(R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})", "1234"),
            in_a + "its range of bytes is 4 to 0; expected 4 bytes for F32 [1]." + damaged);
}

TEST(DamagedFile, HasTensorsThatOverlapOrLeaveGaps) {
  const auto two = [](const std::string& first, const std::string& second) {
    return complaint(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":)" + first +
                         R"(},"b":{"dtype":"F32","shape":[2],"data_offsets":)" + second + "}}",
                     std::string(24, 'x'));
  };
  EXPECT_EQ(two("[0,8]", "[4,12]"),
            "m.safetensors, tensor 'b': its first byte is 4; expected 8, where tensor 'a' ends (no gap, no overlap)." +
                damaged);
  EXPECT_EQ(two("[0,8]", "[0,8]"),
            "m.safetensors, tensor 'b': its first byte is 0; expected 8, where tensor 'a' ends (no gap, no overlap)." +
                damaged);
  EXPECT_EQ(two("[12,20]", "[0,8]"),
            "m.safetensors, tensor 'a': its first byte is 12; expected 8, where tensor 'b' ends (no gap, no overlap)." +
                damaged);
  EXPECT_EQ(two("[4,12]", "[12,20]"), "m.safetensors, tensor 'a': its first byte is 4; expected 0." + damaged);
  EXPECT_THAT(two("[0,8]", "[8,16]"), HasSubstr("what follows the header is 24 bytes; expected 16 for its tensors."));
  EXPECT_THAT(two("[16,24]", "[24,32]"), HasSubstr("tensor 'a': its first byte is 16; expected 0."));
}

TEST(DamagedFile, HasABooleanThatIsNone) {
  EXPECT_EQ(entry_complaint(R"({"dtype":"BOOL","shape":[3],"data_offsets":[0,3]})", std::string("\1\0\2", 3)),
            in_a + "element 2 is 2; expected 0 or 1." + damaged);
}

TEST(DamagedFile, HasAHostileName) {
  const std::string message = complaint("{\"\\u001b[2J" + std::string(10'000, 'x') + "\":7}");
  EXPECT_THAT(message, HasSubstr("tensor '\\x1b[2Jxxx"));
  EXPECT_LT(message.size(), 300u);
}

TEST(DamagedFile, OnDiskIsNamedByItsPath) {
  const TemporaryFolder folder;
  const auto path = folder / "policy.safetensors";
  const auto file = raw_file(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "12");
  std::ofstream(path, std::ios::binary) << text_of(file);
  EXPECT_EQ(message_of<FormatError>([&] { read_safetensors(path); }),
            path.string() +
                ": what follows the header is 2 bytes; expected 4 for its tensors. The file is cut short: copy or "
                "save it again.");
  EXPECT_THAT(message_of<FileError>([&] { read_safetensors(folder / "none"); }),
              EndsWith("none: cannot be opened (No such file or directory). Check the name and its permissions."));
  EXPECT_THAT(message_of<FileError>([&] { read_safetensors(folder.path()); }),
              HasSubstr("it is a folder; expected a regular file"));
}

TEST(DamagedFile, OnDiskTakesNoMemoryForWhatItClaims) {
  // 1 TiB of nothing behind a header for four bytes: read at all, it would not come to an end.
  const TemporaryFolder folder;
  const auto path = folder / "policy.safetensors";
  const auto file = raw_file(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "1234");
  std::ofstream(path, std::ios::binary) << text_of(file);
  std::filesystem::resize_file(path, std::uintmax_t{1} << 40);
  EXPECT_THAT(message_of<FormatError>([&] { read_safetensors(path); }),
              HasSubstr("what follows the header is 1099511627714 bytes; expected 4 for its tensors."));
}

// .npy and .npz files: those in tests/data/arrays were written by NumPy (tests/data/make_arrays.py).

#include "elegans/train/npy.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "elegans/base/error.hpp"
#include "elegans/base/read_file.hpp"
#include "elegans/train/npz.hpp"
#include "support/temporary_folder.hpp"
#include "train_data/message_of.hpp"

namespace elegans::train {
namespace {

using elegans::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::filesystem::path arrays = std::filesystem::path(ELEGANS_SOURCE_DIR) / "tests/data/arrays";

NumpyArray parse(const std::string& bytes) { return parse_npy(std::as_bytes(std::span(bytes)), "a.npy"); }
std::string refused(const std::string& bytes) {
  return message_of<FormatError>([&] { parse(bytes); });
}

// A file of version 1.0 with this dictionary, and as much data as told.
std::string npy(const std::string& header, std::size_t data) {
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xffU);
  bytes += static_cast<char>(header.size() >> 8U);
  return bytes + header + std::string(data, '\0');
}

TEST(Npy, ReadsNumbersOfEveryWidthAndOrder) {
  for (const char* kind : {"le_f8", "be_f8", "le_f4", "be_f4", "le_f2", "be_f2"}) {
    const NumpyArray a = read_npy(arrays / ("table_" + std::string(kind) + ".npy"));
    EXPECT_THAT(a.shape, ElementsAre(2, 3)) << kind;
    EXPECT_THAT(a.values, ElementsAre(0, 2.5, 5, 7.5, 10, 12.5)) << kind;
    EXPECT_FALSE(a.holds_integers());
  }
  for (const char* kind : {"i1", "le_i2", "be_i2", "le_i4", "le_i8", "be_i8", "u1", "le_u2", "be_u4", "le_u8"}) {
    const NumpyArray a = read_npy(arrays / ("table_" + std::string(kind) + ".npy"));
    EXPECT_THAT(a.values, ElementsAre(0, 2, 5, 7, 10, 12)) << kind;
    EXPECT_TRUE(a.holds_integers()) << kind;
  }
  EXPECT_THAT(read_npy(arrays / "booleans.npy").values, ElementsAre(1, 0, 1));
}

TEST(Npy, ReadsHalves) {
  const std::vector<double> v = read_npy(arrays / "halves.npy").values;
  EXPECT_THAT(std::span(v).first(9),
              ElementsAre(0, 0, 1, -2.5, 65504, std::ldexp(1, -24), std::ldexp(1, -14),
                          std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()));
  EXPECT_TRUE(std::signbit(v[1]));
  EXPECT_TRUE(std::isnan(v[9]));
}

TEST(Npy, TurnsTheOrderOfFortran) {
  const NumpyArray a = read_npy(arrays / "fortran.npy");
  EXPECT_THAT(a.shape, ElementsAre(2, 3, 4));
  for (std::size_t i = 0; i < 24; ++i) EXPECT_EQ(a.values[i], static_cast<double>(i));
}

TEST(Npy, ReadsText) {
  EXPECT_THAT(read_npy(arrays / "text.npy").texts, ElementsAre("walk", "", "Δt", "\xf0\x9f\x98\x80run"));
  EXPECT_THAT(read_npy(arrays / "big_endian_text.npy").texts, ElementsAre("walk", "Δt"));
  EXPECT_THAT(read_npy(arrays / "bytes.npy").texts, ElementsAre("walk", "run"));
}

TEST(Npy, ReadsScalarsEmptyArraysAndEveryVersion) {
  const NumpyArray scalar = read_npy(arrays / "scalar.npy");
  EXPECT_THAT(scalar.shape, IsEmpty());
  EXPECT_THAT(scalar.values, ElementsAre(3.5));
  const NumpyArray empty = read_npy(arrays / "empty.npy");
  EXPECT_THAT(empty.shape, ElementsAre(0, 3));
  EXPECT_THAT(empty.values, IsEmpty());
  for (const char* name : {"version_2.npy", "version_3.npy"})
    EXPECT_THAT(read_npy(arrays / name).values, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(parse(npy("{'shape': (2L,), 'fortran_order': False, 'descr': '|u1'}\n", 2)).shape, ElementsAre(2))
      << "as Python 2 wrote it, keys in any order";
}

TEST(Npy, WritesWhatItReads) {
  const TemporaryFolder folder;
  for (const std::vector<std::size_t>& shape : {std::vector<std::size_t>{2, 3}, {6}, {1, 6, 1}}) {
    const std::array<double, 6> values{0.1, -2, 3e300, std::numeric_limits<double>::quiet_NaN(), 5, 6};
    write_npy(folder / "a.npy", shape, values);
    const NumpyArray a = read_npy(folder / "a.npy");
    EXPECT_EQ(a.shape, shape);
    EXPECT_EQ(std::memcmp(a.values.data(), values.data(), sizeof(values)), 0);
    EXPECT_EQ((std::filesystem::file_size(folder / "a.npy") - sizeof(values)) % 64, 0U) << "NumPy maps aligned data";
  }
  EXPECT_EQ(message_of<ShapeError>([&] {
              write_npy(folder / "a.npy", {2, 2}, std::array{1.0});
            }),
            "write_npy: the number of values is 1; expected 4, those of shape [2, 2].");
}

// ELEGANS_PYTHON, or what scripts/install-python makes, has NumPy; else this skips.
TEST(Npy, NumPyReadsWhatIsWritten) {
  const TemporaryFolder folder;
  write_npy(folder / "a.npy", {2, 2}, std::array{1.5, -2.0, 3.0, 1e-300});
  const char* named = std::getenv("ELEGANS_PYTHON");
  const std::string made = ELEGANS_SOURCE_DIR "/build/python/bin/python3";
  const std::string python = named != nullptr ? named : std::filesystem::exists(made) ? made : "python3";
  if (std::system((python + " -c 'import numpy' 2>/dev/null").c_str()) != 0)
    GTEST_SKIP() << "needs Python with NumPy: run scripts/install-python, or name its program in ELEGANS_PYTHON";
  const std::string script =
      "import sys, numpy; a = numpy.load(sys.argv[1]); "
      "sys.exit(not (a.dtype == float and a.tolist() == [[1.5, -2.0], [3.0, 1e-300]]))";
  EXPECT_EQ(std::system((python + " -c '" + script + "' " + (folder / "a.npy").string()).c_str()), 0);
}

TEST(NpyErrors, DtypesThatAreNoNumbers) {
  const auto message = [](const char* name) {
    const std::string text = message_of<FormatError>([&] { read_npy(arrays / name); });
    return text.substr(text.find(name));
  };
  EXPECT_EQ(message("objects.npy"),
            "objects.npy, header: the dtype is '|O'; expected f2, f4, f8, i1 … i8, u1 … u8, b1, U or S. Python objects "
            "would have to be run, so they are not read: save numbers, or text as numpy.str_.");
  EXPECT_EQ(message("structure.npy"),
            "structure.npy, header: the dtype is a structure; expected one of numbers or text. Save each field as an "
            "array of its own.");
  EXPECT_THAT(message("complex.npy"), HasSubstr("the dtype is '<c16'"));
  EXPECT_THAT(message("dates.npy"), HasSubstr("Save seconds: times.astype('datetime64[ns]').astype('int64') / 1e9."));
  EXPECT_EQ(message("too_large.npy"),
            "too_large.npy: item 3 is 9007199254740993; expected an integer within ±2^53, which a double can hold. "
            "Subtract an origin, or save it as float64 where rounding does no harm.");
}

TEST(NpyErrors, TheFile) {
  const std::string damaged = " The file is damaged, or was not written by numpy.save.";
  EXPECT_EQ(refused(""), "a.npy: the file is cut off in its header; expected a .npy file. Copy or save it again.");
  EXPECT_EQ(refused("PK\x03\x04 and more"),
            "a.npy: its first bytes is 'PK\\x03\\x04 a'; expected those of a .npy file, '\\x93NUMPY'. Save it with "
            "numpy.save.");
  EXPECT_EQ(refused(std::string("\x93NUMPY\x04\x00\x10\x00", 10)),
            "a.npy: its format version is 4.0; expected 1.0, 2.0 or 3.0." + damaged);
  EXPECT_THAT(refused(std::string("\x93NUMPY\x01\x00\x10\x00", 10)), HasSubstr("cut off in its header"));
  EXPECT_EQ(refused(std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12)),
            "a.npy: its header is 4294967295 bytes long; expected at most 1048576." + damaged);
  const std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n";
  EXPECT_EQ(
      refused(npy(header, 40)),
      "a.npy: its data for shape [2, 3] of '<f8' is 40 bytes long; expected 48. The file was cut off: copy or save "
      "it again.");
  EXPECT_EQ(refused(npy(header, 49)),
            "a.npy: its data for shape [2, 3] of '<f8' is 49 bytes long; expected 48." + damaged);
  const auto shape = [](const std::string& text) {
    return refused(npy("{'descr': '<f8', 'fortran_order': False, 'shape': " + text + "}", 8));
  };
  EXPECT_EQ(shape("(4611686018427387904, 4)"),
            "a.npy: its shape [4611686018427387904, 4] is more than a file can hold; expected the 8 bytes that are "
            "there." +
                damaged);
  EXPECT_THAT(shape("(99999999999999999999999,)"), HasSubstr("expected a size that this machine can count"));
  EXPECT_THAT(shape("(1)"), HasSubstr("expected a tuple, which a comma ends: (3,)"));
  EXPECT_THAT(shape("(-1,)"), HasSubstr("character 52 is '-1,)}'; expected a whole number, 0 or more"));
  EXPECT_THAT(shape("(1,"), HasSubstr("is '}'; expected a whole number"));
  EXPECT_THAT(shape("[1]"), HasSubstr("is '[1]}'; expected '('"));
}

TEST(NpyErrors, Headers) {
  const auto header = [](const std::string& text) { return refused(npy(text, 0)); };
  const std::string rest = "'fortran_order': False, 'shape': (0,)}";
  EXPECT_THAT(header("x"), HasSubstr("a.npy, header: character 1 is 'x'; expected '{'"));
  EXPECT_THAT(header("{descr: 1}"), HasSubstr("expected text in quotes"));
  EXPECT_THAT(header("{'descr"), HasSubstr("expected text in quotes"));
  EXPECT_THAT(header("{}"), HasSubstr("the key 'descr' is missing"));
  EXPECT_THAT(header("{'desc': '<f8', " + rest), HasSubstr("the key 'desc' is unknown; expected 'descr'"));
  EXPECT_THAT(header("{'descr': '<f8', 'descr': '<f8', " + rest), HasSubstr("the key 'descr' is there twice"));
  EXPECT_THAT(header("{'descr': '<f8', 'fortran_order': 0, 'shape': ()}"), HasSubstr("expected True or False"));
  EXPECT_THAT(header("{'descr': '<f8', " + rest + "x"), HasSubstr("expected blanks and a line end"));
  EXPECT_THAT(header("{'descr': '<f3', " + rest), HasSubstr("the dtype is '<f3'"));
  EXPECT_THAT(header("{'descr': '<U0', " + rest), HasSubstr("the dtype is '<U0'")) << "items of no bytes are endless";
  EXPECT_THAT(header("{'descr': 'f8', " + rest), HasSubstr("the dtype is 'f8'"));
  EXPECT_THAT(header("{'descr': '', " + rest), HasSubstr("the dtype is ''"));
  std::string bad =
      npy("{'descr': '<U1', 'fortran_order': False, 'shape': (1,)}", 0) + std::string("\x00\xd8\x00\x00", 4);
  EXPECT_THAT(refused(bad), HasSubstr("item 0 is text with the code 0xd800; expected Unicode"));
  bad = npy("{'descr': '|S1', 'fortran_order': False, 'shape': (1,)}", 0) + "\xff";
  EXPECT_THAT(refused(bad), HasSubstr("item 0 is '\\xff'; expected text in UTF-8"));
}

class Npz : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!reads_npz()) GTEST_SKIP() << "built without libzip";
  }
  static std::string contents(const char* name) { return read_file(arrays / name, 1 << 20); }
  static std::string refuse(const std::string& bytes, const NpzOptions& options = {}) {
    return message_of<Error>([&] { parse_npz(std::as_bytes(std::span(bytes)), "a.npz", options); });
  }
};

TEST_F(Npz, ReadsStoredAndCompressedArrays) {
  for (const char* name : {"stored.npz", "deflated.npz"}) {
    const std::vector<NamedArray> found = read_npz(arrays / name);
    ASSERT_EQ(found.size(), 5U) << name;
    EXPECT_EQ(found[0].name, "x");
    EXPECT_THAT(found[0].array.shape, ElementsAre(2, 3, 2));
    EXPECT_EQ(found[0].array.values[4], 3);
    EXPECT_THAT(found[1].array.texts, ElementsAre("walk", "run"));
    EXPECT_EQ(found[4].name, "features");
  }
}

TEST_F(Npz, TakesNoMoreMemoryThanItMay) {
  EXPECT_THAT(refuse(contents("deflated.npz"), {.max_bytes = 95}),
              HasSubstr("a.npz, array 'x': the memory it takes is 12 items of 8 bytes; expected at most 95 bytes"));
  EXPECT_THAT(refuse(contents("deflated.npz"), {.max_bytes = 100}), HasSubstr("array 'y': the memory it takes"));
}

TEST_F(Npz, RefusesWhatIsNoArchiveOfArrays) {
  EXPECT_THAT(refuse(""), HasSubstr("a.npz: the archive holds no array; expected"));
  EXPECT_THAT(refuse("not a zip"), HasSubstr("expected one that numpy.savez wrote"));
  EXPECT_THAT(message_of<FileError>([] { read_npz(arrays / "absent.npz"); }), HasSubstr("absent.npz"));
  EXPECT_THAT(message_of<FormatError>([] { read_npz(arrays / "scalar.npy"); }), HasSubstr("no archive"));
  const std::string good = contents("stored.npz");
  const auto renamed = [&](const std::string& from, const std::string& to) {
    std::string bytes = good;
    for (auto at = bytes.find(from); at != bytes.npos; at = bytes.find(from, at + 1))
      bytes.replace(at, from.size(), to);
    return bytes;
  };
  EXPECT_THAT(refuse(renamed("t.npy", "x.npy")), HasSubstr("no archive that can be read (File already exists)"));
  EXPECT_THAT(refuse(renamed("t.npy", "t.txt")),
              HasSubstr("the entry is 't.txt'; expected a name in UTF-8 that ends in "
                        "'.npy'"));
  // A number changed: the checksum tells. A shape changed, too.
  std::string changed = good;
  changed[good.find("NUMPY") + 130] ^= 1;
  EXPECT_THAT(refuse(changed), HasSubstr("a.npz, array 'x': it is damaged ("));
  EXPECT_THAT(refuse(renamed("(2, 3, 2)", "(2, 3, 9)")),
              HasSubstr("its data for shape [2, 3, 9] of '<f8' is 96 bytes"));
}

TEST_F(Npz, RefusesASizeThatNothingCompressedCanBecome) {
  // The 224 bytes of x become 2^28, wherever the archive tells of them.
  std::string bytes = contents("deflated.npz");
  const std::string told("\xe0\x00\x00\x00", 4), claimed("\x00\x00\x00\x10", 4);
  for (auto at = bytes.find(told); at != bytes.npos; at = bytes.find(told, at + 1)) bytes.replace(at, 4, claimed);
  EXPECT_THAT(refuse(bytes),
              ::testing::ContainsRegex("a.npz, array 'x': its size is 268435456 bytes out of [0-9]+; expected "
                                       "at most 1032 times as many"));
}

TEST_F(Npz, DoesNotBelieveAnySize) {
  // Whatever byte of the archive is changed, there is an error or the same arrays.
  const std::string good = contents("deflated.npz");
  const auto expected = parse_npz(std::as_bytes(std::span(good)), "a.npz");
  for (std::size_t i = 0; i < good.size(); ++i)
    for (const int change : {1, 128, 255}) {
      std::string bytes = good;
      bytes[i] = static_cast<char>(bytes[i] ^ change);
      try {
        const auto found = parse_npz(std::as_bytes(std::span(bytes)), "a.npz", {.max_bytes = 1 << 20});
        ASSERT_EQ(found.size(), expected.size()) << "byte " << i;
        for (std::size_t a = 0; a < found.size(); ++a)
          ASSERT_EQ(found[a].array.shape, expected[a].array.shape) << "byte " << i;
      } catch (const InternalError&) {
        throw;
      } catch (const Error&) {
      }
    }
}

}  // namespace
}  // namespace elegans::train

#include "elegans/base/read_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <fstream>
#include <thread>

#include "elegans/base/error.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

using namespace elegans;
using elegans::testing::message_of;
using elegans::testing::TemporaryFolder;
using ::testing::EndsWith;
using ::testing::StartsWith;

namespace {

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace

TEST(ReadFile, ReadsTheWholeFileUpToTheLimit) {
  const TemporaryFolder folder;
  for (const std::size_t size : {0, 1, 65535, 65536, 65537, 200000}) {
    const std::string text(size, 'x');
    write(folder / "a", text);
    EXPECT_EQ(read_file(folder / "a", size), text);
  }
}

TEST(ReadFile, RefusesMoreThanTheLimit) {
  const TemporaryFolder folder;
  write(folder / "a", "12345");
  EXPECT_THAT(message_of<FileError>([&] { read_file(folder / "a", 4); }),
              EndsWith("a: its size is 5 bytes; expected at most 4 bytes. Is it the file that was meant?"));
}

TEST(ReadFile, TakesNoMemoryForAFileThatOnlyClaimsToBeLarge) {
  const TemporaryFolder folder;
  write(folder / "a", "");
  std::filesystem::resize_file(folder / "a", std::uintmax_t{1} << 42);  // 4 TiB of nothing
  EXPECT_THAT(
      message_of<FileError>([&] { read_file(folder / "a", 1 << 20); }),
      EndsWith("a: its size is 4398046511104 bytes; expected at most 1048576 bytes. Is it the file that was meant?"));
}

TEST(ReadFile, ReadsAPipeUpToTheLimit) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const auto read_from_pipe = [&](const std::string& text, std::uint64_t limit) {
    std::thread writer([&] { write(folder / "pipe", text); });
    struct Join {
      std::thread& thread;
      ~Join() { thread.join(); }
    } join{writer};
    return read_file(folder / "pipe", limit);
  };
  EXPECT_EQ(read_from_pipe("through a pipe", 100), "through a pipe");
  EXPECT_THAT(
      message_of<FileError>([&] { read_from_pipe("12345", 4); }),
      EndsWith("pipe: its size is more than 4 bytes; expected at most 4 bytes. Is it the file that was meant?"));
}

TEST(ReadFile, NamesWhatCannotBeRead) {
  const TemporaryFolder folder;
  EXPECT_EQ(message_of<FileError>([&] { read_file(folder / "none", 10); }),
            (folder / "none").string() +
                ": cannot be opened (No such file or directory). Check the name and its permissions.");
  EXPECT_THAT(message_of<FileError>([&] { read_file(folder.path(), 10); }),
              EndsWith("cannot be read (Is a directory). Give the name of a file that can be read."));
}

TEST(FileReader, ReadsPieceByPieceAndSaysWhereTheFileEnds) {
  const TemporaryFolder folder;
  write(folder / "a", "0123456789");
  FileReader file(folder / "a");
  EXPECT_EQ(file.size(), 10u);
  std::string piece(4, ' ');
  file.read(std::as_writable_bytes(std::span(piece)));
  EXPECT_EQ(piece, "0123");
  file.read(std::as_writable_bytes(std::span(piece)));
  EXPECT_EQ(piece, "4567");
  EXPECT_THAT(
      message_of<FileError>([&] { file.read(std::as_writable_bytes(std::span(piece))); }),
      EndsWith(
          "a: the file is 2 bytes shorter than when it was opened; expected a file that nobody is writing. Read it "
          "again when it is complete."));
}

TEST(FileReader, RefusesFoldersAndDevices) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of<FileError>([&] { FileReader reader(folder.path()); }),
              EndsWith("it is a folder; expected a regular file. Give the name of a file."));
  EXPECT_THAT(message_of<FileError>([] { FileReader reader("/dev/null"); }),
              StartsWith("/dev/null: it is no regular file; expected a regular file."));
}

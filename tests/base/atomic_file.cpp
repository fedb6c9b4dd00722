#include "elegans/base/atomic_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <fstream>
#include <functional>

#include "elegans/base/error.hpp"
#include "elegans/base/read_file.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

using namespace elegans;
using elegans::testing::message_of;
using elegans::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

namespace {

constexpr std::uint64_t plenty = 1 << 20;

mode_t mode_of(const std::filesystem::path& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  return info.st_mode & 07777;
}

// What `call`, run in a child process, throws: its message; "nothing" where it throws nothing, "killed by N" where it
// dies.
std::string in_child(const std::function<void()>& call) {
  int ends[2];
  if (::pipe(ends) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    std::string outcome = "nothing";
    try {
      call();
    } catch (const std::exception& error) {
      outcome = error.what();
    }
    const auto written = ::write(ends[1], outcome.data(), outcome.size());
    ::_exit(written == static_cast<ssize_t>(outcome.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string outcome;
  char buffer[4096];
  for (ssize_t count = 0; (count = ::read(ends[0], buffer, sizeof buffer)) > 0;) outcome.append(buffer, count);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? "killed by " + std::to_string(WTERMSIG(status)) : outcome;
}

// Gives up the rights of root, to whom every folder is writable.
void become_nobody() {
  constexpr uid_t nobody = 65534;
  if (::getuid() == 0 && (::setgid(nobody) != 0 || ::setuid(nobody) != 0)) throw std::runtime_error("still root");
}

}  // namespace

TEST(WriteFileAtomically, WritesANewFileAndReplacesAnOldOne) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a.txt", "first");
  EXPECT_EQ(read_file(folder / "a.txt", plenty), "first");
  const std::byte bytes[] = {std::byte{0}, std::byte{255}};
  write_file_atomically(folder / "a.txt", bytes);
  EXPECT_EQ(read_file(folder / "a.txt", plenty), std::string("\0\xFF", 2));
  write_file_atomically(folder / "empty", "");
  EXPECT_EQ(read_file(folder / "empty", plenty), "");
  EXPECT_THAT(folder.names(), ElementsAre("a.txt", "empty"));
}

TEST(WriteFileAtomically, AppendsWhatTheCallbackHandsOver) {
  const TemporaryFolder folder;
  const std::string piece(300000, 'x');
  write_file_atomically(folder / "a", [&](const ByteSink& put) {
    for (int i = 0; i < 3; ++i) put(std::as_bytes(std::span(piece)));
    put(std::as_bytes(std::span("end", 3)));
    EXPECT_FALSE(std::filesystem::exists(folder / "a")) << "the name must not appear before the file is whole";
  });
  EXPECT_EQ(read_file(folder / "a", plenty), piece + piece + piece + "end");
}

TEST(WriteFileAtomically, WritesIntoTheCurrentFolder) {
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  write_file_atomically("plain.txt", "here");
  std::filesystem::current_path(before);
  EXPECT_EQ(read_file(folder / "plain.txt", plenty), "here");
}

TEST(WriteFileAtomically, TakesNamesAsLongAsTheSystemAllows) {
  const TemporaryFolder folder;
  const std::string name(255, 'n');
  write_file_atomically(folder / name, "long");
  EXPECT_EQ(read_file(folder / name, plenty), "long");
}

TEST(WriteFileAtomically, KeepsPermissionsAndFollowsTheUmask) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(027);
  write_file_atomically(folder / "a", "1");
  ::umask(before);
  EXPECT_EQ(mode_of(folder / "a"), 0640u);
  ::chmod((folder / "a").c_str(), 0604);
  write_file_atomically(folder / "a", "2");
  EXPECT_EQ(mode_of(folder / "a"), 0604u);
}

TEST(WriteFileAtomically, FollowsASymbolicLink) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "real");
  write_file_atomically(folder / "real/a", "old");
  std::filesystem::create_symlink("real/a", folder / "link");
  write_file_atomically(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "real/a", plenty), "new");

  std::filesystem::create_symlink("nowhere", folder / "dangling");
  EXPECT_THAT(
      message_of<FileError>([&] { write_file_atomically(folder / "dangling", "x"); }),
      EndsWith(
          "dangling: is a symbolic link that leads nowhere (No such file or directory). Remove or mend the link."));
}

TEST(WriteFileAtomically, LeavesTheOldFileWhereTheCallbackThrows) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", "old");
  EXPECT_THROW(write_file_atomically(folder / "a",
                                     [](const ByteSink& put) {
                                       put(std::as_bytes(std::span("half", 4)));
                                       throw std::range_error("stop");
                                     }),
               std::range_error);
  EXPECT_EQ(read_file(folder / "a", plenty), "old");
  EXPECT_THAT(folder.names(), ElementsAre("a"));
}

TEST(WriteFileAtomically, NamesAFolderThatIsTheTarget) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "models");
  EXPECT_EQ(message_of<FileError>([&] { write_file_atomically(folder / "models", "x"); }),
            (folder / "models").string() +
                ": it is a folder; expected the name of a file. Give the name of a regular file or of one that does "
                "not exist yet.");
  EXPECT_THAT(folder.names(), ElementsAre("models"));
}

TEST(WriteFileAtomically, NeverReplacesADevice) {
  EXPECT_THAT(message_of<FileError>([] { write_file_atomically("/dev/null", "x"); }),
              StartsWith("/dev/null: it is no regular file; expected the name of a file."));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(WriteFileAtomically, NamesAMissingFolder) {
  const TemporaryFolder folder;
  EXPECT_EQ(
      message_of<FileError>([&] { write_file_atomically(folder / "none/a", "x"); }),
      (folder / "none/a").string() +
          ": cannot be written, for no file can be made in its folder (No such file or directory). Make sure that '" +
          (folder / "none").string() + "' exists and may be written to.");
}

TEST(WriteFileAtomically, NamesAFolderWithoutPermission) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", "old");
  ::chmod(folder.path().c_str(), 0555);
  const std::string message = in_child([&] {
    become_nobody();
    write_file_atomically(folder / "a", "new");
  });
  ::chmod(folder.path().c_str(), 0755);
  EXPECT_THAT(message, HasSubstr("no file can be made in its folder (Permission denied). Make sure that"));
  EXPECT_EQ(read_file(folder / "a", plenty), "old");
}

TEST(WriteFileAtomically, LeavesTheOldFileWhereTheDiskTakesNoMore) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", "old");
  const std::string message = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 1000, .rlim_max = 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    write_file_atomically(folder / "a", std::string(2000, 'x'));
  });
  EXPECT_THAT(message,
              EndsWith("a: cannot be written (File too large). It was left as it was. Check the free space and the "
                       "permissions."));
  EXPECT_EQ(read_file(folder / "a", plenty), "old");
  EXPECT_THAT(folder.names(), ElementsAre("a"));
}

TEST(WriteFileAtomically, LeavesTheOldFileWhereTheProcessIsKilled) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", "old");
  const std::string outcome = in_child([&] {
    write_file_atomically(folder / "a", [](const ByteSink& put) {
      put(std::as_bytes(std::span("new and whole", 13)));
      ::raise(SIGKILL);  // all is written, nothing renamed
    });
  });
  EXPECT_EQ(outcome, "killed by 9");
  EXPECT_EQ(read_file(folder / "a", plenty), "old");
  // Where the system knows files without names, nothing is left behind.
#ifdef O_TMPFILE
  const int nameless = ::open(folder.path().c_str(), O_WRONLY | O_TMPFILE, 0666);
  if (nameless >= 0) {
    ::close(nameless);
    EXPECT_THAT(folder.names(), ElementsAre("a"));
  }
#endif
  write_file_atomically(folder / "a", "next");
  EXPECT_EQ(read_file(folder / "a", plenty), "next");
}

TEST(RequireWritable, TellsBeforehandAndLeavesNoTrace) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", "old");
  EXPECT_NO_THROW(require_writable(folder / "a"));
  EXPECT_NO_THROW(require_writable(folder / "b"));
  EXPECT_EQ(read_file(folder / "a", plenty), "old");
  EXPECT_THAT(folder.names(), ElementsAre("a"));
  EXPECT_THROW(require_writable(folder / "no such folder" / "a"), FileError);
  EXPECT_THROW(require_writable(folder / "."), FileError);
}

TEST(WriteFileAtomically, PassesByWhatAKilledProcessOfItsNumberLeft) {
  const TemporaryFolder folder;
  for (int number = 0; number < 100; ++number) {
    std::ofstream(folder / (".elegans-" + std::to_string(::getpid()) + "-" + std::to_string(number) + ".tmp"))
        << "left";
  }
  write_file_atomically(folder / "a", "whole");
  EXPECT_EQ(read_file(folder / "a", plenty), "whole");
  EXPECT_EQ(folder.names().size(), 101u);
}

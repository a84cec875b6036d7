#include "engines/server/private_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "engines/error.h"
#include "engines/shm/leftovers.h"
#include "engines/shm/process_identity.h"
#include "tests/engines/server/processes.h"
#include "tests/engines/shm/own_temporary_folder.h"

namespace dictbench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;
using namespace std::chrono_literals;

std::vector<std::string> shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

// A server that says when it is ready, and serves nothing.
const std::vector<std::string> kSleeper = shell("echo ready; exec sleep 100");

bool ready(const PrivateServer& server) { return server.log_tail(1) == "ready"; }

void start_sleeper(PrivateServer& server) {
  server.start(kSleeper);
  server.wait_until([&] { return ready(server); }, 5s);
}

// Alive: neither gone nor a zombie.
bool exists(pid_t pid) {
  const auto identity = ProcessIdentity::of(pid);
  return identity && liveness(*identity) == Liveness::alive;
}

TEST(PrivateServer, LeavesNothingBehind) {
  std::filesystem::path directory;
  pid_t pid = 0;
  {
    PrivateServer server;
    start_sleeper(server);
    directory = server.directory();
    pid = server.pid();
    EXPECT_TRUE(exists(pid));
    EXPECT_TRUE(std::filesystem::exists(directory));
  }
  EXPECT_FALSE(exists(pid));
  EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST(PrivateServer, DirectoryIsClosedToOthers) {
  const PrivateServer server;
  struct stat info {};
  ASSERT_EQ(stat(server.directory().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0700u);
  EXPECT_EQ(std::filesystem::path(server.socket_path()).parent_path(), server.directory());
}

TEST(PrivateServer, SaysThatTheFolderForItsSocketIsTooDeep) {
  const OwnTemporaryFolder folder;
  const auto deep = folder.path() / std::string(60, 'x');
  std::filesystem::create_directory(deep);
  setenv("TMPDIR", deep.c_str(), 1);
  const PrivateServer server;
  EXPECT_THAT([&] { server.socket_path(); }, ThrowsMessage<Error>(HasSubstr("a Unix socket takes 107")));
}

TEST(PrivateServer, WritesWhoTheServerIs) {
  PrivateServer server;
  start_sleeper(server);
  std::string text;
  std::getline(std::ifstream(server.directory() / kServerIdentityFile), text);
  EXPECT_EQ(ProcessIdentity::parse(text), ProcessIdentity::of(server.pid()));
}

TEST(PrivateServer, SaysWhyTheServerEndedEarly) {
  PrivateServer server;
  server.start(shell("echo no luck today; exit 3"));
  try {
    server.wait_until([] { return false; }, 5s);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unavailable);
    EXPECT_THAT(error.what(), HasSubstr("exit code 3"));
    EXPECT_THAT(error.what(), HasSubstr("no luck today"));
  }
  EXPECT_EQ(server.pid(), 0);
}

TEST(PrivateServer, GivesUpOnAServerThatIsNeverReady) {
  PrivateServer server;
  server.start(kSleeper);
  const pid_t pid = server.pid();
  EXPECT_THROW(server.wait_until([] { return false; }, 20ms), Error);
  EXPECT_FALSE(exists(pid));
}

TEST(PrivateServer, SaysWhatCannotBeExecuted) {
  PrivateServer server;
  try {
    server.start({"/nonexistent/redis-server"});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unavailable);
    EXPECT_THAT(error.what(), HasSubstr("/nonexistent/redis-server: No such file"));
  }
  EXPECT_EQ(server.pid(), 0);
}

TEST(PrivateServer, StartsAgainAfterStop) {
  PrivateServer server;
  start_sleeper(server);
  const pid_t first = server.pid();
  server.stop();
  EXPECT_FALSE(exists(first));
  start_sleeper(server);
  EXPECT_TRUE(exists(server.pid()));
}

TEST(PrivateServer, KillsAServerThatWillNotEnd) {
  PrivateServer server;
  server.start(shell("trap '' TERM; echo ready; exec sleep 100"));
  server.wait_until([&] { return ready(server); }, 5s);
  const pid_t pid = server.pid();
  server.stop();
  EXPECT_FALSE(exists(pid));
}

TEST(PrivateServer, EndsAStoppedServer) {
  PrivateServer server;
  start_sleeper(server);
  const pid_t pid = server.pid();
  kill(pid, SIGSTOP);
  server.stop();
  EXPECT_FALSE(exists(pid));
}

TEST(PrivateServer, DiesWithItsKilledOwner) {
  int told[2];
  ASSERT_EQ(pipe2(told, O_CLOEXEC), 0);
  struct {
    pid_t pid;
    char directory[256];
  } message{};
  const pid_t owner = testing::fork_child([&] {
    PrivateServer server;
    start_sleeper(server);
    message.pid = server.pid();
    server.directory().string().copy(message.directory, sizeof message.directory - 1);
    if (write(told[1], &message, sizeof message) != sizeof message) return 1;
    for (;;) pause();
  });
  ASSERT_EQ(read(told[0], &message, sizeof message), static_cast<ssize_t>(sizeof message));
  close(told[0]);
  close(told[1]);
  const auto server = ProcessIdentity::of(message.pid);
  ASSERT_TRUE(server);
  kill(owner, SIGKILL);
  EXPECT_EQ(testing::exit_code(owner), -1);
  EXPECT_TRUE(testing::becomes_true([&] { return liveness(*server) == Liveness::dead; }));
  std::filesystem::remove_all(message.directory);  // the next run's clean-up would
}

TEST(PrivateServer, AForkedChildEndsNothing) {
  auto server = std::make_unique<PrivateServer>();
  start_sleeper(*server);
  const pid_t child = testing::fork_child([&] {
    server.reset();
    return 0;
  });
  EXPECT_EQ(testing::exit_code(child), 0);
  EXPECT_TRUE(exists(server->pid()));
  EXPECT_TRUE(std::filesystem::exists(server->directory()));
}

TEST(PrivateServer, InheritsNoDescriptorButItsOwn) {
  constexpr int kOurs = 77;
  ASSERT_EQ(dup2(STDERR_FILENO, kOurs), kOurs);  // without close-on-exec
  PrivateServer server;
  server.start(shell("echo /proc/$$/fd/*; echo ready; exec sleep 100"));
  server.wait_until([&] { return ready(server); }, 5s);
  close(kOurs);
  EXPECT_THAT(server.log_tail(2), HasSubstr("/fd/2"));
  EXPECT_THAT(server.log_tail(2), Not(HasSubstr("/fd/77")));
}

}  // namespace
}  // namespace dictbench

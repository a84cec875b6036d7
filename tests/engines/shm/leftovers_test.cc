#include "engines/shm/leftovers.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "engines/shm/private_directory.h"
#include "engines/shm/segment.h"
#include "tests/engines/shm/child_process.h"
#include "tests/engines/shm/own_namespaces.h"
#include "tests/engines/shm/own_temporary_folder.h"

namespace dictbench {
namespace {

using ::testing::Contains;
using ::testing::Not;

constexpr SegmentLayout kLayout{.name = "test", .version = 1};

struct Names {
  std::array<char, 256> segment{}, directory{};
  std::atomic<pid_t> server = 0;
  std::atomic<bool> ready = false;
};

void copy_name(const std::string& name, std::array<char, 256>& out) { name.copy(out.data(), out.size() - 1); }

bool alive(pid_t pid) {
  const auto identity = ProcessIdentity::of(pid);
  return identity && liveness(*identity) == Liveness::alive;
}

TEST(Leftovers, OfAKilledProcessAreRemovedAndOfALivingOneAreNot) {
  SharedMemory<Names> names;
  ChildProcess owner([&] {
    const Segment segment = Segment::create(kLayout, 1 << 20, 4096);
    const PrivateDirectory directory;
    const PrivateDirectory in_shm("/dev/shm");
    std::ofstream(directory.path() / "file") << "content";
    copy_name("/dev/shm" + segment.name(), names->segment);
    copy_name(directory.path().string(), names->directory);
    names->ready = true;
    while (true) pause();
  });
  ASSERT_TRUE(await([&] { return names->ready.load(); }));
  const std::string segment = names->segment.data();
  const std::string directory = names->directory.data();
  EXPECT_THAT(remove_leftovers(), Not(Contains(segment)));
  EXPECT_TRUE(std::filesystem::exists(segment));
  EXPECT_TRUE(std::filesystem::exists(directory));

  owner.kill();
  const auto removed = remove_leftovers();
  EXPECT_THAT(removed, Contains(segment));
  EXPECT_THAT(removed, Contains(directory));
  EXPECT_FALSE(std::filesystem::exists(segment));
  EXPECT_FALSE(std::filesystem::exists(directory));
  EXPECT_THAT(remove_leftovers(), Not(Contains(segment)));
}

TEST(Leftovers, ServerOfAKilledProcessIsKilled) {
  SharedMemory<Names> names;
  ChildProcess owner([&] {
    const PrivateDirectory directory;
    const pid_t server = fork();
    if (server == 0)
      while (true) pause();
    std::ofstream(directory.path() / kServerIdentityFile) << ProcessIdentity::of(server)->text() << "\n";
    names->server = server;
    names->ready = true;
    while (true) pause();
  });
  ASSERT_TRUE(await([&] { return names->ready.load(); }));
  remove_leftovers();
  EXPECT_TRUE(alive(names->server)) << "the server of a living process was killed";
  owner.kill();
  EXPECT_TRUE(alive(names->server));
  remove_leftovers();
  EXPECT_FALSE(alive(names->server));
}

TEST(Leftovers, ReusedPidOfAServerIsSpared) {
  SharedMemory<std::atomic<bool>> ready;
  ChildProcess bystander([] {
    while (true) pause();
  });
  ChildProcess owner([&] {
    const PrivateDirectory directory;
    ProcessIdentity earlier = *ProcessIdentity::of(bystander.pid());
    ++earlier.start_time;
    std::ofstream(directory.path() / kServerIdentityFile) << earlier.text();
    *ready = true;
    while (true) pause();
  });
  ASSERT_TRUE(await([&] { return ready->load(); }));
  owner.kill();
  remove_leftovers();
  EXPECT_TRUE(alive(bystander.pid()));
}

// A folder to clean up that is the test's own.
class InOwnTemporaryFolder : public ::testing::Test {
 protected:
  OwnTemporaryFolder folder_;
};

TEST_F(InOwnTemporaryFolder, WhatIsNotProvablyDeadStays) {
  ProcessIdentity dead = ProcessIdentity::self();
  ++dead.start_time;
  ProcessIdentity elsewhere = dead;
  ++elsewhere.domain;
  ProcessIdentity unjudged = dead;
  unjudged.domain = 0;
  const auto path = [&](const std::string& name) { return folder_.path() / name; };
  const auto dead_name = own_name_prefix() + dead.text() + ".0";
  const std::array kept = {
      own_name_prefix() + elsewhere.text() + ".0",           // another container's
      own_name_prefix() + unjudged.text() + ".0",            // made where nobody can be judged
      own_name_prefix() + "1.2.4026531836.0",                // an older dictbench's, with the pid namespace
      own_name_prefix() + "1.2.12345678901234567890.0",      // or with a hash of it
      own_name_prefix() + dead.text(),                       // no counter: not our way of naming
      own_name_prefix() + "mine",                            // not parsable
      std::string("dictbench-99999-") + dead.text() + ".0",  // another user's
      dead.text() + ".0",
  };
  for (const auto& name : kept) std::filesystem::create_directory(path(name));
  std::filesystem::create_directory(path("target"));
  std::filesystem::create_directory_symlink(path("target"), path(own_name_prefix() + dead.text() + ".link"));
  std::filesystem::create_directory(path(dead_name));
  const auto half_removed = path(dead_name + "-gone");  // killed in ~PrivateDirectory
  std::filesystem::create_directory(half_removed);

  EXPECT_THAT(remove_leftovers(), Contains(path(dead_name).string()));
  EXPECT_FALSE(std::filesystem::exists(half_removed));
  EXPECT_FALSE(std::filesystem::exists(path(dead_name)));
  for (const auto& name : kept) EXPECT_TRUE(std::filesystem::exists(path(name))) << name;
  EXPECT_TRUE(std::filesystem::exists(path("target")));
}

// A disk keeps its files when the machine is started anew; the folder may be shared with other machines.
TEST_F(InOwnTemporaryFolder, WhatAnEarlierBootLeftIsRemovedAndOnlyThisMachines) {
  ProcessIdentity earlier = ProcessIdentity::self();  // alive, by its pid and start time
  if (earlier.boot == 0 || earlier.machine == 0) GTEST_SKIP() << "this machine has no machine-id, or no boot id";
  earlier.boot ^= 2;
  ProcessIdentity elsewhere = earlier;
  elsewhere.machine ^= 2;
  const auto left = folder_.path() / (own_name_prefix() + earlier.text() + ".0");
  const auto of_others = folder_.path() / (own_name_prefix() + elsewhere.text() + ".0");
  for (const auto& path : {left, of_others}) std::filesystem::create_directory(path);
  std::ofstream(left / kServerIdentityFile) << earlier.text();  // whose pid this process has now
  EXPECT_THAT(remove_leftovers(), Contains(left.string()));
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_TRUE(std::filesystem::exists(of_others));
}

TEST_F(InOwnTemporaryFolder, WhereNobodyCanBeJudgedEverythingStays) {
  ProcessIdentity dead = ProcessIdentity::self();
  ++dead.start_time;
  const auto left = folder_.path() / (own_name_prefix() + dead.text() + ".0");
  std::filesystem::create_directory(left);
  expect_done_in_namespaces(CLONE_NEWPID, [&] {
    if (!remove_leftovers().empty()) return 1;
    return std::filesystem::exists(left) ? 0 : 2;
  });
}

TEST_F(InOwnTemporaryFolder, ManyCleanersAtOnceAgree) {
  ProcessIdentity dead = ProcessIdentity::self();
  ++dead.start_time;
  for (int i = 0; i < 200; ++i) {
    const auto directory = folder_.path() / (own_name_prefix() + dead.text() + "." + std::to_string(i));
    std::filesystem::create_directory(directory);
    std::ofstream(directory / "file") << i;
  }
  std::vector<std::unique_ptr<ChildProcess>> cleaners;
  for (int i = 0; i < 4; ++i) cleaners.push_back(std::make_unique<ChildProcess>([] { remove_leftovers(); }));
  for (auto& cleaner : cleaners) EXPECT_EQ(cleaner->wait(), 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

}  // namespace
}  // namespace dictbench

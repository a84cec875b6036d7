// An engine leaves nothing behind: no file, segment, server, descriptor or zombie.
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>

#include "engines/shm/private_directory.h"
#include "engines/shm/process_identity.h"
#include "tests/engines/conformance/children.h"
#include "tests/engines/conformance/fixture.h"
#include "tests/engines/conformance/stamped_value.h"

namespace dictbench::conformance {
namespace {

// Names in shared places that this process made; other runs make names too.
std::set<std::string> own_names() {
  std::set<std::string> names;
  const std::string prefix = own_name_prefix() + ProcessIdentity::self().text();
  for (const std::filesystem::path& folder : own_folders())
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().filename().string().starts_with(prefix)) names.insert(entry.path());
  return names;
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class Leftovers : public Conformance {
 protected:
  void use_from_processes() {
    Children children;
    for (std::uint64_t process = 0; process < 2; ++process)
      children.fork([&, process] {
        const auto attached = engine().attach();
        for (std::uint64_t i = 0; i < 20; ++i)
          attached->set(key_of("key", i), stamped_value({.writer = process, .sequence = i}));
      });
    children.expect_success();
  }
};

TEST_F(Leftovers, NoFileNoServerNoZombie) {
  std::vector<ProcessIdentity> servers;
  for (const pid_t pid : engine().server_pids()) {
    const auto server = ProcessIdentity::of(pid);
    ASSERT_TRUE(server) << "server_pids() names " << pid << ", which does not run";
    servers.push_back(*server);
  }
  use_from_processes();
  dict().set("key", "value");
  engine().storage_bytes();
  engine().facts();
  destroy();
  EXPECT_EQ(own_names(), std::set<std::string>{});
  for (const ProcessIdentity& server : servers)
    EXPECT_EQ(liveness(server), Liveness::dead) << "server " << server.pid << " still runs";
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child was not reaped";
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(Leftovers, ForkedChildrenDestroyNothing) {
  if (!contract().shared_between_processes) GTEST_SKIP() << "processes share nothing";
  use_from_processes();
  Children children;
  // A child that ends through the engine's destructor, as one that forgets _exit() would.
  children.fork([&] { destroy(); });
  children.expect_success();
  EXPECT_EQ(dict().size(), 20u);
  EXPECT_NO_THROW(read_stamp(value_of(key_of("key", 19))));
}

TEST_F(Leftovers, NoDescriptorLeaks) {
  const auto use = [&] {
    const auto again = create_engine(subject().spec);
    const auto attached = again->attach();
    attached->set("key", "value");
    if (contract().lists) attached->for_each([](std::string_view, std::string_view) { return false; });
  };
  use();  // what a library opens once and keeps is no leak
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 3; ++i) use();
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Leftovers, TwoEnginesAtOnceAreApart) {
  if (!contract().stores) GTEST_SKIP() << "nothing is stored";
  const auto other_engine = create_engine(subject().spec);
  const auto other = other_engine->attach();
  dict().set("key", "mine");
  Value value;
  EXPECT_FALSE(other->get("key", value));
  other->set("key", "other's");
  EXPECT_EQ(value_of("key"), "mine");
  if (contract().shared_between_processes) {
    EXPECT_NE(other_engine->address(), engine().address());
  }
}

}  // namespace
}  // namespace dictbench::conformance

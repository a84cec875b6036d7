// Who may attach to what lies in shared places: this user, within one container.
#include "engines/shm/ownership.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "engines/registry.h"
#include "engines/shm/private_directory.h"
#include "tests/engines/error_code.h"
#include "tests/engines/shm/child_process.h"
#include "tests/engines/shm/own_namespaces.h"

namespace dictbench {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Ownership, OwnersAreReadFromNames) {
  const ProcessIdentity self = ProcessIdentity::self();
  EXPECT_EQ(owner_in_name(own_name_prefix() + self.text() + ".0"), self);
  EXPECT_EQ(owner_in_name(own_name_prefix() + self.text() + ".s17"), self);
  for (const std::string& name : {self.text() + ".0", own_name_prefix() + self.text(), own_name_prefix() + "x.0"})
    EXPECT_EQ(owner_in_name(name), std::nullopt) << name;
}

TEST(Ownership, OfAnotherDomainIsUnavailable) {
  ProcessIdentity owner = ProcessIdentity::self();
  EXPECT_NO_THROW(require_own_domain(owner, "it"));
  ++owner.domain;
  EXPECT_THAT([&] { require_own_domain(owner, "it"); },
              ThrowsMessage<Error>(HasSubstr("it was made in another container")));
  EXPECT_EQ(error_code_of([&] { require_own_domain(owner, "it"); }), ErrorCode::unavailable);
  owner.domain = 0;
  EXPECT_THAT([&] { require_own_domain(owner, "it"); }, ThrowsMessage<Error>(HasSubstr("where it was made /proc")));
}

TEST(Ownership, OfAnotherBootIsUnavailable) {
  ProcessIdentity owner = ProcessIdentity::self();
  if (owner.boot == 0) GTEST_SKIP() << "the boot id cannot be read here";
  ++owner.domain;
  EXPECT_NO_THROW(require_own_boot(owner, "it")) << "another container";
  owner.boot ^= 2;
  EXPECT_THAT([&] { require_own_boot(owner, "it"); },
              ThrowsMessage<Error>(HasSubstr("it was made on another machine")));
  owner.boot = 0;
  EXPECT_EQ(error_code_of([&] { require_own_boot(owner, "it"); }), ErrorCode::unavailable);
}

// lstat(2) follows a link whose name ends with a slash.
TEST(Ownership, ALinkIsNoDirectoryOfOurs) {
  const PrivateDirectory folder, target;
  const auto link = folder.path() / (own_name_prefix() + ProcessIdentity::self().text() + ".link");
  std::filesystem::create_directory_symlink(target.path(), link);
  EXPECT_EQ(error_code_of([&] { require_own_directory(link); }), ErrorCode::unavailable);
  EXPECT_EQ(error_code_of([&] { require_own_directory(link / ""); }), ErrorCode::unavailable);
}

TEST(Ownership, ADirectoryIsOursAloneOrNamedByTheUser) {
  const PrivateDirectory directory;
  EXPECT_NO_THROW(require_own_directory(directory.path()));
  EXPECT_NO_THROW(require_own_directory(directory.path() / ""));
  EXPECT_NO_THROW(require_own_directory("/tmp"));
  EXPECT_NO_THROW(require_own_directory(""));
  ASSERT_EQ(chmod(directory.path().c_str(), 0770), 0);
  EXPECT_EQ(error_code_of([&] { require_own_directory(directory.path()); }), ErrorCode::unavailable);
  EXPECT_EQ(error_code_of([&] { require_own_directory(directory.path() / ""); }), ErrorCode::unavailable);
  ASSERT_EQ(chmod(directory.path().c_str(), 0700), 0);

  ProcessIdentity elsewhere = ProcessIdentity::self();
  ++elsewhere.domain;
  const auto foreign = directory.path() / (own_name_prefix() + elsewhere.text() + ".0");
  EXPECT_EQ(error_code_of([&] { require_own_directory(foreign); }), ErrorCode::unavailable);
  EXPECT_NO_THROW(require_own_directory(foreign, Sharing::on_machine));
  elsewhere.boot ^= 2;
  const auto of_another_boot = directory.path() / (own_name_prefix() + elsewhere.text() + ".0");
  EXPECT_EQ(error_code_of([&] { require_own_directory(of_another_boot, Sharing::on_machine); }),
            ErrorCode::unavailable);
}

// Engines that share memory by a segment's or a folder's name. Servers are asked by a socket and trust nobody's locks;
// a table of bucket-table may outlive its owner, and sees to it itself; SQLite's locks hold in all containers.
class AttachingFromElsewhere : public ::testing::TestWithParam<std::string> {};

TEST_P(AttachingFromElsewhere, IsUnavailable) {
  const Spec spec = parse_engine_spec(GetParam());
  const EngineDescription& description = find_engine(spec.name());
  if (description.missing != nullptr && description.missing(spec)) GTEST_SKIP() << "not installed";
  const auto engine = description.create(spec, SizeHint{});
  {
    ChildProcess child([&] { description.attach(spec, engine->address())->set("key", "value"); });
    ASSERT_EQ(child.wait(), 0);
  }
  const auto is_refused = [&] {
    return error_code_of([&] { description.attach(spec, engine->address()); }) == ErrorCode::unavailable &&
           error_code_of([&] { engine->attach(); }) == ErrorCode::unavailable;
  };
  expect_done_in_namespaces(CLONE_NEWPID, [&] { return is_refused() ? 0 : 1; });
  expect_done_in_namespaces(CLONE_NEWPID | CLONE_NEWNS, [&] { return is_refused() ? 0 : 1; });
}

INSTANTIATE_TEST_SUITE_P(Engines, AttachingFromElsewhere,
                         ::testing::Values("boost-map", "lockfree", "blob", "stream-log", "lmdb"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace dictbench

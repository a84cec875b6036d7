#include "engines/shm/process_identity.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/engines/error_code.h"
#include "tests/engines/shm/child_process.h"

namespace dictbench {
namespace {

TEST(ProcessIdentity, OfSelfIsAliveAndDiffersInAChild) {
  const ProcessIdentity self = ProcessIdentity::self();
  EXPECT_EQ(self.pid, getpid());
  EXPECT_EQ(self, ProcessIdentity::of(getpid()));
  EXPECT_EQ(liveness(self), Liveness::alive);
  ChildProcess child([&] {
    if (ProcessIdentity::self() == self) _exit(1);
  });
  EXPECT_EQ(child.wait(), 0);
}

// Called dead, a living reader's slot would be given away and a living run's things removed.
TEST(ProcessIdentity, WithoutADescriptorToLookNobodyIsDead) {
  ChildProcess child([] {
    const ProcessIdentity self = ProcessIdentity::self();
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    if (setrlimit(RLIMIT_NOFILE, &none) != 0) _exit(1);
    if (liveness(self) != Liveness::unknown) _exit(2);
    if (error_code_of([] { ProcessIdentity::self(); }) != ErrorCode::unavailable) _exit(3);
  });
  EXPECT_EQ(child.wait(), 0);
}

TEST(ProcessIdentity, TextRoundTrips) {
  const ProcessIdentity identity{.pid = 12, .start_time = 345, .pid_namespace = 6789};
  EXPECT_EQ(identity.text(), "12.345.6789");
  EXPECT_EQ(ProcessIdentity::parse(identity.text()), identity);
  for (const std::string_view wrong :
       {"", "12", "12.345", "12.345.", "12.345.6789.0", "a.b.c", "12.345.6789x", " 12.345.6789", "12..6789"})
    EXPECT_FALSE(ProcessIdentity::parse(wrong)) << wrong;
}

TEST(ProcessIdentity, ZombieAndReapedAreDead) {
  ChildProcess child([] {
    while (true) pause();
  });
  const auto identity = ProcessIdentity::of(child.pid());
  ASSERT_TRUE(identity);
  EXPECT_EQ(liveness(*identity), Liveness::alive);
  kill(child.pid(), SIGKILL);
  siginfo_t ended{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child.pid()), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(liveness(*identity), Liveness::dead) << "a zombie";
  child.wait();
  EXPECT_EQ(liveness(*identity), Liveness::dead) << "reaped";
}

TEST(ProcessIdentity, ReusedPidIsDeadAndAnotherNamespaceIsUnknown) {
  ProcessIdentity other = ProcessIdentity::self();
  ++other.start_time;
  EXPECT_EQ(liveness(other), Liveness::dead);
  ++other.pid_namespace;
  EXPECT_EQ(liveness(other), Liveness::unknown);
  other.pid_namespace = 0;
  EXPECT_EQ(liveness(other), Liveness::unknown);
}

}  // namespace
}  // namespace dictbench

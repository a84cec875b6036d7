#include "engines/shm/process_identity.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <thread>

#include "engines/shm/owner_word.h"
#include "tests/engines/error_code.h"
#include "tests/engines/shm/child_process.h"
#include "tests/engines/shm/own_namespaces.h"

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
  const ProcessIdentity identity{.pid = 12, .start_time = 345, .domain = 6789};
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

// /proc says Z of a process whose main thread has ended, though it goes on.
TEST(ProcessIdentity, IsAliveAsLongAsAnyOfItsThreadsIs) {
  ChildProcess child([] {
    std::thread([] {
      while (true) pause();
    }).detach();
    syscall(SYS_exit, 0);  // ends this thread, as pthread_exit() does without unwinding
  });
  const auto identity = ProcessIdentity::of(child.pid());
  ASSERT_TRUE(identity);
  ASSERT_TRUE(await([&] { return state_of(child.pid()) == 'Z'; }));
  EXPECT_EQ(liveness(*identity), Liveness::alive);
  EXPECT_EQ(owner_word::liveness(owner_word::make(*identity, 1)), Liveness::alive);
  kill(child.pid(), SIGKILL);
  siginfo_t ended{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child.pid()), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(liveness(*identity), Liveness::dead);
  EXPECT_EQ(owner_word::liveness(owner_word::make(*identity, 1)), Liveness::dead);
}

// There all start times are later.
TEST(ProcessIdentity, OfAnotherTimeNamespaceIsUnknown) {
  const ProcessIdentity outside = ProcessIdentity::self();
  expect_done_in_namespaces(CLONE_NEWTIME, [&] {
    if (own_domain() == 0 || own_domain() == outside.domain) return 1;
    if (liveness(ProcessIdentity::self()) != Liveness::alive) return 2;
    return liveness(outside) == Liveness::unknown ? 0 : 3;
  });
}

TEST(ProcessIdentity, OfAnotherPidNamespaceIsUnknown) {
  const ProcessIdentity outside = ProcessIdentity::self();
  expect_done_in_namespaces(CLONE_NEWPID | CLONE_NEWNS, [&] {
    if (own_domain() == 0 || own_domain() == outside.domain) return 1;
    if (liveness(ProcessIdentity::self()) != Liveness::alive) return 2;
    return liveness(outside) == Liveness::unknown ? 0 : 3;
  });
}

// After `unshare --pid` without --mount-proc, /proc/1 is another process than the one that is 1 here.
TEST(ProcessIdentity, WhereProcIsOfAnotherPidNamespaceNobodyIsJudged) {
  const ProcessIdentity outside = ProcessIdentity::self();
  SharedMemory<ProcessIdentity> inside;
  expect_done_in_namespaces(CLONE_NEWPID, [&] {
    *inside = ProcessIdentity::self();
    if (own_domain() != 0 || inside->domain != 0) return 1;
    if (liveness(outside) != Liveness::unknown) return 2;
    if (liveness(*inside) != Liveness::unknown) return 3;
    return owner_word::liveness(owner_word::make(outside, 1)) == Liveness::unknown ? 0 : 4;
  });
  EXPECT_EQ(liveness(*inside), Liveness::unknown) << "from outside";
}

TEST(OwnerWord, TellsWhoAndWhetherHeLives) {
  const ProcessIdentity self = ProcessIdentity::self();
  ProcessIdentity before = self;
  before.start_time -= 1;
  EXPECT_EQ(owner_word::pid(owner_word::make(self, 3)), getpid());
  EXPECT_EQ(owner_word::state(owner_word::make(self, 3)), 3);
  EXPECT_EQ(owner_word::liveness(owner_word::make(self, 3)), Liveness::alive);
  EXPECT_EQ(owner_word::liveness(owner_word::make(before, 3)), Liveness::dead) << "a reused pid";
}

TEST(ProcessIdentity, ReusedPidIsDeadAndAnotherNamespaceIsUnknown) {
  ProcessIdentity other = ProcessIdentity::self();
  ++other.start_time;
  EXPECT_EQ(liveness(other), Liveness::dead);
  ++other.domain;
  EXPECT_EQ(liveness(other), Liveness::unknown);
  other.domain = 0;
  EXPECT_EQ(liveness(other), Liveness::unknown);
}

}  // namespace
}  // namespace dictbench

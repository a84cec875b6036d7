#include "engines/shm/process_identity.h"

#include <grp.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <atomic>
#include <cstdlib>
#include <string>
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
  const ProcessIdentity identity{.pid = 12, .start_time = 345, .domain = 6789, .boot = 36, .machine = 35};
  EXPECT_EQ(identity.text(), "12.9l.0000058l0000100000000z");
  EXPECT_EQ(ProcessIdentity::parse(identity.text()), identity);
  EXPECT_EQ(ProcessIdentity::parse(ProcessIdentity::self().text()), ProcessIdentity::self());
  for (const std::string_view wrong :
       {"", "12", "12.9l", "12.9l.", "12.9l.0000058l0000100000000z.0", "a.b.0000058l0000100000000z",
        "12.9l.0000058l0000100000000z0", " 12.9l.0000058l0000100000000z", "12..0000058l0000100000000z",
        "12.9l.000005 l0000100000000z", "0.9l.0000058l0000100000000z", "-1.9l.0000058l0000100000000z",
        "4294967298.9l.0000058l0000100000000z"})
    EXPECT_FALSE(ProcessIdentity::parse(wrong)) << wrong;
}

// A Unix socket lies in a directory of such a name, and its path may have 107 bytes.
TEST(ProcessIdentity, TextIsShort) {
  constexpr std::uint64_t kFiveYears = std::uint64_t{5 * 366 * 86'400} * 100;
  ProcessIdentity longest = ProcessIdentity::self();
  longest.pid = 4'194'304;
  longest.start_time = kFiveYears;
  EXPECT_LE(longest.text().size(), 38u);
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

// Then /proc/self tells nothing of the time namespace any more.
TEST(ProcessIdentity, IsTheSameWhenTheMainThreadHasEnded) {
  ChildProcess child([] {
    static const ProcessIdentity before = ProcessIdentity::self();
    std::thread([] {
      if (!await([] { return state_of(getpid()) == 'Z'; })) _exit(1);
      if (own_domain() != before.domain || ProcessIdentity::self() != before) _exit(2);
      _exit(liveness(before) == Liveness::alive ? 0 : 3);
    }).detach();
    syscall(SYS_exit, 0);
  });
  EXPECT_EQ(child.wait(), 0);
}

constexpr uid_t kNobody = 65534;

// Mounted so, /proc shows a process nothing of others of the same user that are in another group.
TEST(ProcessIdentity, HiddenByProcIsNotDead) {
  expect_done_in_namespaces(CLONE_NEWPID | CLONE_NEWNS, [] {
    if (mount("proc", "/proc", "proc", 0, "hidepid=2") != 0) return kNoNamespaces;
    const auto become_nobody = [](gid_t group) {
      return setgroups(0, nullptr) == 0 && setgid(group) == 0 && setuid(kNobody) == 0;
    };
    const SharedMemory<std::atomic<bool>> ready;
    ChildProcess hidden([&] {
      if (!become_nobody(1)) _exit(1);
      *ready = true;
      while (true) pause();
    });
    if (!await([&] { return ready->load() || state_of(hidden.pid()) == 'Z'; }) || !*ready) return kNoNamespaces;
    const auto identity = ProcessIdentity::of(hidden.pid());
    if (!identity) return 1;
    const auto judged_by_another = [&](Liveness expected) {
      ChildProcess judge([&] {
        if (!become_nobody(2)) _exit(kNoNamespaces);
        if (own_domain() != identity->domain) _exit(2);
        if (liveness(*identity) != expected) _exit(3);
        _exit(owner_word::liveness(owner_word::make(*identity, 1)) == expected ? 0 : 4);
      });
      return WEXITSTATUS(judge.wait());
    };
    if (const int failed = judged_by_another(Liveness::unknown); failed != 0) return failed;
    hidden.kill();
    return judged_by_another(Liveness::dead) == 0 ? 0 : 5;
  });
}

TEST(ProcessIdentity, WhereProcSaysNothingOfItNobodyIsDead) {
  expect_done_in_namespaces(CLONE_NEWPID | CLONE_NEWNS, [] {
    ChildProcess child([] {
      while (true) pause();
    });
    const auto identity = ProcessIdentity::of(child.pid());
    if (!identity) return 1;
    char path[] = "/tmp/dictbench-test-XXXXXX";
    const int file = mkstemp(path);
    const std::string stat = "/proc/" + std::to_string(child.pid()) + "/stat";
    bool covered = file >= 0;
    for (const char* const text : {"", "garbage", "2 (a) S 1 2 x"}) {
      if (covered) covered = write_to(path, text) && mount(path, stat.c_str(), nullptr, MS_BIND, nullptr) == 0;
      const Liveness told = liveness(*identity);
      if (covered) covered = umount(stat.c_str()) == 0;
      if (covered && told != Liveness::unknown) return 2;
    }
    close(file);
    unlink(path);
    return covered ? 0 : kNoNamespaces;
  });
}

TEST(ProcessIdentity, OfAnEarlierBootOfThisMachineIsDead) {
  ProcessIdentity earlier = ProcessIdentity::self();
  if (earlier.boot == 0 || earlier.machine == 0) GTEST_SKIP() << "this machine has no machine-id, or no boot id";
  earlier.boot ^= 2;  // not 0
  EXPECT_EQ(liveness(earlier), Liveness::dead);
  ++earlier.domain;
  EXPECT_EQ(liveness(earlier), Liveness::dead) << "in whichever namespaces it was";
  earlier.domain = 0;
  EXPECT_EQ(liveness(earlier), Liveness::dead) << "where nobody could be judged";

  ProcessIdentity elsewhere = earlier;
  elsewhere.machine ^= 2;
  EXPECT_EQ(liveness(elsewhere), Liveness::unknown) << "another machine's boot is always another one";
  elsewhere.machine = 0;
  EXPECT_EQ(liveness(elsewhere), Liveness::unknown) << "nobody knows which machine";
  earlier.boot = 0;
  EXPECT_EQ(liveness(earlier), Liveness::unknown) << "nobody knows which boot";
}

TEST(ProcessIdentity, BootAndMachineAreTheSameInAllContainers) {
  const ProcessIdentity outside = ProcessIdentity::self();
  expect_done_in_namespaces(CLONE_NEWPID | CLONE_NEWNS, [&] {
    const ProcessIdentity inside = ProcessIdentity::self();
    return inside.boot == outside.boot && inside.machine == outside.machine ? 0 : 1;
  });
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

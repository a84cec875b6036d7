// Two processes at once: a reader stopped at each step of reading, and a writer killed at each step of a restart. After
// three restarts by others the reader goes on, and must read the truth. What one process leaves half done may be
// harmless alone, and not beside another that stands in the midst of something.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "engines/stream_log/areas.h"
#include "tests/engines/crash_load.h"

namespace dictbench {
namespace {

using stream_log::Pin;
using stream_log::Place;
using stream_log::SharedStream;

constexpr unsigned kKeys = 12;

std::string key_of(unsigned i) { return fmt::format("k{}", i); }
std::string value_of(unsigned i, char content) { return std::string(10 + 3 * i, content); }

std::uint64_t dumps_written(const Engine& engine) {
  for (const auto& [name, value] : engine.facts())
    if (name == "dumps_written") return std::stoull(value);
  return 0;
}

// Where the reader stands when the others write.
struct Reading {
  std::string point;
  bool attached = false;  // it has read before, so that it follows the stream; else it loads a dump
  unsigned restarts = 0;  // of the stream since then
};

std::vector<Reading> readings() {
  std::vector<Reading> all;
  for (const std::string& point : crash_points_of("stream-log")) {
    if (point.starts_with("stream-log.load.")) all.push_back({point});
    if (!point.starts_with("stream-log.read.") || point == "stream-log.read.overtaken") continue;
    all.push_back({point, true, 1});
    if (point != "stream-log.read.stream_ended" && point != "stream-log.read.moved") all.push_back({point, true, 0});
  }
  return all;
}

// All but the one that needs a dead reader.
std::vector<std::string> restart_points() {
  std::vector<std::string> points = crash_points_of("stream-log");
  std::erase_if(points, [](const std::string& point) {
    return !point.starts_with("stream-log.restart.") || point == "stream-log.restart.reader_forgotten";
  });
  return points;
}

class TwoAtOnce {
 public:
  // `filler`: bytes of a value of which some dozens fill a stream.
  TwoAtOnce(const std::string& spec, std::size_t filler)
      : filler_(filler), engine_(make_engine(spec)), others_(engine_->attach()) {}

  // Whether the writer was killed there: not every point lies on its way.
  bool run(const Reading& reading, const std::string& killed_at, std::uint64_t nth) {
    others_->set("filler", "");
    set_all('a');
    const SharedMemory<std::atomic<int>> step;
    ChildProcess reader([&] { _exit(read(reading, *step)); });
    EXPECT_TRUE(await([&] { return *step == 1; }));
    set_all('b');
    restart(reading.restarts);
    *step = 2;
    EXPECT_TRUE(await_signal(reader, true)) << "the reader does not stop";

    ChildProcess writer([&] {
      const auto dict = engine_->attach();
      arm_crash_point(killed_at, nth, CrashAction::kill);
      for (unsigned i = 0; i < 160; ++i) fill(*dict, i);
    });
    const int status = writer.wait();
    EXPECT_TRUE(WIFSIGNALED(status) || status == 0);

    set_all('c');
    restart(3);
    kill(reader.pid(), SIGCONT);
    EXPECT_TRUE(await([&] {
      siginfo_t info{};
      waitid(P_PID, static_cast<id_t>(reader.pid()), &info, WEXITED | WNOHANG | WNOWAIT);
      return info.si_pid == reader.pid();
    }));
    EXPECT_EQ(reader.wait(), 0);
    EXPECT_EQ(engine_->check_integrity(), "");
    EXPECT_EQ(read_all(*engine_->attach()), 0);
    EXPECT_EQ(read_all(*others_), 0);
    return WIFSIGNALED(status);
  }

 private:
  void set_all(char content) {
    for (unsigned i = 0; i < kKeys; ++i) others_->set(key_of(i), value_of(i, content));
  }

  // Dumps of many lengths, so that what lies in an area is never where it lay before.
  void fill(Dict& dict, unsigned i) { dict.set("filler", std::string(i * 37 % filler_, 'f')); }

  void restart(unsigned times) {
    const std::uint64_t until = dumps_written(*engine_) + times;
    for (unsigned i = 0; dumps_written(*engine_) < until; ++i) fill(*others_, i);
  }

  // The reader: 0 where all that it read was right.
  int read(const Reading& reading, std::atomic<int>& step) {
    const auto dict = engine_->attach();
    Value out;
    if (reading.attached && !dict->get("k0", out)) return 1;
    step = 1;
    while (step == 1) usleep(50);
    arm_crash_point(reading.point, 1, CrashAction::stop);
    if (!dict->get("k0", out)) return 2;
    if (out.view() != value_of(0, 'b') && out.view() != value_of(0, 'c')) return 3;  // b was in force when it began
    return read_all(*dict);
  }

  static int read_all(Dict& dict) {
    Value out;
    for (unsigned i = 0; i < kKeys; ++i)
      if (!dict.get(key_of(i), out) || out.view() != value_of(i, 'c')) return 4;
    return dict.size() == kKeys + 1 ? 0 : 5;
  }

  std::size_t filler_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Dict> others_;
};

TEST(StreamLogPairs, ReaderStoppedAnywhereAndWriterKilledAnywhere) {
  std::map<std::string, unsigned> killed;
  for (const Reading& reading : readings())
    for (const std::string& point : restart_points())
      for (const std::uint64_t nth : {1u, 3u}) {
        SCOPED_TRACE(fmt::format("reader at {} after {} restarts, writer at visit {} of {}", reading.point,
                                 reading.restarts, nth, point));
        killed[point] += TwoAtOnce("stream-log?buffer=4K", 400).run(reading, point, nth);
        // No memory but the two homes: pins are revoked.
        killed[point] += TwoAtOnce("stream-log?buffer=64K&max=512K", 4000).run(reading, point, nth);
        if (::testing::Test::HasFailure()) return;
      }
  for (const auto& [point, times] : killed) EXPECT_GT(times, 0u) << point << " was never visited";
}

// The same two, where one process alone cannot be brought: the areas themselves, without a dict above them.
class Areas : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kStream = 64 << 10, kDump = 8 << 10;

  explicit Areas(std::uint64_t most = 4 << 20)
      : segment_(SharedStream::create({.most = most, .buffer = kStream, .first_stream = kStream})),
        stream_(segment_.name()),
        pin_(stream_.slots().claim()) {
    stream_.make_room(0, kDump);
    first_ = stream_.newest(stream_.published());
    restart(stream_);  // the next restart wants the memory of the first generation
  }

  static Place restart(SharedStream& stream) {
    const Place before = stream.newest(stream.published());
    const Place next = stream.begin(before, kDump, 0);
    stream.install(before, next, kDump, true);
    return next;
  }

  void pin_first() {
    pin_.set(first_.generation);
    ASSERT_TRUE(stream_.still_there(first_));
  }

  Segment segment_;
  SharedStream stream_;
  Pin pin_;
  Place first_;
};

class AreasInLittleMemory : public Areas {
 protected:
  AreasInLittleMemory() : Areas(512 << 10) {}
};

TEST_F(AreasInLittleMemory, APinThatAKilledWriterHasNotRevokedIsRevokedByTheNext) {
  pin_first();
  ChildProcess writer([&] {
    SharedStream own(segment_.name());
    arm_crash_point("stream-log.restart.taken_away", 1, CrashAction::kill);
    restart(own);
  });
  ASSERT_TRUE(await_signal(writer, false));
  writer.wait();
  EXPECT_TRUE(pin_.holds());
  EXPECT_FALSE(stream_.still_there(first_)) << "it may be written over";
  EXPECT_EQ(restart(stream_).dump_at, first_.dump_at);
  EXPECT_FALSE(pin_.holds());
}

// A writer stops after its first look at the pins, then a reader comes.
TEST_F(Areas, AReaderThatComesBetweenTheLooksKeepsItsGeneration) {
  ChildProcess writer([&] {
    SharedStream own(segment_.name());
    arm_crash_point("stream-log.restart.looked", 1, CrashAction::stop);
    if (restart(own).dump_at == first_.dump_at) _exit(1);
  });
  ASSERT_TRUE(await_signal(writer, true));
  pin_first();
  kill(writer.pid(), SIGCONT);
  EXPECT_EQ(writer.wait(), 0);
  EXPECT_TRUE(stream_.still_there(first_));
  EXPECT_TRUE(pin_.holds());
}

TEST_F(Areas, AReadersGenerationIsNotWrittenOverAfterItsTakerWasKilled) {
  ChildProcess writer([&] {
    SharedStream own(segment_.name());
    signal(SIGCONT, [](int) { arm_crash_point("stream-log.restart.taken_away", 1, CrashAction::kill); });
    arm_crash_point("stream-log.restart.looked", 1, CrashAction::stop);
    restart(own);
  });
  ASSERT_TRUE(await_signal(writer, true));
  pin_first();
  kill(writer.pid(), SIGCONT);
  ASSERT_TRUE(await_signal(writer, false));
  writer.wait();
  for (int i = 0; i < 5; ++i) EXPECT_NE(restart(stream_).dump_at, first_.dump_at) << "restart " << i;
  EXPECT_TRUE(pin_.release());
  bool taken = false;
  for (int i = 0; i < 2; ++i) taken |= restart(stream_).dump_at == first_.dump_at;
  EXPECT_TRUE(taken) << "nobody reads it any more";
}

TEST_F(Areas, APinnedGenerationStaysReadableWhileAWriterAsksAfterItsReader) {
  pin_first();
  ChildProcess writer([&] {
    SharedStream own(segment_.name());
    arm_crash_point("stream-log.restart.taken_away", 1, CrashAction::kill);
    restart(own);
  });
  EXPECT_EQ(writer.wait(), 0) << "it has been taken away";
  EXPECT_TRUE(stream_.still_there(first_));
  EXPECT_TRUE(pin_.holds());
}

}  // namespace
}  // namespace dictbench

// A process without memory: Error(full), after which its dict goes on rightly. Memory fails in two ways here: the n-th
// `operator new` of an operation throws, for each n; or the process may not map any more (`ulimit -v`), which is what
// the replica's tables and texts meet.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "engines/stream_log/areas.h"
#include "engines/stream_log/replica.h"
#include "tests/engines/shm/child_process.h"
#include "tests/engines/stream_log/dicts.h"

namespace {

thread_local long calls_until_failure = 0;        // 0: none fails
thread_local void (*before_failure)() = nullptr;  // what happens to the process just then

void* take(std::size_t bytes) {
  if (calls_until_failure > 0 && --calls_until_failure == 0) {
    if (before_failure != nullptr) before_failure();
    throw std::bad_alloc();
  }
  void* const block = std::malloc(bytes == 0 ? 1 : bytes);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace

// Not inlined: g++ would miss the one half of a pair where it has inlined the other.
[[gnu::noinline]] void* operator new(std::size_t bytes) { return take(bytes); }
[[gnu::noinline]] void* operator new[](std::size_t bytes) { return take(bytes); }
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete[](void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete[](void* block, std::size_t) noexcept { std::free(block); }

namespace dictbench {
namespace {

using stream_log::Pin;
using stream_log::SharedStream;

using Content = std::map<std::string, std::string>;

Content content_of(Dict& dict) {
  Content content;
  dict.for_each([&](std::string_view key, std::string_view value) {
    content.emplace(key, value);
    return true;
  });
  return content;
}

struct Operation {
  const char* name;
  std::function<void(Dict&)> prepare;  // by another dict: what the operation finds new
  std::function<void(Dict&)> run;
};

// Larger than what a process has copied before, so that it needs memory to follow.
const std::string kLarge(2 << 20, 'x');

void set_large(Dict& other) { other.set("large", kLarge); }

std::vector<Operation> operations() {
  static Value out;
  out.prepare(2 * kLarge.size());  // the caller's memory is the caller's affair
  static std::array<Value, 2> outs;
  for (Value& each : outs) each.prepare(2 * kLarge.size());
  static const Visitor to_the_end = [](std::string_view, std::string_view) { return true; };
  static const std::array<std::string_view, 2> keys = {"large", "small"};
  static const std::array<KeyValue, 2> items = {KeyValue{"one", "1"}, KeyValue{"large", kLarge}};
  static std::array<bool, 2> found;
  return {
      {"get", set_large, [](Dict& dict) { dict.get("large", out); }},
      {"get_many", set_large, [](Dict& dict) { dict.get_many(keys, outs, found); }},
      {"size", set_large, [](Dict& dict) { dict.size(); }},
      {"for_each", set_large, [](Dict& dict) { dict.for_each(to_the_end); }},
      {"set", set_large, [](Dict& dict) { dict.set("small", "other"); }},
      {"set of a large one", set_large, [](Dict& dict) { dict.set("larger", kLarge); }},
      {"set_many", set_large, [](Dict& dict) { dict.set_many(items); }},
      {"erase", set_large, [](Dict& dict) { dict.erase("large"); }},
      {"add", set_large, [](Dict& dict) { dict.add("counter", 1); }},
  };
}

// The operation with a failing n-th call of `operator new`; what was said, or empty.
std::string said(const Operation& operation, Dict& dict, long nth, bool& failed) {
  calls_until_failure = nth;
  try {
    operation.run(dict);
  } catch (const Error& error) {
    failed = std::exchange(calls_until_failure, 0) == 0;
    return std::string(to_string(error.code()));
  } catch (const std::exception& error) {
    failed = std::exchange(calls_until_failure, 0) == 0;
    return error.what();
  }
  failed = std::exchange(calls_until_failure, 0) == 0;
  return {};
}

// Each dict says the same as a new one does, and each goes on.
void expect_right(Engine& engine, Dict& dict, Dict& other) {
  const Content truth = content_of(*engine.attach());
  for (Dict* const each : {&dict, &other}) EXPECT_EQ(content_of(*each), truth);
  for (Dict* const each : {&dict, &other}) {
    each->set("after", "a");
    EXPECT_EQ(each->add("counted", 1), each == &dict ? 1 : 2);
    EXPECT_TRUE(each->erase("after"));
    EXPECT_EQ(each->size(), truth.size() + 1);
  }
  EXPECT_EQ(engine.check_integrity(), "");
}

TEST(StreamLogNoMemory, AfterAFailingCallTheDictGoesOnRightly) {
  // Through a dump; and in a stream that has room for it.
  for (const char* spec : {"stream-log?buffer=64K&max=64M", "stream-log?buffer=8M&max=64M"})
    for (const Operation& operation : operations())
      for (long nth = 1, failed = 1; failed != 0; ++nth) {
        SCOPED_TRACE(std::string(spec) + ": " + operation.name + ", call " + std::to_string(nth));
        const auto engine = make_engine(spec);
        const auto dict = engine->attach(), other = engine->attach();
        other->set("small", "s");
        ASSERT_EQ(dict->size(), 1u);
        operation.prepare(*other);
        bool reached = false;
        const std::string what = said(operation, *dict, nth, reached);
        EXPECT_TRUE(what.empty() || (what == "full" && reached)) << what;
        expect_right(*engine, *dict, *other);
        failed = reached;
        if (HasFailure() || nth == 100) return;
      }
}

// What it read was written over: it may have seemed to be of any size, so that there was no memory for it says nothing.
TEST(StreamLogNoMemory, AReaderThatLostItsPinReadsAgain) {
  const auto engine = make_engine("stream-log?buffer=8M&max=64M");
  const auto dict = engine->attach(), other = engine->attach();
  other->set("small", "s");
  ASSERT_EQ(dict->size(), 1u);
  set_large(*other);
  static SharedStream* stream = nullptr;
  SharedStream attached(engine->address());
  stream = &attached;
  static Value out;
  out.prepare(2 * kLarge.size());
  before_failure = [] { stream->slots().revoke(stream->newest(stream->published()).generation); };
  const Operation get{"get", {}, [](Dict& each) { each.get("large", out); }};
  bool reached = false;
  EXPECT_EQ(said(get, *dict, 1, reached), "");
  before_failure = nullptr;
  EXPECT_TRUE(reached) << "the reader takes memory for a large value";
  EXPECT_EQ(out.view(), kLarge);
  EXPECT_EQ(attached.slots().any_revoked(), false);
  expect_right(*engine, *dict, *other);
}

// A value longer than the stream goes into force with a dump that holds it. Where that fails, nobody has the value.
TEST(StreamLogNoMemory, WhatNeverCameIntoForceIsNotKept) {
  const std::string value(100'000, 'v');
  bool reached = true;
  for (long nth = 1; reached; ++nth) {
    SCOPED_TRACE(nth);
    const auto engine = make_engine("stream-log?buffer=64K&max=1M");
    const auto dict = engine->attach(), other = engine->attach();
    // Somebody reads the generation before the current one, so that there is no room beyond the homes to be had.
    SharedStream stream(engine->address());
    Pin pin(stream.slots().claim());
    dict->set("first", value);
    pin.set(stream.newest(stream.published()).generation);
    dict->set("second", value);
    const Content before = content_of(*dict);
    const Operation set{"set", {}, [&](Dict& each) { each.set("third", value); }};
    const std::string what = said(set, *dict, nth, reached);
    EXPECT_EQ(what, reached && !what.empty() ? "full" : "");
    Content after = before;
    after.emplace("third", value);
    EXPECT_EQ(content_of(*dict), what.empty() ? after : before);
    pin.release();
    expect_right(*engine, *dict, *other);
    ASSERT_FALSE(HasFailure() || nth == 100);
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which need address space themselves

// The process may map so many bytes more than it has mapped.
void allow_bytes_more(std::size_t bytes) {
  unsigned long pages = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%lu", &pages) != 1) _exit(90);
  std::fclose(file);
  rlimit limit{};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + bytes;
  if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(91);
}

void allow_all_bytes() {
  rlimit limit{};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_AS, &limit);
}

TEST(StreamLogNoMemory, AMapThatCannotGrowIsAsBefore) {
  ChildProcess child([] {
    stream_log::Replica replica;
    const auto set = [&](unsigned i) { replica.apply({stream_log::Kind::set, std::to_string(i), "v"}); };
    unsigned stored = 0;
    for (; stored < 60'000; ++stored) set(stored);  // 9.6 MB, the next table takes 19 MB
    allow_bytes_more(16 << 20);
    try {
      for (; stored < 1'000'000; ++stored) set(stored);
      _exit(10);
    } catch (const std::bad_alloc&) {
    }
    allow_all_bytes();
    if (replica.map.size() != stored) _exit(11);
    for (const unsigned until = stored + 100'000; stored < until; ++stored) set(stored);
    for (unsigned i = 0; i < stored; ++i)
      if (!replica.map.contains(std::string_view(std::to_string(i)))) _exit(12);
    if (replica.map.size() != stored) _exit(13);
  });
  EXPECT_EQ(child.wait(), 0);
}

TEST(StreamLogNoMemory, AReaderThatHadNoMemoryForADumpLoadsItLater) {
  constexpr unsigned kItems = 100'000;  // a table of 9.6 MB
  const auto engine = make_engine("stream-log?max=64M");
  const auto writer = engine->attach();
  for (unsigned i = 0; i < kItems; ++i) writer->set(std::to_string(i), "v");
  ChildProcess child([&] {
    const auto dict = engine->attach();
    Value out;
    allow_bytes_more(4 << 20);
    for (int attempt = 0; attempt < 3; ++attempt) try {
        dict->get("1", out);
        _exit(10);
      } catch (const Error& error) {
        if (error.code() != ErrorCode::full) _exit(11);
      }
    allow_all_bytes();
    if (!dict->get("1", out) || out.view() != "v") _exit(12);
    if (dict->size() != kItems) _exit(13);
    dict->set("1", "w");
    if (!dict->get("1", out) || out.view() != "w") _exit(14);
  });
  EXPECT_EQ(child.wait(), 0);
  Value out;
  EXPECT_TRUE(writer->get("1", out) && out.view() == "w");
}

#endif

}  // namespace
}  // namespace dictbench

// What one process stored and another erased is room for everybody, also while the first is idle or stopped, and where
// /dev/shm is full to the brim.
#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <optional>

#include "harness/torture/small_file_system.h"
#include "tests/engines/conformance/children.h"
#include "tests/engines/conformance/fixture.h"
#include "tests/engines/conformance/other_file.h"

namespace dictbench::conformance {
namespace {

constexpr std::uint64_t kEnoughBytes = 64 << 20;  // to fill any engine made small
constexpr std::chrono::seconds kLimit{30};        // on a busy machine; a case takes about a second

struct Page {
  std::atomic<std::uint64_t> stored = 0;
  std::atomic<bool> full = false;      // `stored` items are all that the dict takes
  std::atomic<bool> refilled = false;  // all of them are erased, and as many others stored
  std::atomic<bool> room = false;      // the other file has gone
  std::atomic<bool> done = false;
  std::atomic<bool> elsewhere = false, no_namespaces = false;  // why nothing was tested
};

std::string value_for(const std::string& key, std::size_t size) {
  std::string value;
  while (value.size() < size) value += key + ' ';
  value.resize(size);
  return value;
}

bool is_taken(Dict& dict, const std::string& key, std::size_t size) {
  try {
    dict.set(key, value_for(key, size));
    return true;
  } catch (const Error& error) {
    require(error.code() == ErrorCode::full, error.what());
    return false;
  }
}

std::uint64_t fill(Dict& dict, std::string_view prefix, std::size_t size) {
  std::uint64_t stored = 0;
  while (is_taken(dict, key_of(prefix, stored), size))
    require(++stored * size < kEnoughBytes, fmt::format("took {} values of {} bytes", stored, size));
  require(dict.size() == stored, "not as many as were stored");  // sets that wait are written now
  return stored;
}

void erase_all(Dict& dict, std::string_view prefix, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i)
    require(dict.erase(key_of(prefix, i)), fmt::format("key {} of {} is gone", i, count));
  require(dict.size() == 0, "not empty after all was erased");
}

// As many other items again, over a quarter as many refusals: where a key's place follows from its hash, some find
// theirs taken. Nine tenths must be there in the end, each with its value.
void refill(Dict& dict, std::string_view prefix, std::size_t size, std::uint64_t wanted) {
  std::uint64_t tried = 0, refused = 0;
  for (; tried - refused < wanted && refused <= wanted / 4; ++tried)
    refused += !is_taken(dict, key_of(prefix, tried), size);
  std::uint64_t held = 0;
  Value value;
  for (std::uint64_t i = 0; i < tried; ++i) {
    const std::string key = key_of(prefix, i);
    if (!dict.get(key, value)) continue;
    ++held;
    require(value.view() == value_for(key, size), "another value than was set");
  }
  require(dict.size() == held, fmt::format("size() says {}, get() finds {}", dict.size(), held));
  require(10 * held >= 9 * wanted, fmt::format("{} items were erased, {} go in again", wanted, held));
}

class FreedSpace : public SharedConformance {
 protected:
  enum class Loader { idle, stopped };

  std::size_t size() const { return std::min<std::size_t>(1000, contract().largest_value); }

  void store_again(Loader loader, std::size_t other_size);
  void use_a_full_dev_shm(Page& page) const;
};

// One process loads and stays attached, another erases everything and stores items of `other_size`.
void FreedSpace::store_again(Loader loader, std::size_t other_size) {
  auto small = small_spec();
  if (!small) GTEST_SKIP() << "no option `max`: not filled, it would fill the machine";
  if (contract().durable)
    GTEST_SKIP() << "thousands of sets that wait for the disk; what it frees does not depend on it";
  // Room is given and taken in pieces (lockfree: 128 KiB), of which a process at rest may hold some.
  if (const auto at = small->find("max=2M"); at != std::string::npos) small->replace(at, 6, "max=8M");
  destroy();
  const auto engine = create_engine(parse_engine_spec(*small));
  const SharedPage<Page> page;
  Children loaders;
  const pid_t first = loaders.fork([&] {
    const auto dict = engine->attach();
    page->stored = fill(*dict, "first", size());
    page->full = true;
    require(await([&] { return page->done.load(); }), "never told to end");
  });
  ASSERT_TRUE(await([&] { return page->full.load(); }, kLimit));
  ASSERT_GT(page->stored, 100u);
  if (loader == Loader::stopped) {
    ASSERT_EQ(kill(first, SIGSTOP), 0);
    int status = 0;
    ASSERT_EQ(waitpid(first, &status, WUNTRACED), first);
    ASSERT_TRUE(WIFSTOPPED(status));
  }
  Children others;
  others.fork([&] {
    const auto dict = engine->attach();
    erase_all(*dict, "first", page->stored);
    refill(*dict, "again", other_size, page->stored);
  });
  others.expect_success(kLimit);
  page->done = true;
  kill(first, SIGCONT);
  loaders.expect_success(kLimit);
  EXPECT_EQ(engine->check_integrity().value_or(""), "");
}

TEST_F(FreedSpace, OfAnIdleProcessIsEverybodys) { store_again(Loader::idle, size()); }

TEST_F(FreedSpace, OfAStoppedProcessIsEverybodys) { store_again(Loader::stopped, size()); }

TEST_F(FreedSpace, ServesOtherSizes) {
  if (contract().needs_server) GTEST_SKIP() << "a server parts its memory itself (memcached: by sizes, for good)";
  store_again(Loader::idle, size() * 2 / 5);
}

TEST_F(FreedSpace, OfAStoppedProcessServesOtherSizes) {
  if (contract().needs_server) GTEST_SKIP() << "a server parts its memory itself (memcached: by sizes, for good)";
  store_again(Loader::stopped, size() * 2 / 5);
}

bool is_file_of_dev_shm(const std::string& address) {
  return std::filesystem::is_regular_file("/dev/shm" / std::filesystem::path(address).filename());
}

// In a process whose /dev/shm is small. Another file leaves 3 MB, a dict fills them, and the file takes the last page.
void FreedSpace::use_a_full_dev_shm(Page& page) const {
  constexpr std::uint64_t kRoom = 3 << 20;
  const auto engine = create_engine(subject().spec);
  if (!is_file_of_dev_shm(engine->address())) {
    page.elsewhere = true;
    return;
  }
  std::optional<OtherFile> other(std::in_place);
  other->leave(kRoom);
  Children loaders, others;
  loaders.fork([&] {
    const auto dict = engine->attach();
    page.stored = fill(*dict, "first", size());
    page.full = true;
    require(await([&] { return page.done.load(); }), "never told to end");
  });
  require(await([&] { return page.full.load(); }, kLimit) && page.stored > 100, "not filled");
  other->take_all();
  others.fork([&] {
    const auto dict = engine->attach();
    const std::uint64_t stored = page.stored;
    erase_all(*dict, "first", stored);
    refill(*dict, "again", size(), stored);
    page.refilled = true;
    require(await([&] { return page.room.load(); }), "the other file stays");
    for (std::uint64_t i = 0; i < stored / 2; ++i)
      require(is_taken(*dict, key_of("third", i), size()), "full where there is room again");
    require(dict->size() >= stored / 2 + stored * 9 / 10, "does not grow");
  });
  if (await([&] { return page.refilled.load(); }, kLimit)) {
    other.reset();
    page.room = true;
  }
  others.expect_success(kLimit);
  page.done = true;
  loaders.expect_success(kLimit);
  require(engine->check_integrity().value_or("").empty(), "no longer whole");
  require(!HasFailure(), "see above");
}

TEST_F(FreedSpace, OfAFullDevShmIsUsedAgain) {
  if (contract().needs_server) GTEST_SKIP() << "keeps its items in the server's memory";
  destroy();
  const SharedPage<Page> page;
  Children children;
  children.fork([&] {
    if (use_small_dev_shm("16M"))
      use_a_full_dev_shm(*page);
    else
      page->no_namespaces = true;
  });
  children.expect_success(2 * kLimit);
  if (page->no_namespaces) GTEST_SKIP() << "no mount namespaces here";
  if (page->elsewhere) GTEST_SKIP() << "no segment or table in /dev/shm: a database needs room to erase";
}

}  // namespace
}  // namespace dictbench::conformance

// What is blob's own; the conformance suite holds what all engines promise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "engines/blob/block.h"
#include "engines/blob/store.h"
#include "engines/registry.h"
#include "tests/engines/error_code.h"
#include "tests/engines/filling.h"
#include "tests/engines/make_engine.h"
#include "tests/engines/shm/child_process.h"

namespace dictbench {
namespace {

using namespace blob;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const MultilinearHash hash_of;

TEST(BlobBlock, AgreesWithAMapUnderChurn) {
  std::vector<std::uint64_t> memory(32 << 10);
  Editor editor(reinterpret_cast<char*>(memory.data()), 8 * memory.size(), hash_of);
  editor.make_empty();
  std::map<std::string, std::string> model;
  std::mt19937_64 random(1);
  Value out;
  for (unsigned i = 0; i < 20'000; ++i) {
    const std::string key = key_of(random() % 300);
    if (random() % 3 == 0) {
      ASSERT_EQ(editor.erase(hash_of(key), key), model.erase(key) == 1);
    } else {
      model[key] = std::string(random() % 100, static_cast<char>('a' + i % 26));
      ASSERT_LE(room_for(editor, 1, item_bytes(key.size(), model[key].size())), 8 * memory.size());
      editor.set(hash_of(key), key, model[key]);
    }
    if (i % 100 == 0) {
      ASSERT_EQ(editor.broken(), "");
    }
  }
  EXPECT_EQ(editor.items(), model.size());
  for (unsigned i = 0; i < 300; ++i) {
    const auto found = editor.find(hash_of(key_of(i)), key_of(i));
    ASSERT_EQ(found.has_value(), model.contains(key_of(i)));
    if (!found) continue;
    editor.take(*found, out);
    EXPECT_EQ(out.view(), model[key_of(i)]);
  }
}

TEST(BlobBlock, RoomForIsWhatASetTakes) {
  std::vector<std::uint64_t> memory(8 << 10);
  Editor editor(reinterpret_cast<char*>(memory.data()), 8 * memory.size(), hash_of);
  editor.make_empty();
  for (unsigned i = 0; i < 500; ++i) {
    const std::uint64_t room = room_for(editor, 1, item_bytes(key_of(i).size(), i));
    editor.set(hash_of(key_of(i)), key_of(i), std::string(i % 50, 'v'));
    EXPECT_LE(editor.bytes(), room);
  }
}

// What a reader may meet whose block's memory has been given to another: anything.
TEST(BlobBlock, NothingTornLeadsOutOfItsRoom) {
  constexpr std::uint64_t kRoom = 4096;
  std::vector<std::uint64_t> memory(kRoom / 8);
  Editor editor(reinterpret_cast<char*>(memory.data()), kRoom, hash_of);
  std::mt19937_64 random(1);
  for (unsigned round = 0; round < 20'000; ++round) {
    editor.make_empty();
    for (unsigned i = 0; i < 20; ++i) editor.set(hash_of(key_of(i)), key_of(i), std::string(i, 'v'));
    for (unsigned i = 0; i < 8; ++i) memory[random() % (i < 4 ? 40 : memory.size())] = random() >> random() % 64;
    const auto found = editor.find(hash_of(key_of(7)), key_of(7));
    if (found) {
      EXPECT_LE(found->value_at() + found->item.value_bytes, kRoom);
    }
  }
}

TEST(Blob, GrowsForEveryAttachedDict) {
  const auto engine = make_engine("blob");
  const auto writer = engine->attach();
  const auto reader = engine->attach();
  Value out;
  EXPECT_LT(engine->storage_bytes().in_use, 1u << 20);
  for (unsigned i = 0; i < 2000; ++i) {
    writer->set(key_of(i), std::string(i % 2000, 'v'));
    ASSERT_TRUE(reader->get(key_of(i / 2), out));
    ASSERT_EQ(out.size(), i / 2 % 2000);
  }
  EXPECT_EQ(reader->size(), 2000u);
  EXPECT_EQ(engine->check_integrity().value_or("no check"), "");
}

TEST(Blob, TakesAsManyItemsAsItSaysAndNoMore) {
  const auto engine = make_engine("blob?items=100");
  const auto dict = engine->attach();
  for (unsigned i = 0; i < 100; ++i) dict->set(key_of(i), "v");
  EXPECT_THAT([&] { dict->set("one more", "v"); }, ThrowsMessage<Error>(HasSubstr("items=")));
  EXPECT_EQ(error_code_of([&] { dict->add("one more", 1); }), ErrorCode::full);
  dict->set(key_of(0), "overwritten");
  EXPECT_EQ(dict->size(), 100u);
  EXPECT_TRUE(dict->erase(key_of(1)));
  dict->set("one more", "v");
  EXPECT_EQ(find_engine("blob").contract(parse_engine_spec("blob?items=100")).most_items, 100u);
}

TEST(Blob, FullAtItsMaximumKeepsEverythingAndGoesOn) {
  const auto engine = make_engine("blob?max=1M");
  const auto dict = engine->attach();
  unsigned stored = 0;
  EXPECT_EQ(error_code_of([&] {
              for (;; ++stored) dict->set(key_of(stored), std::string(1000, 'v'));
            }),
            ErrorCode::full);
  EXPECT_GT(stored, 450u) << "half a megabyte";
  EXPECT_LE(engine->storage_bytes().in_use, (1u << 20) + 8192);
  EXPECT_EQ(dict->size(), stored);
  EXPECT_EQ(error_code_of([&] { dict->set(key_of(0), std::string(100'000, 'x')); }), ErrorCode::full);
  Value out;
  EXPECT_TRUE(dict->get(key_of(0), out));
  EXPECT_EQ(out.size(), 1000u) << "a failed overwrite must leave the old value";
  for (unsigned i = 0; i < stored; ++i) EXPECT_TRUE(dict->erase(key_of(i)));
  dict->set("again", std::string(400'000, 'x'));
  EXPECT_EQ(engine->check_integrity().value_or("no check"), "");
}

TEST(Blob, FullWhereDevShmHasNoRoom) {
  expect_done_in_small_dev_shm("4M", [] {
    const auto engine = make_engine("blob?max=1G");
    const auto dict = engine->attach();
    unsigned stored = 0;
    const auto code = error_code_of([&] {
      for (;; ++stored) dict->set(key_of(stored), std::string(1000, 'v'));
    });
    return code == ErrorCode::full && stored > 500 && dict->size() == stored && dict->erase(key_of(0)) ? 0 : 1;
  });
}

TEST(Blob, AStoppedWriterIsATimeoutForOthersAndNothingForReaders) {
  const auto engine = make_engine("blob?timeout=50");
  const auto dict = engine->attach();
  dict->set("a", "1");
  ChildProcess writer([&] {
    Store store(engine->address(), std::chrono::seconds(10));
    const auto stop_inside = [](const Block&) {
      raise(SIGSTOP);
      return std::optional<Store::Growth>();
    };
    store.change(stop_inside, [](Editor&) {});
  });
  ASSERT_TRUE(await_signal(writer, true));
  Value out;
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(error_code_of([&] { dict->set("b", "2"); }), ErrorCode::timeout);
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(50));
  EXPECT_EQ(error_code_of([&] { dict->erase("a"); }), ErrorCode::timeout);
  EXPECT_EQ(error_code_of([&] { dict->add("n", 1); }), ErrorCode::timeout);
  EXPECT_TRUE(dict->get("a", out));
  EXPECT_EQ(engine->attach()->size(), 1u);
  EXPECT_EQ(engine->check_integrity(), "");
  kill(writer.pid(), SIGCONT);
  EXPECT_EQ(writer.wait(), 0);
  dict->set("b", "2");
  EXPECT_EQ(dict->size(), 2u);
}

// Readers meet ever new blocks in the memory that they read, of ever other sizes.
TEST(Blob, ReadersSeeWholeBlocksOnly) {
  constexpr unsigned kKeys = 50;
  const auto engine = make_engine("blob");
  const SharedMemory<std::atomic<bool>> done;
  engine->attach()->set(key_of(0), "a");
  std::vector<std::unique_ptr<ChildProcess>> readers;
  for (unsigned reader = 0; reader < 2; ++reader)
    readers.push_back(std::make_unique<ChildProcess>([&] {
      const auto dict = engine->attach();
      Value out;
      while (!*done) {
        for (unsigned i = 0; i < kKeys; ++i)
          if (dict->get(key_of(i), out) && out.view() != std::string(out.size(), out.data()[0])) _exit(1);
        std::map<std::string, std::string> seen;
        dict->for_each([&](auto key, auto value) { return seen.emplace(key, value).second || (_exit(2), false); });
        // One batch sets them all, so at one moment all are of one batch.
        for (const auto& [key, value] : seen)
          if (seen.size() > 1 && value[0] != seen.begin()->second[0]) _exit(3);
      }
    }));
  const auto writer = engine->attach();
  for (unsigned round = 0; round < 2000; ++round) {
    std::vector<std::string> keys, values;
    std::vector<KeyValue> items;
    for (unsigned i = 0; i < kKeys; ++i) {
      keys.push_back(key_of(i));
      values.push_back(std::string(1 + (round * 7 + i) % 90, static_cast<char>('a' + round % 26)));
    }
    for (unsigned i = 0; i < kKeys; ++i) items.push_back({keys[i], values[i]});
    writer->set_many(items);
  }
  *done = true;
  for (auto& reader : readers) EXPECT_EQ(reader->wait(), 0);
}

}  // namespace
}  // namespace dictbench

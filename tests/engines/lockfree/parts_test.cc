// The pure parts of lockfree: words, tags, positions, sizes, blocks' bytes.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "engines/lockfree/arena.h"
#include "engines/lockfree/block.h"
#include "engines/lockfree/create.h"
#include "engines/lockfree/position.h"
#include "engines/lockfree/size_class.h"
#include "engines/lockfree/table.h"
#include "engines/lockfree/table_size.h"

namespace dictbench::lockfree {
namespace {

TEST(SlotWord, NeverComesBack) {
  std::uint64_t word = 0;
  for (std::uint64_t i = 1; i <= slot::kLastVersion; ++i) {
    ASSERT_FALSE(slot::is_worn(word));
    word = slot::next(word, 0x8001, i % 2 == 0 ? 0 : 7);
    EXPECT_EQ(slot::version(word), i);
    EXPECT_EQ(slot::is_empty(word), i % 2 == 0);
    EXPECT_EQ(slot::tag(word), i % 2 == 0 ? 0 : 0x8001);
    EXPECT_FALSE(slot::is_frozen(word));
  }
  EXPECT_TRUE(slot::is_worn(word));
}

TEST(ControlWord, KeepsSlotBlockAndLink) {
  std::uint64_t word = control::linked(0, 0xabcd);
  for (std::uint64_t i = control::sequence(word); i < control::kLastSequence; ++i) {
    ASSERT_FALSE(control::is_worn(word));
    const std::uint64_t pending = control::pending(word, 13, 0xffffffff);
    EXPECT_TRUE(control::is_pending(pending));
    EXPECT_FALSE(control::is_frozen(pending));
    EXPECT_EQ(control::slot(pending), 13u);
    EXPECT_EQ(control::block(pending), 0xffffffffu);
    EXPECT_EQ(control::link(pending), 0xabcdu);
    word = control::idle(pending);
    EXPECT_EQ(control::sequence(word), i + 1);
    EXPECT_FALSE(control::is_pending(word));
  }
  EXPECT_TRUE(control::is_worn(word));
}

TEST(Tags, VectorAndScalarAgree) {
  std::mt19937_64 random(1);
  Bucket bucket{};
  for (int i = 0; i < 20'000; ++i) {
    for (auto& slot : bucket.slots) slot.store(random() % 3 == 0 ? 0 : slot::make(random() % 5, random() % 100, 9));
    bucket.control.store(random());  // its bits must not match anything
    const auto tag = static_cast<std::uint16_t>(random() % 6);
    unsigned expected = 0;
    for (unsigned at = 0; at < kSlots; ++at) expected |= unsigned{slot::tag(bucket.slots[at].load()) == tag} << at;
    ASSERT_EQ(match_scalar(bucket, tag), expected);
    ASSERT_EQ(match(bucket, tag), expected);
  }
}

TEST(Position, IsToldByBucketAndTag) {
  std::mt19937_64 random(2);
  for (const std::uint32_t buckets : {17u, 18u, 31u, 113u, 227u, 1000u, 4095u, 65536u, 1'000'003u}) {
    std::uint64_t told = 0;
    for (int i = 0; i < 20'000; ++i) {
      const Hash hash{random()};
      const std::uint32_t bucket = bucket_at(hash.position(), buckets);
      const auto position = position_of(bucket, buckets, hash.tag());
      if (hash.tag() == 1) continue;
      ASSERT_TRUE(position);
      ASSERT_EQ(*position >> kUnknownBits, hash.position() >> kUnknownBits) << buckets;
      for (const std::uint32_t larger : {buckets + 1, 2 * buckets, 3 * buckets}) {
        const auto wanted = bucket_of(*position, larger);
        if (wanted) {
          ASSERT_EQ(*wanted, bucket_at(hash.position(), larger));
        }
        told += wanted.has_value();
      }
    }
    if (buckets < 10'000) {
      EXPECT_GT(told, 50'000u) << buckets;  // of 60,000: else rebuilds would read every key
    }
  }
}

TEST(Position, IsNotToldWhereThereAreSeveral) {
  EXPECT_FALSE(position_of(3, 16, 77));                     // the bits above the tag are open
  EXPECT_FALSE(position_of(3, 200, 1));                     // tag 1 may be tag 0
  EXPECT_FALSE(bucket_of(0x7ffff000, 4'194'304 * 3u + 1));  // so many buckets that the unknown bits decide
}

TEST(TableSize, FillsItsBlock) {
  for (std::uint64_t bytes = kLeastTableBytes; bytes <= 64 << 20; bytes = next_table_bytes(bytes)) {
    const TableSize size = table_in(bytes);
    EXPECT_EQ((1 + size.buckets + size.overflow) * kBucketBytes, bytes);
    EXPECT_GT(size.overflow, 0u);
    EXPECT_LE(size.overflow, kMostLinks);
    const unsigned size_class = table_class_of(bytes);
    if (size_class != kNoClass) {
      EXPECT_EQ(kClassBytes[size_class], bytes) << "its block has room to spare";
    }
  }
  EXPECT_EQ(table_bytes(0), kLeastTableBytes);
  EXPECT_GE(table_in(table_bytes(1000)).buckets * kItemsABucket, 1000u);
  EXPECT_EQ(table_bytes(1, 4096), 4096u);
}

TEST(SizeClass, IsTheSmallestThatFits) {
  for (std::uint64_t bytes = 1; bytes <= kClassBytes.back(); ++bytes) {
    const unsigned size_class = class_of(bytes);
    ASSERT_GE(kClassBytes[size_class], bytes);
    if (size_class > 0) {
      ASSERT_LT(kClassBytes[size_class - 1], bytes);
    }
  }
  EXPECT_EQ(class_of(kClassBytes.back() + 1), kNoClass);
  EXPECT_EQ(class_of(block_bytes(16, 10)), 0u) << "the item of the standard workloads is one unit";
}

TEST(Layout, EveryBlockHasANumberOf32Bits) {
  for (const std::uint64_t partitions : {1u, 256u, 1'024u, 8'192u, 65'536u}) {
    for (const std::uint64_t bytes : {std::uint64_t{1} << 20, std::uint64_t{64} << 20, std::uint64_t{1} << 30,
                                      kMostBytes - 1, kMostBytes, 2 * kMostBytes}) {
      const Layout layout = layout_of(bytes, partitions);
      EXPECT_LE(layout.end(), kMostBytes) << bytes << " " << partitions;
      EXPECT_LE(layout.meta_at + layout.max_chunks * sizeof(ChunkMeta), layout.chunks_at);
      if (bytes >= kMostBytes - 1) {
        EXPECT_GT(layout.end(), kMostBytes - (std::uint64_t{4} << 20)) << "all but what the rounding takes";
      }
    }
  }
}

void lay_out(Root& root, const Layout& layout, std::uint64_t partitions) {
  root.partitions = partitions;
  root.arenas_at = layout.arenas_at;
  root.directory_at = layout.directory_at;
  root.meta_at = layout.meta_at;
  root.chunks_at = layout.chunks_at;
  root.max_chunks = layout.max_chunks;
}

TEST(Layout, OfAnotherMakeIsRefusedWhereNumbersDoNotReach) {
  const Layout layout = layout_of(kMostBytes, 1'024);
  Root root;
  lay_out(root, layout, 1'024);
  EXPECT_EQ(misfit(root, layout.end()), "");
  EXPECT_NE(misfit(root, layout.end() - 1).find("does not fit"), std::string::npos);
  root.max_chunks += 2;
  EXPECT_NE(misfit(root, layout.end() + 2 * kChunkBytes).find("numbers reach"), std::string::npos);
}

TEST(Layout, OfAnUnknownHashIsRefused) {
  const Layout layout = layout_of(64 << 20, 1);
  Root root;
  lay_out(root, layout, 1);
  EXPECT_EQ(misfit(root, layout.end()), "");
  root.hasher = {KeyHash(static_cast<KeyHash::Kind>(17))};
  EXPECT_NE(misfit(root, layout.end()).find("hash"), std::string::npos);
}

TEST(Magazines, CountHowOftenTheyAreFilled) {
  std::uint64_t word = Magazine::next(0, 7);
  EXPECT_EQ(Magazine::bitmap_word(word), 7u);
  EXPECT_NE(Magazine::next(Magazine::next(word, 8), 7), word);
  word = ~std::uint64_t{0};  // the last number there is, and the mark
  EXPECT_EQ(Magazine::next(word, 0xffffffff), 0xffffffffu) << "neither a mark nor another bitmap word";
}

TEST(Intents, KnowTheBlockAgainByMoreThanItsGeneration) {
  std::vector<std::uint64_t> memory(8);
  fill_block(memory.data(), 42, "some key", "value");
  const std::uint64_t first = memory[0];
  const Intent intent = unpack_intent(pack(filled_intent(0xffffffff, first)));
  EXPECT_EQ(intent.block, 0xffffffffu);
  EXPECT_EQ(intent.generation, 42);
  EXPECT_TRUE(is_of(intent, first));
  fill_block(memory.data(), 44, "some key", "value");
  EXPECT_FALSE(is_of(intent, memory[0]));
  fill_block(memory.data(), 42, "other key", "value");
  EXPECT_FALSE(is_of(intent, memory[0])) << "its generation came round";
  EXPECT_FALSE(unpack_intent(pack(Intent{.block = 7})).filled);
}

TEST(Claims, AreOfTheWholeFirstWord) {
  std::vector<std::uint64_t> memory(8);
  fill_block(memory.data(), 42, "key", "value");
  const std::uint64_t first = memory[0];
  fill_block(memory.data(), 42, "other key", "value");
  EXPECT_FALSE(claim_block(memory.data(), first, 7)) << "its generation came round";
  EXPECT_TRUE(claim_block(memory.data(), memory[0], 7));
  EXPECT_TRUE(is_claimed(memory.data(), 42, 7));
  EXPECT_FALSE(is_claimed(memory.data(), 42, 8));
  EXPECT_FALSE(claim_block(memory.data(), first, 8)) << "once";
}

TEST(BlockBytes, KeepKeyAndValueOfEveryLength) {
  std::vector<std::uint64_t> memory(20'000);
  Value out;
  for (const std::size_t key_length :
       {0, 1, 2, 3, 7, 8, 9, 10, 15, 16, 17, 24, 25, 100, 1000, 65'534, 65'535, 65'536}) {
    for (const std::size_t value_length : {0, 1, 2, 5, 8, 9, 10, 16, 31, 64, 65, 66, 300, 65'535, 70'000}) {
      std::string key(key_length, '\0'), value(value_length, '\0');
      for (std::size_t i = 0; i < key_length; ++i) key[i] = static_cast<char>('a' + i * 7 % 26);
      for (std::size_t i = 0; i < value_length; ++i) value[i] = static_cast<char>('A' + i * 11 % 26);
      const std::uint64_t bytes = block_bytes(key_length, value_length), words = (bytes + 7) / 8;
      std::ranges::fill(memory, 0x5555555555555555);
      const std::uint64_t first = fill_block(memory.data(), 42, key, value);
      ASSERT_EQ(first, memory[0]) << key_length << " " << value_length;
      for (std::uint64_t i = words; i < words + 4; ++i) ASSERT_EQ(memory[i], 0x5555555555555555) << "beyond its end";
      const BlockHead head = read_head(memory.data());
      ASSERT_EQ(head.generation, 42);
      ASSERT_EQ(head.bytes(), bytes);
      ASSERT_TRUE(key_equals(memory.data(), head, key));
      ASSERT_TRUE(key_equals_by_words(memory.data(), head, key));
      if (!key.empty()) {
        std::string other = key;
        other.back() = static_cast<char>(other.back() ^ 1);
        ASSERT_FALSE(key_equals(memory.data(), head, other));
        ASSERT_FALSE(key_equals(memory.data(), head, key.substr(1)));
        other = key;
        other[key_length / 2] = '!';
        ASSERT_FALSE(key_equals(memory.data(), head, other));
      }
      copy_value(memory.data(), head, out);
      ASSERT_EQ(out.view(), value) << key_length << " " << value_length;
      std::string copied(key_length, '\0');
      copy_out(memory.data(), head.payload, key_length, copied.data());
      ASSERT_EQ(copied, key);
    }
  }
}

}  // namespace
}  // namespace dictbench::lockfree

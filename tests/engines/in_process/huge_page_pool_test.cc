// The pool of 2 MB pages behind the tables in private memory.
#include "engines/in_process/huge_page_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

namespace dictbench {
namespace {

TEST(HugePagePool, BlocksOfAllSizesAreApartAndAligned) {
  std::vector<std::pair<char*, std::size_t>> blocks;
  for (std::size_t bytes = 1; bytes <= 9 << 20; bytes += 1 + bytes / 7)
    for (int i = 0; i < 2; ++i) {
      auto* const block = static_cast<char*>(take_pooled(bytes));
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 16, 0u) << bytes;
      std::memset(block, static_cast<int>(blocks.size() % 251), bytes);
      blocks.emplace_back(block, bytes);
    }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto [block, bytes] = blocks[i];
    const auto mark = static_cast<char>(i % 251);
    EXPECT_TRUE(block[0] == mark && block[bytes / 2] == mark && block[bytes - 1] == mark) << bytes;
    give_pooled(block, bytes);
  }
}

TEST(HugePagePool, MultiplesOfACacheLineBeginOnOne) {
  for (std::size_t bytes = 64; bytes <= 1024; bytes += 64)
    for (int i = 0; i < 3; ++i) EXPECT_EQ(reinterpret_cast<std::uintptr_t>(take_pooled(bytes)) % 64, 0u) << bytes;
}

TEST(HugePagePool, WhatAThreadLeavesServesTheNext) {
  void* left = nullptr;
  std::thread([&] { give_pooled(left = take_pooled(100'000), 100'000); }).join();
  void* again = nullptr;
  std::thread([&] { again = take_pooled(100'000); }).join();
  EXPECT_EQ(again, left);
}

TEST(HugePagePool, ManyThreadsTakeAndGive) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      std::vector<std::pair<char*, std::size_t>> held;
      for (std::size_t i = 0; i < 50'000; ++i) {
        const std::size_t bytes = 1 + i * 37 % 300;
        auto* const block = static_cast<char*>(take_pooled(bytes));
        block[0] = block[bytes - 1] = static_cast<char>(t);
        held.emplace_back(block, bytes);
        if (i % 3 != 0) continue;
        const auto [old, size] = held[i % held.size()];
        held[i % held.size()] = held.back();
        held.pop_back();
        if (old[0] != static_cast<char>(t) || old[size - 1] != static_cast<char>(t)) ADD_FAILURE() << "shared";
        give_pooled(old, size);
      }
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace dictbench

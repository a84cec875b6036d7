// What torture's workers judge by: values that verify themselves, versions, the ledger of keys in flight.
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "harness/torture/ledger.h"
#include "harness/torture/load.h"

namespace dictbench::torture {
namespace {

constexpr KeyId kKey{.slot = 1, .key = 7, .generation = 3};

std::string value(const KeyId& key, std::uint64_t version) {
  std::string out;
  make_value(key, version, kLongestValue, out);
  return out;
}

TEST(TortureLoad, ValuesTellTheirVersion) {
  std::size_t shortest = SIZE_MAX, longest = 0;
  for (std::uint64_t version = 1; version < 2000; ++version) {
    if (erases(version)) continue;
    const std::string bytes = value(kKey, version);
    EXPECT_EQ(version_of(kKey, bytes, kLongestValue), version);
    shortest = std::min(shortest, bytes.size());
    longest = std::max(longest, bytes.size());
  }
  EXPECT_EQ(shortest, kShortestValue);
  EXPECT_GT(longest, kLongestValue - 100);
  EXPECT_LE(longest, kLongestValue);
}

TEST(TortureLoad, EveryChangedByteIsSeen) {
  std::uint64_t version = 1;
  while (value(kKey, version).size() < 100 || value(kKey, version).size() > 300) ++version;
  const std::string whole = value(kKey, version);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string torn = whole;
    torn[at] = static_cast<char>(torn[at] ^ 1);
    EXPECT_FALSE(version_of(kKey, torn, kLongestValue)) << "byte " << at;
  }
  EXPECT_FALSE(version_of(kKey, whole.substr(1), kLongestValue));
  EXPECT_FALSE(version_of(kKey, whole.substr(0, whole.size() - 1), kLongestValue));
  EXPECT_FALSE(version_of(kKey, whole + "x", kLongestValue));
  EXPECT_FALSE(version_of(kKey, "", kLongestValue));
}

TEST(TortureLoad, AnotherKeysValueIsNotOurs) {
  for (const KeyId& other : {KeyId{0, 7, 3}, KeyId{1, 8, 3}, KeyId{1, 7, 2}})
    EXPECT_FALSE(version_of(kKey, value(other, 5), kLongestValue));
}

TEST(TortureLoad, ShortLimitsAreKept) {
  constexpr std::size_t kLimit = 20;
  std::string out;
  for (std::uint64_t version = 1; version < 100; ++version) {
    make_value(kKey, version, kLimit, out);
    EXPECT_LE(out.size(), kLimit);
  }
}

TEST(TortureLoad, AFoundVersionLiesBetweenAcknowledgedAndBegun) {
  EXPECT_EQ(version_read(5, 5, 6), 5U);
  EXPECT_EQ(version_read(6, 5, 6), 6U);
  EXPECT_FALSE(version_read(4, 5, 6));  // lost
  EXPECT_FALSE(version_read(7, 5, 6));  // nobody began it
}

TEST(TortureLoad, AMissingKeyWasErasedOrNeverWritten) {
  EXPECT_EQ(version_read(std::nullopt, 0, 0), 0U);
  EXPECT_EQ(version_read(std::nullopt, 0, 3), 0U);
  EXPECT_FALSE(version_read(std::nullopt, 1, 7));
  EXPECT_EQ(version_read(std::nullopt, 7, 8), 8U);
  EXPECT_EQ(version_read(std::nullopt, 8, 20), 8U);
  EXPECT_FALSE(version_read(std::nullopt, 9, 15));
}

class TortureLedger : public testing::Test {
 protected:
  LedgerMapping ledger;
  Slot& slot = ledger->slots[1];
};

TEST_F(TortureLedger, RetiresWhatWasInFlight) {
  slot.keys[7].begun = Stamp{3, 6}.word();
  slot.keys[7].acknowledged = Stamp{3, 5}.word();
  slot.keys[8].begun = slot.keys[8].acknowledged = Stamp{0, 9}.word();
  ledger->retire_in_flight(1);
  EXPECT_EQ(slot.keys[7].load_acknowledged().generation, 4U);
  EXPECT_EQ(slot.keys[7].load_begun().version, 0U);
  EXPECT_EQ(slot.keys[8].load_acknowledged().version, 9U);
  ASSERT_EQ(slot.retired_end, 1U);
  EXPECT_EQ(slot.retired_at(0).key, 7U);
  EXPECT_EQ(slot.retired_at(0).generation, 3U);
  EXPECT_EQ(slot.retired_at(0).low, 5U);
  EXPECT_EQ(slot.retired_at(0).high, 6U);
  ledger->retire_in_flight(1);
  EXPECT_EQ(slot.retired_end, 1U) << "nothing more was in flight";
}

TEST_F(TortureLedger, SaysWhenItIsFull) {
  for (unsigned i = 0; i < kMostRetired; ++i) {
    slot.keys[0].begun = Stamp{i, 1}.word();
    slot.keys[0].acknowledged = Stamp{i, 0}.word();
    ledger->retire_in_flight(1);
  }
  slot.keys[0].begun = Stamp{kMostRetired, 1}.word();
  EXPECT_THROW(ledger->retire_in_flight(1), std::runtime_error);
}

TEST_F(TortureLedger, ThePrivateDictOfADeadProcessBeginsAnew) {
  slot.keys[7].begun = slot.keys[7].acknowledged = Stamp{3, 5}.word();
  slot.counters[0].begun = slot.counters[0].acknowledged = 12;
  ledger->begin_anew(1);
  EXPECT_EQ(slot.keys[7].load_acknowledged().generation, 4U);
  EXPECT_EQ(slot.keys[7].load_acknowledged().version, 0U);
  EXPECT_EQ(ledger->counter_begun(0, 1, 1), 0U);
}

TEST_F(TortureLedger, SumsCountersOverSlots) {
  ledger->slots[0].counters[2].begun = 3;
  ledger->slots[2].counters[2].begun = 4;
  EXPECT_EQ(ledger->counter_begun(2, 0, 2), 7U);
  EXPECT_EQ(ledger->counter_begun(2, 1, 2), 4U);
}

TEST_F(TortureLedger, TheFirstReportWins) {
  EXPECT_FALSE(ledger->is_broken());
  ledger->report_broken("first");
  ledger->report_broken("second");
  EXPECT_TRUE(ledger->is_broken());
  EXPECT_STREQ(ledger->broken_text.data(), "first");
}

}  // namespace
}  // namespace dictbench::torture

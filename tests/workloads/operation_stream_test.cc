#include "workloads/operation_stream.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "workloads/key_text.h"
#include "workloads/value_content.h"

namespace dictbench {
namespace {

Workload workload_of(const std::string& phases, const std::string& keys = "format = \"key{index:013}\"\ncount = 1000",
                     bool preload = true) {
  return parse_workload(std::string("preload = ") + (preload ? "true" : "false") + "\n[keys]\n" + keys + "\n" + phases,
                        "test.toml");
}

std::uint64_t hash_of(const OperationStream& stream) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(&stream[i]);
    for (std::size_t byte = 0; byte < stream.stride(); ++byte) hash = (hash ^ bytes[byte]) * 0x100000001b3;
  }
  return hash;
}

TEST(OperationStream, IsLaidOutForOneForwardStream) {
  const Workload workload =
      workload_of("[[phase]]\nname = \"get\"\nmix = {get = 1}\noperations = 100\ndistribution = \"uniform\"\n");
  const OperationStream stream(workload, workload.phases[0], 0, 1);
  ASSERT_EQ(stream.size(), 100u);
  EXPECT_EQ(stream.stride(), 32u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&stream[0]) % 64, 0u);
  for (std::size_t i = 0; i < stream.size(); ++i) {
    EXPECT_EQ(stream[i].kind, OperationKind::get);
    EXPECT_EQ(stream[i].key(), KeyTexts(workload.keys).text(stream[i].key_number));
    EXPECT_EQ(stream[i].key_tag, key_tag(stream[i].key()));
  }
}

TEST(OperationStream, KeysAreWhatAFormattingLibraryWouldWrite) {
  const Workload workload =
      workload_of("[[phase]]\nname = \"set\"\nmix = {set = 1}\noperations = 3000\nshare = \"own\"\n",
                  "formats = [\"Foreground{index}\", \"a{index:03}z\", \"b{index:064}\"]\ncount = 3000", false);
  const OperationStream stream(workload, workload.phases[0], 0, 1);
  for (std::size_t i = 0; i < 3000; ++i) {
    const std::string expected = i < 1000   ? fmt::format("Foreground{}", i)
                                 : i < 2000 ? fmt::format("a{:03}z", i - 1000)
                                            : fmt::format("b{:064}", i - 2000);
    ASSERT_EQ(stream[i].key(), expected);
    ASSERT_EQ(stream[i].group, i / 1000);
  }
}

TEST(OperationStream, GivesTheSameOperationsOnEveryMachine) {
  // Known results: they change only with the generators, and then kGeneratorVersion in workload_rules.cc must be
  // raised.
  const std::map<std::string, std::uint64_t> known = {
      {"zipf-95-5", 0x3b9dcdee4367bea8}, {"ycsb-d", 0x85b67b56c4b1322d},      {"ycsb-e", 0xa8afa6622ed5b189},
      {"churn", 0x6440ea430ef7978e},     {"growth-tail", 0xfa340f4597815755}, {"mpdict-1m", 0x8cd4fe327e880d98}};
  for (const auto& [name, hash] : known) {
    const Workload workload = load_workload(name, 0.01);
    EXPECT_EQ(hash_of(OperationStream(workload, workload.phases[0], 1, 3)), hash)
        << name << std::hex << " gives 0x" << hash_of(OperationStream(workload, workload.phases[0], 1, 3));
  }
}

TEST(OperationStream, FollowsFromSeedPhaseAndWorker) {
  const std::string phases =
      "[[phase]]\nname = \"one\"\nmix = {get = 1}\noperations = 200\ndistribution = \"uniform\"\n"
      "[[phase]]\nname = \"two\"\nmix = {get = 1}\noperations = 200\ndistribution = \"uniform\"\n";
  const Workload workload = workload_of(phases);
  Workload reseeded = workload;
  reseeded.seed = 2;
  const std::set<std::uint64_t> hashes = {hash_of(OperationStream(workload, workload.phases[0], 0, 2)),
                                          hash_of(OperationStream(workload, workload.phases[0], 1, 2)),
                                          hash_of(OperationStream(workload, workload.phases[1], 0, 2)),
                                          hash_of(OperationStream(reseeded, reseeded.phases[0], 0, 2))};
  EXPECT_EQ(hashes.size(), 4u);
  const Phase copy = workload.phases[1];
  EXPECT_EQ(hash_of(OperationStream(workload, copy, 0, 2)),
            hash_of(OperationStream(workload, workload.phases[1], 0, 2)));
}

TEST(OperationStream, SplitsOperationsAndOwnKeysEvenly) {
  const Workload workload =
      workload_of("[[phase]]\nname = \"set\"\nmix = {set = 1}\noperations = 1000\nshare = \"own\"\n");
  for (const unsigned processes : {1u, 3u, 7u}) {
    std::vector<std::uint64_t> touched;
    for (unsigned worker = 0; worker < processes; ++worker) {
      const OperationStream stream(workload, workload.phases[0], worker, processes);
      EXPECT_NEAR(static_cast<double>(stream.size()), 1000.0 / processes, 1);
      EXPECT_EQ(OperationStream::operations(workload, workload.phases[0], worker, processes), stream.size());
      for (std::size_t i = 0; i < stream.size(); ++i) touched.push_back(stream[i].key_number);
    }
    ASSERT_EQ(touched.size(), 1000u);
    for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_EQ(touched[i], i);
  }
}

TEST(OperationStream, KindsComeByWeight) {
  const Workload workload =
      workload_of("[[phase]]\nname = \"mixed\"\nmix = {get = 19, set = 1}\noperations = 100_000\n");
  const OperationStream stream(workload, workload.phases[0], 0, 1);
  std::size_t sets = 0;
  for (std::size_t i = 0; i < stream.size(); ++i) sets += stream[i].kind == OperationKind::set;
  EXPECT_NEAR(static_cast<double>(sets), 5000, 350);  // five standard deviations
}

TEST(OperationStream, InsertsAreFreshAndUnique) {
  const Workload workload = workload_of(
      "[[phase]]\nname = \"one\"\nmix = {get = 0.5, insert = 0.5}\noperations = 5000\n"
      "[[phase]]\nname = \"two\"\nmix = {insert = 1}\noperations = 1000\n",
      "formats = [\"key{index}\", \"other{index}\"]\ncount = 1000");
  std::set<std::string> keys;
  const KeyTexts texts(workload.keys);
  for (std::uint64_t i = 0; i < 1000; ++i) keys.insert(texts.text(i));
  ASSERT_EQ(keys.size(), 1000u);
  for (const Phase& phase : workload.phases) {
    for (unsigned worker = 0; worker < 3; ++worker) {
      const OperationStream stream(workload, phase, worker, 3);
      for (std::size_t i = 0; i < stream.size(); ++i) {
        if (stream[i].kind != OperationKind::insert) continue;
        EXPECT_GE(stream[i].key_number, 1000u);
        EXPECT_TRUE(keys.emplace(stream[i].key()).second) << stream[i].key() << " twice";
      }
    }
  }
  EXPECT_GT(keys.size(), 4000u);
}

TEST(OperationStream, ChurnKeepsItsSizeAndErasesTheOldest) {
  const Workload workload = workload_of(
      "[[phase]]\nname = \"one\"\nmix = {insert = 0.5, erase = 0.5}\noperations = 3001\n"
      "[[phase]]\nname = \"two\"\nmix = {get = 2, insert = 1, erase = 1}\noperations = 3000\ndistribution = "
      "\"latest\"\n");
  for (unsigned worker = 0; worker < 2; ++worker) {
    std::deque<std::uint64_t> own;
    for (std::uint64_t i = worker * 500; i < worker * 500 + 500; ++i) own.push_back(i);
    bool insert_is_next = true;
    for (const Phase& phase : workload.phases) {
      const OperationStream stream(workload, phase, worker, 2);
      if (&phase == &workload.phases[1]) insert_is_next = true;
      for (std::size_t i = 0; i < stream.size(); ++i) {
        if (stream[i].kind == OperationKind::get) continue;
        ASSERT_EQ(stream[i].kind == OperationKind::insert, insert_is_next) << phase.name << " " << i;
        insert_is_next = !insert_is_next;
        if (stream[i].kind == OperationKind::insert) {
          own.push_back(stream[i].key_number);
        } else {
          ASSERT_EQ(stream[i].key_number, own.front());
          own.pop_front();
        }
        ASSERT_LE(own.size(), 502u);
      }
    }
  }
}

TEST(OperationStream, ErasesThatFindNothingStayWithTheirOwnKeys) {
  const Workload workload = workload_of("[[phase]]\nname = \"erase\"\nmix = {erase = 1}\noperations = 50\n",
                                        "format = \"k{index}\"\ncount = 20");
  for (unsigned worker = 0; worker < 2; ++worker) {
    const OperationStream stream(workload, workload.phases[0], worker, 2);
    for (std::size_t i = 0; i < stream.size(); ++i)
      EXPECT_EQ(stream[i].key_number, worker * 10 + std::min<std::size_t>(i, 9));
  }
}

TEST(OperationStream, LatestSeesOwnInsertsOnly) {
  const Workload workload = load_workload("ycsb-d", 0.02);
  for (unsigned worker = 0; worker < 2; ++worker) {
    std::set<std::uint64_t> inserted;
    const OperationStream stream(workload, workload.phases[0], worker, 2);
    std::size_t recent = 0;
    for (std::size_t i = 0; i < stream.size(); ++i) {
      if (stream[i].kind == OperationKind::insert)
        inserted.insert(stream[i].key_number);
      else if (stream[i].key_number >= workload.keys.count) {
        ASSERT_TRUE(inserted.contains(stream[i].key_number));
        ++recent;
      }
    }
    EXPECT_GT(recent, stream.size() / 3);
  }
}

TEST(OperationStream, KeysMayBeLimitedToTheFirstOnes) {
  const Workload workload = workload_of(
      "[[phase]]\nname = \"get\"\nmix = {get = 1}\noperations = 1000\nkeys = 10\nshare = \"own\"\ndistribution = "
      "\"uniform\"\n");
  const OperationStream stream(workload, workload.phases[0], 1, 2);
  std::set<std::uint64_t> touched;
  for (std::size_t i = 0; i < stream.size(); ++i) touched.insert(stream[i].key_number);
  EXPECT_EQ(touched, (std::set<std::uint64_t>{5, 6, 7, 8, 9}));
}

TEST(OperationStream, ScansHaveAnEvenLength) {
  const Workload workload =
      workload_of("[[phase]]\nname = \"scan\"\nmix = {scan = 1}\noperations = 20_000\nscan_limit = 10\n");
  const OperationStream stream(workload, workload.phases[0], 0, 1);
  std::map<std::uint32_t, int> lengths;
  for (std::size_t i = 0; i < stream.size(); ++i) ++lengths[stream[i].scan_length()];
  ASSERT_EQ(lengths.size(), 10u);
  EXPECT_EQ(lengths.begin()->first, 1u);
  EXPECT_EQ(lengths.rbegin()->first, 10u);
  for (const auto& [length, times] : lengths) EXPECT_NEAR(times, 2000, 220) << length;
}

TEST(OperationStream, WritersWriteAndTheOthersReadOn) {
  const Workload workload = workload_of(
      "[[phase]]\nname = \"p\"\nmix = {get = 3, scan = 1, set = 1, insert = 1}\noperations = 1001\n"
      "distribution = \"uniform\"\nwriters = 2\n");
  std::size_t written = 0;
  std::set<std::uint64_t> inserted;
  for (unsigned worker = 0; worker < 2; ++worker) {
    const OperationStream stream(workload, workload.phases[0], worker, 4);
    EXPECT_EQ(stream.size(), OperationStream::operations(workload, workload.phases[0], worker, 4));
    written += stream.size();
    for (std::size_t i = 0; i < stream.size(); ++i) {
      ASSERT_TRUE(stream[i].kind == OperationKind::set || stream[i].kind == OperationKind::insert);
      if (stream[i].kind == OperationKind::insert && !inserted.insert(stream[i].key_number).second)
        FAIL() << "inserted twice";
    }
  }
  EXPECT_EQ(written, 1001u);
  for (unsigned worker = 2; worker < 4; ++worker) {
    const OperationStream stream(workload, workload.phases[0], worker, 4);
    EXPECT_EQ(stream.size(), std::size_t{1} << 18) << "a round of them";
    for (std::size_t i = 0; i < stream.size(); ++i) {
      ASSERT_TRUE(stream[i].kind == OperationKind::get || stream[i].kind == OperationKind::scan);
      ASSERT_LT(stream[i].key_number, 1000u) << "a key that is there from the start";
    }
  }
  EXPECT_EQ(OperationStream(workload, workload.phases[0], 0, 1).size(), 1001u) << "nobody is left to read";
  EXPECT_EQ(footprint(workload, 4).items, 1000 + inserted.size());
}

TEST(OperationStream, TimedPhasesHaveAFiniteRound) {
  const Workload workload = workload_of("[[phase]]\nname = \"get\"\nmix = {get = 1}\nseconds = 1\n");
  const OperationStream stream(workload, workload.phases[0], 0, 2);
  EXPECT_EQ(stream.size(), std::size_t{1} << 18);  // of 1000 keys
  const Workload many =
      workload_of("[[phase]]\nname = \"get\"\nmix = {get = 1}\nseconds = 1\n", "format = \"{index}\"\ncount = 1000000");
  EXPECT_EQ(OperationStream::operations(many, many.phases[0], 0, 2), std::size_t{1} << 20);
  const Workload wide = workload_of("[[phase]]\nname = \"get\"\nmix = {get = 1}\nseconds = 1\n",
                                    "format = \"{index:01000}\"\ncount = 1000");
  EXPECT_LE(OperationStream::operations(wide, wide.phases[0], 0, 2) * 1024, std::size_t{64} << 20);
}

TEST(OperationStream, PreloadSetsEveryKeyOnce) {
  const Workload workload =
      workload_of("[[phase]]\nname = \"get\"\nmix = {get = 1}\nseconds = 1\n", "format = \"k{index}\"\ncount = 10");
  std::set<std::uint64_t> keys;
  for (unsigned worker = 0; worker < 3; ++worker) {
    const OperationStream stream(workload, preload_phase(workload), worker, 3);
    for (std::size_t i = 0; i < stream.size(); ++i) {
      EXPECT_EQ(stream[i].kind, OperationKind::set);
      EXPECT_TRUE(keys.insert(stream[i].key_number).second);
    }
  }
  EXPECT_EQ(keys.size(), 10u);
}

TEST(OperationStream, MoreProcessesThanKeysToOwnAreRefused) {
  const Workload workload =
      workload_of("[[phase]]\nname = \"set\"\nmix = {set = 1}\noperations = 10\nshare = \"own\"\n",
                  "format = \"k{index}\"\ncount = 3");
  EXPECT_THROW(OperationStream(workload, workload.phases[0], 0, 4), WorkloadError);
  EXPECT_THROW(footprint(workload, 4), WorkloadError);
  EXPECT_NO_THROW(footprint(workload, 3));
}

TEST(KeyTag, DiffersBetweenKeysAndLengths) {
  std::set<std::uint32_t> tags;
  std::string text;
  for (int length = 0; length < 70; ++length, text += 'x') tags.insert(key_tag(text));
  text.assign(40, '\0');
  for (std::size_t byte = 0; byte < text.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string other = text;
      other[byte] = static_cast<char>(1 << bit);
      tags.insert(key_tag(other));
    }
  }
  EXPECT_GE(tags.size(), 70u + 40 * 8 - 1);
}

}  // namespace
}  // namespace dictbench

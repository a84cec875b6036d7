// The conformance suite's fixture: a fresh engine for every test, made from the spec on the command line,
// and what the tests share. The suite knows an engine only through engines/engine.h and its contract.
//
// Single-process tests use dict(), attached by the test's own process. Tests with processes do not: every
// forked process attaches for itself, while the parent holds no dict (children.h).
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "engines/engine.h"
#include "engines/registry.h"

namespace dictbench::conformance {

// What the command line says.
struct Subject {
  Spec spec;
  std::string spec_text;
  std::string plugin;  // file, or empty
  Contract contract;
};
Subject& subject();

// How often to repeat something: less where each write waits for the disk.
inline int rounds(int usual) { return subject().contract.durable ? usual / 20 + 1 : usual; }

// For bodies that run in a child process, where GoogleTest's checks would not be heard.
inline void require(bool holds, const std::string& otherwise) {
  if (!holds) throw std::runtime_error(otherwise);
}

// A key that every contract allows: 1 to about 20 printable bytes.
std::string key_of(std::string_view prefix, std::uint64_t number);

// Bytes of all values, the same for the same seed.
std::string random_bytes(std::size_t size, std::uint64_t seed);

// The sizes around which engines change how they store: words, lines, pages, slabs.
std::vector<std::size_t> awkward_sizes(std::size_t largest);

std::unique_ptr<Engine> create_engine(const Spec& spec);

// The subject's spec with the option `max` that makes it small, where it has one. A server needs some megabytes for
// itself.
std::optional<std::string> small_spec();

class Conformance : public testing::Test {
 protected:
  void SetUp() override;

  const Contract& contract() const { return subject().contract; }
  Engine& engine() { return *engine_; }
  Dict& dict();
  void detach() { dict_.reset(); }
  void destroy() {
    dict_.reset();
    engine_.reset();
  }

  // What get() gives; "(missing)" when it is not there.
  std::string value_of(std::string_view key);

  // Everything for_each() visits; fails when a key comes twice.
  std::set<std::string> listed();

  // Fails unless `call` throws Error with this code.
  template <typename Call>
  void expect_error(ErrorCode code, const Call& call) {
    try {
      call();
      ADD_FAILURE() << "no error, but '" << to_string(code) << "' was expected";
    } catch (const Error& error) {
      EXPECT_EQ(to_string(error.code()), to_string(code)) << error.what();
    }
  }

 private:
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Dict> dict_;
};

// For tests of what is stored, and of what processes share.
class StoringConformance : public Conformance {
 protected:
  void SetUp() override {
    if (!contract().stores) GTEST_SKIP() << "the contract says that nothing is stored";
    Conformance::SetUp();
  }
};

class SharedConformance : public StoringConformance {
 protected:
  void SetUp() override {
    if (!contract().shared_between_processes) GTEST_SKIP() << "the contract says that processes share nothing";
    StoringConformance::SetUp();
  }
  bool linearizable() const { return contract().consistency == Consistency::linearizable; }
};

}  // namespace dictbench::conformance

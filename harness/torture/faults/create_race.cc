// `create-race`: processes make engines, attach to one another's, destroy and clean up, all at the same time.
//
// A process's own dict must answer as if it were alone. A foreign one may go away at any moment, which is an Error;
// what is read there before must be its maker's. The clean-up finds nothing to do, for every owner lives.
#include <algorithm>
#include <functional>
#include <vector>

#include "engines/shm/leftovers.h"
#include "harness/torture/expected.h"
#include "harness/torture/faults/environment_faults.h"
#include "harness/torture/judge.h"
#include "harness/torture/things.h"

namespace dictbench::torture {
namespace {

constexpr std::uint64_t kRounds = 100;    // of each process, or
constexpr std::chrono::seconds kTime{4};  // so long: starting a server takes a tenth of a second
constexpr milliseconds kPatience{60'000};
constexpr unsigned kMostProcesses = 8;
constexpr std::uint64_t kKeys = 20;

// Where a process tells the others its engine's address; by a sequence lock, odd while it is written.
struct Board {
  std::atomic<std::uint64_t> sequence = 0;
  std::array<std::atomic<char>, 256> address = {};

  void put(const std::string& text) {
    ++sequence;
    for (std::size_t i = 0; i < address.size(); ++i) address[i] = i < text.size() ? text[i] : '\0';
    ++sequence;
  }

  // Empty: there is none now.
  std::string get() const {
    const std::uint64_t before = sequence;
    std::string text;
    for (std::size_t i = 0; i < address.size() && address[i] != '\0'; ++i) text += address[i];
    return before % 2 == 0 && sequence == before ? text : std::string();
  }
};

struct Page {
  Board boards[kMostProcesses];
  std::atomic<std::uint64_t> rounds = 0, foreign = 0, refused = 0;
};

// Each value tells whose dict it lies in.
std::string value_in(const std::string& address, std::uint64_t key) {
  const std::string whose = fmt::format("{:016x}|", std::hash<std::string>()(address));
  return (whose + value_of(key_of(key), key)).substr(0, longest_value());
}

void use_own(Dict& dict, const std::string& address) {
  Expected expected;
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    dict.set(key_of(i), value_in(address, i));
    expected.stored(key_of(i), value_in(address, i));
  }
  expected.check(dict, "a process's own dict");
  require(dict.erase(key_of(0)), "a process's own key is gone");
  dict.set(key_of(0), value_in(address, 0));
  expected.check(dict, "a process's own dict");
}

void use_foreign(const Subject& subject, const std::string& address, Page& page) {
  const auto error = error_of([&] {
    const auto dict = subject.description.attach(subject.spec, address);
    Value out;
    for (std::uint64_t i = 0; i < kKeys; ++i)
      if (dict->get(key_of(i), out))
        require(out.view() == value_in(address, i), "a foreign dict at {} gives a value that is not its maker's",
                address);
    dict->set("torture-guest", "x");
  });
  ++(error ? page.refused : page.foreign);
}

std::string take_part(const Subject& subject, unsigned self, unsigned processes, Page& page) {
  const auto deadline = std::chrono::steady_clock::now() + kTime;
  for (std::uint64_t round = 0; round < kRounds && std::chrono::steady_clock::now() < deadline; ++round) {
    {
      const auto engine = subject.create();
      const std::string address = engine->address();
      {
        const auto dict = engine->attach();
        use_own(*dict, address);
        page.boards[self].put(address);
        if (round % 3 == self % 3) remove_leftovers();
        if (subject.contract.shared_between_processes)
          for (unsigned other = 1; other < processes; ++other)
            if (const std::string found = page.boards[(self + other) % processes].get(); !found.empty())
              use_foreign(subject, found, page);
        use_own(*dict, address);
      }
      page.boards[self].put("");
    }
    const auto left = things_of(ProcessIdentity::self());
    require(left.empty(), "a destroyed engine leaves {}", left.empty() ? "" : left.front().string());
    ++page.rounds;
  }
  return {};
}

}  // namespace

TortureRecord inflict_create_race(const Subject& subject, const Options& options) {
  return judge(subject, options, [&](TortureRecord& record) {
    const unsigned processes = std::clamp(options.processes, 2u, kMostProcesses);
    const SharedPage<Page> page;
    std::vector<std::unique_ptr<Child>> children;
    for (unsigned i = 0; i < processes; ++i)
      children.push_back(std::make_unique<Child>([&, i] { return take_part(subject, i, processes, *page); }));
    for (const auto& child : children) {
      const ChildEnd end = child->finish(kPatience);
      require(end.ok(), "one of {} processes {}", processes, end.trouble);
    }
    record.tried = page->rounds;
    record.survived = record.tried;
    record.operations = record.tried * 4 * kKeys;
    record.found = fmt::format(
        "{} engines made and destroyed by {} processes; {} times another's was used, {} times it was "
        "gone already",
        record.tried, processes, page->foreign.load(), page->refused.load());
  });
}

}  // namespace dictbench::torture

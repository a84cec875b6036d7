// `full`: an engine limited to a few megabytes, filled by one process and then by several at once.
#include "harness/torture/faults/environment_faults.h"
#include "harness/torture/filling.h"
#include "harness/torture/judge.h"

namespace dictbench::torture {
namespace {

// The least that every engine takes with room to work: memcached needs a page of 1 MiB for each size of item.
constexpr const char* kMax = "16M";
constexpr std::uint64_t kMostBytes = 64 << 20;  // no engine may take so much
constexpr milliseconds kPatience{60'000};
constexpr unsigned kMostProcesses = 8;
constexpr std::uint64_t kKeysApart = 1'000'000;

void fill_alone(const Subject& small, TortureRecord& record) {
  const auto engine = small.create();
  const auto dict = engine->attach();
  Expected expected;
  std::uint64_t stored = 0;
  require(fill(*dict, expected, 0, kMostBytes, stored), "took {} MiB where max={}", kMostBytes >> 20, kMax);
  record.operations += use_full(*dict, expected, 0, stored, [] {});
}

struct Page {
  std::atomic<std::uint64_t> stored[kMostProcesses] = {};
};

// Each process stops at its first Error(full); nobody's keys may be gone afterwards.
void fill_together(const Subject& small, unsigned processes, TortureRecord& record) {
  const auto engine = small.create();
  const SharedPage<Page> page;
  {
    std::vector<std::unique_ptr<Child>> children;
    for (unsigned i = 0; i < processes; ++i)
      children.push_back(std::make_unique<Child>([&, i] {
        const auto dict = engine->attach();
        Expected expected;
        std::uint64_t stored = 0;
        require(fill(*dict, expected, i * kKeysApart, kMostBytes, stored), "took {} MiB where max={}", kMostBytes >> 20,
                kMax);
        expected.check(*dict, "full, while others write");
        page->stored[i] = stored;
        return std::string();
      }));
    for (const auto& child : children) {
      const ChildEnd end = child->finish(kPatience);
      require(end.ok(), "one of {} processes that fill it together {}", processes, end.trouble);
    }
  }
  Expected expected;
  for (unsigned i = 0; i < processes; ++i) {
    for (std::uint64_t key = 0; key < page->stored[i]; ++key)
      expected.stored(key_of(i * kKeysApart + key), value_of(key_of(i * kKeysApart + key), 0));
    record.operations += page->stored[i];
  }
  const auto dict = engine->attach();
  expected.check(*dict, "filled by several processes");
  require(dict->size() == expected.size(), "size() says {}, {} were acknowledged", dict->size(), expected.size());
}

}  // namespace

TortureRecord inflict_full(const Subject& subject, const Options& options) {
  return judge(subject, options, [&](TortureRecord& record) {
    const auto small = subject.with("max", kMax);
    if (!small) throw NotApplicable("it has no option max");
    ++record.tried;
    fill_alone(*small, record);
    ++record.survived;
    if (small->contract.shared_between_processes) {
      ++record.tried;
      fill_together(*small, std::min(options.processes, kMostProcesses), record);
      ++record.survived;
    }
    record.found = fmt::format(
        "max={}: Error(full); what was acknowledged is there, failed writes changed nothing, erasing made room ({} "
        "operations)",
        kMax, record.operations);
  });
}

}  // namespace dictbench::torture

#include "harness/choose/need_workload.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "workloads/tagged_value.h"
#include "workloads/workload.h"

namespace dictbench {
namespace {

constexpr std::uint64_t kMostValueBytes = 64ULL << 20, kMostKeys = 1'000'000, kLeastKeys = 64;
constexpr std::uint64_t kUsualValue = 100;

bool counts(const Requirements& asked) { return asked.reads < 1 && asked.write_kind == WriteKind::adds; }

std::string mix_of(const Requirements& asked) {
  // Shares as they were given: 1 - 0.95 is no 0.05.
  const double writes = static_cast<double>(static_cast<long long>((1 - asked.reads) * 1e9 + 0.5)) / 1e9;
  std::vector<std::string> parts;
  if (asked.reads > 0)
    parts.push_back(fmt::format("{} = {}", asked.read_kind == ReadKind::gets ? "get" : "scan", asked.reads));
  if (writes > 0) {
    switch (asked.write_kind) {
      case WriteKind::sets: parts.push_back(fmt::format("set = {}", writes)); break;
      case WriteKind::churn: parts.push_back(fmt::format("insert = {}, erase = {}", writes / 2, writes / 2)); break;
      case WriteKind::adds: parts.push_back(fmt::format("add = {}", writes)); break;
    }
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

std::string need_workload(const Requirements& asked) {
  const std::uint64_t value = std::max<std::uint64_t>(asked.value_bytes.value_or(kUsualValue), kStampBytes);
  const std::uint64_t items = asked.items.value_or(std::clamp(kMostValueBytes / value, kLeastKeys, kMostKeys));
  const std::uint64_t operations = std::clamp<std::uint64_t>(items, 200'000, 2'000'000);
  const bool comes_and_goes = asked.reads < 1 && asked.write_kind == WriteKind::churn;
  std::string text = fmt::format(
      "summary = \"{}\"\n"
      "source = \"{} --write-workload\"\n"
      "processes = [{}]\n",
      in_words(asked), command_line(asked), asked.processes);
  if (!counts(asked)) text += "preload = true\n";
  text += fmt::format(
      "\n[keys]\n"
      "format = \"key{{index:013}}\"\n"
      "count = {}\n",
      items);
  if (!counts(asked)) text += fmt::format("\n[values]\nsize = {}\n", value);
  text += fmt::format(
      "\n[[phase]]\n"
      "name = \"need\"\n"
      "mix = {{{}}}\n"
      "operations = {}\n"
      "{}",
      mix_of(asked), operations,
      // Keys that go belong to one process, so that it is known which reads must find theirs.
      comes_and_goes ? "distribution = {kind = \"latest\", exponent = 0.99}\nshare = \"own\"\n"
                     : "distribution = {kind = \"zipfian\", exponent = 0.99}\n");
  parse_workload(text, "need.toml");  // refused here rather than by `dictbench run`
  return text;
}

}  // namespace dictbench

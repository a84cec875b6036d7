#include "results/choose/requirements.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <utility>

#include "results/number_format.h"

namespace dictbench {
namespace {

constexpr std::array<std::pair<Guarantee, std::string_view>, 10> kGuarantees = {
    {{Guarantee::shared, "shared"},
     {Guarantee::survives_kill, "survives-kill"},
     {Guarantee::survives_stop, "survives-stop"},
     {Guarantee::durable, "durable"},
     {Guarantee::linearizable, "linearizable"},
     {Guarantee::ordered, "ordered"},
     {Guarantee::atomic_add, "atomic-add"},
     {Guarantee::no_server, "no-server"},
     {Guarantee::listing, "listing"},
     {Guarantee::binary_keys, "binary-keys"}}};

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 4> kTimes = {{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}}};
constexpr std::array<Unit, 4> kRates = {{{"/s", 1}, {"k/s", 1e3}, {"M/s", 1e6}, {"G/s", 1e9}}};
constexpr std::array<Unit, 4> kSizes = {{{"", 1}, {"K", 1024}, {"M", 1048576}, {"G", 1073741824}}};
constexpr std::array<Unit, 4> kCounts = {{{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}}};

constexpr double kMost = 1e15;  // below 2^53: every whole number up to it is a double

[[noreturn]] void refuse(std::string_view option, std::string_view text, std::string_view allowed) {
  throw RequirementError(fmt::format("{} '{}': allowed is {}", option, text, allowed));
}

// A decimal number that is all of the text: no sign, no exponent, no blanks.
std::optional<double> decimal(std::string_view text) {
  const bool plain =
      !text.empty() && std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (!plain || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> with_unit(std::string_view text, std::span<const Unit> units) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = decimal(text.substr(0, digits));
  const auto unit = std::ranges::find(units, text.substr(digits), &Unit::name);
  if (!number || unit == units.end() || *number * unit->factor > kMost) return std::nullopt;
  return *number * unit->factor;
}

std::optional<std::uint64_t> whole(std::string_view text, std::span<const Unit> units) {
  const auto number = with_unit(text, units);
  if (!number || *number != std::floor(*number)) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

// In the largest unit in which it needs no more than three decimals: 50us, 2M/s, 64K.
std::string told_with(double number, std::span<const Unit> units) {
  for (auto unit = units.rbegin(); unit != units.rend(); ++unit) {
    const double shown = number / unit->factor;
    if (shown >= 1 && std::abs(shown * 1e3 - std::round(shown * 1e3)) < 1e-9 * shown)
      return fmt::format("{}{}", shown, unit->name);
  }
  return fmt::format("{}{}", number, units.front().name);
}

void set_processes(Requirements& requirements, std::string_view text) {
  const auto number = whole(text, std::span(kSizes).first(1));
  if (!number || *number == 0 || *number > 10'000) refuse("--processes", text, "a whole number from 1 to 10000");
  requirements.processes = static_cast<unsigned>(*number);
}

void set_reads(Requirements& requirements, std::string_view text) {
  const auto number = decimal(text);
  if (!number || *number > 1) refuse("--reads", text, "a share from 0 to 1, like 0.95");
  requirements.reads = *number;
}

void set_read_kind(Requirements& requirements, std::string_view text) {
  if (text != "gets" && text != "scans") refuse("--reads-are", text, "gets or scans");
  requirements.read_kind = text == "gets" ? ReadKind::gets : ReadKind::scans;
}

void set_write_kind(Requirements& requirements, std::string_view text) {
  if (text == "sets")
    requirements.write_kind = WriteKind::sets;
  else if (text == "churn")
    requirements.write_kind = WriteKind::churn;
  else if (text == "adds")
    requirements.write_kind = WriteKind::adds;
  else
    refuse("--writes-are", text, "sets, churn (keys come and go) or adds (counters)");
}

constexpr const char* kSizeAllowed =
    "a whole number of bytes from 1, like 200 or 64K (K, M, G: powers of 1024), or any";

void set_value_size(Requirements& requirements, std::string_view text) {
  requirements.value_bytes.reset();
  if (text == "any") return;
  const auto number = whole(text, kSizes);
  if (!number || *number == 0) refuse("--value-size", text, kSizeAllowed);
  requirements.value_bytes = number;
}

void set_items(Requirements& requirements, std::string_view text) {
  requirements.items.reset();
  if (text == "any") return;
  const auto number = whole(text, kCounts);
  if (!number || *number == 0)
    refuse("--items", text, "a whole number from 1, like 50000 or 1M (k, M, G: powers of 1000), or any");
  requirements.items = number;
}

void set_must(Requirements& requirements, std::string_view text) {
  requirements.must.clear();
  if (text == "none") return;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const auto promise = guarantee_named(text.substr(0, comma));
    if (!promise) {
      std::vector<std::string_view> names;
      for (const auto& [each, name] : kGuarantees) names.push_back(name);
      refuse("--must", text.substr(0, comma), fmt::format("{}, with commas between, or none", fmt::join(names, ", ")));
    }
    requirements.must.insert(*promise);
    if (comma == text.size()) return;
    text.remove_prefix(comma + 1);
  }
}

void set_bytes_per_item(Requirements& requirements, std::string_view text) {
  requirements.max_bytes_per_item.reset();
  if (text == "any") return;
  const auto number = with_unit(text, kSizes);
  if (!number || *number <= 0)
    refuse("--max-bytes-per-item", text, "a number of bytes above 0, like 120 or 1.5K, or any");
  requirements.max_bytes_per_item = number;
}

void set_p99(Requirements& requirements, std::string_view text) {
  requirements.p99_ns.reset();
  if (text == "any") return;
  const auto number = with_unit(text, kTimes);
  if (!number || *number <= 0)
    refuse("--p99", text, "a time with its unit (ns, us, ms, s), like 50us or 1.5ms, or any");
  requirements.p99_ns = number;
}

void set_ops(Requirements& requirements, std::string_view text) {
  requirements.ops_per_s.reset();
  if (text == "any") return;
  const auto number = with_unit(text, kRates);
  if (!number || *number <= 0)
    refuse("--ops", text, "a rate with its unit (/s, k/s, M/s, G/s), like 500k/s or 2M/s, or any");
  requirements.ops_per_s = number;
}

void set_rank_by(Requirements& requirements, std::string_view text) {
  if (text == "ops")
    requirements.rank_by = RankBy::ops;
  else if (text == "p99")
    requirements.rank_by = RankBy::p99;
  else if (text == "memory")
    requirements.rank_by = RankBy::memory;
  else
    refuse("--rank-by", text, "ops, p99 or memory");
}

std::string write_kind_text(WriteKind kind) {
  return kind == WriteKind::sets ? "sets" : kind == WriteKind::churn ? "churn" : "adds";
}

std::string rank_by_text(RankBy by) { return by == RankBy::ops ? "ops" : by == RankBy::p99 ? "p99" : "memory"; }

std::string must_text(const Requirements& requirements) {
  std::vector<std::string_view> names;
  for (const Guarantee promise : requirements.must) names.push_back(to_string(promise));
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ","));
}

template <typename Number>
std::string told_or_any(const std::optional<Number>& number, std::span<const Unit> units) {
  return number ? told_with(static_cast<double>(*number), units) : "any";
}

std::string percent_of(double share) { return fmt::format("{:.4g} %", 100 * share); }

}  // namespace

std::string_view to_string(Guarantee promise) {
  return std::ranges::find(kGuarantees, promise, &std::pair<Guarantee, std::string_view>::first)->second;
}

std::optional<Guarantee> guarantee_named(std::string_view name) {
  const auto found = std::ranges::find(kGuarantees, name, &std::pair<Guarantee, std::string_view>::second);
  if (found == kGuarantees.end()) return std::nullopt;
  return found->first;
}

const std::vector<Guarantee>& all_guarantees() {
  static const std::vector<Guarantee> promises = [] {
    std::vector<Guarantee> all;
    for (const auto& [promise, name] : kGuarantees) all.push_back(promise);
    return all;
  }();
  return promises;
}

const std::vector<Question>& questions() {
  static const std::vector<Question> all = {
      {"--processes", "How many processes work on the dict at once?", "a whole number, like 8", set_processes,
       [](const Requirements& asked) { return std::to_string(asked.processes); }},
      {"--reads", "What share of the operations reads?", "0 to 1, like 0.95", set_reads,
       [](const Requirements& asked) { return fmt::format("{}", asked.reads); }},
      {"--reads-are", "What are the reads?", "gets or scans (ranges of keys in order)", set_read_kind,
       [](const Requirements& asked) { return std::string(asked.read_kind == ReadKind::gets ? "gets" : "scans"); }},
      {"--writes-are", "What are the writes?", "sets, churn (keys come and go) or adds (counters)", set_write_kind,
       [](const Requirements& asked) { return write_kind_text(asked.write_kind); }},
      {"--value-size", "How long is a value?", "bytes, like 200 or 64K, or any", set_value_size,
       [](const Requirements& asked) { return told_or_any(asked.value_bytes, kSizes); }},
      {"--items", "How many items are there?", "a number, like 50000 or 1M, or any", set_items,
       [](const Requirements& asked) { return told_or_any(asked.items, kCounts); }},
      {"--must", "What must it promise?",
       "shared, survives-kill, survives-stop, durable, linearizable, ordered, atomic-add, no-server, listing, "
       "binary-keys, with commas between; or none",
       set_must, must_text},
      {"--max-bytes-per-item", "How many bytes may an item cost, all told?", "a number, like 120 or 1.5K, or any",
       set_bytes_per_item, [](const Requirements& asked) { return told_or_any(asked.max_bytes_per_item, kSizes); }},
      {"--p99", "How long may 99 % of the operations take?", "a time, like 50us or 1ms, or any", set_p99,
       [](const Requirements& asked) { return told_or_any(asked.p99_ns, kTimes); }},
      {"--ops", "How many operations a second must all processes do together?", "a rate, like 500k/s or 2M/s, or any",
       set_ops, [](const Requirements& asked) { return told_or_any(asked.ops_per_s, kRates); }},
      {"--rank-by", "What counts most?", "ops (throughput), p99 or memory", set_rank_by,
       [](const Requirements& asked) { return rank_by_text(asked.rank_by); }},
  };
  return all;
}

std::string command_line(const Requirements& requirements) {
  static const Requirements kDefaults;
  std::string line = "dictbench choose";
  for (const Question& question : questions()) {
    const std::string text = question.told(requirements);
    if (question.option == "--processes" || question.option == "--reads" || text != question.told(kDefaults))
      line += fmt::format(" {} {}", question.option, text);
  }
  return line;
}

std::string in_words(const Requirements& requirements) {
  std::vector<std::string> what = {
      fmt::format("{} {}", requirements.processes, requirements.processes == 1 ? "process" : "processes")};
  if (requirements.reads > 0)
    what.push_back(fmt::format("{} {}", percent_of(requirements.reads),
                               requirements.read_kind == ReadKind::gets ? "gets" : "scans"));
  if (requirements.reads < 1) {
    const char* const writes = requirements.write_kind == WriteKind::sets    ? "sets"
                               : requirements.write_kind == WriteKind::churn ? "inserts and erases"
                                                                             : "atomic additions";
    what.push_back(fmt::format("{} {}", percent_of(1 - requirements.reads), writes));
  }
  if (requirements.value_bytes)
    what.push_back("values of " + byte_size(static_cast<double>(*requirements.value_bytes)));
  if (requirements.items) what.push_back(grouped(*requirements.items) + " items");
  if (requirements.max_bytes_per_item)
    what.push_back(fmt::format("at most {} an item", byte_size(*requirements.max_bytes_per_item)));
  if (requirements.p99_ns) what.push_back("p99 at most " + nanoseconds(*requirements.p99_ns));
  if (requirements.ops_per_s) what.push_back(fmt::format("at least {} ops/s", engineering(*requirements.ops_per_s)));
  std::string text = fmt::format("{}", fmt::join(what, ", "));
  if (!requirements.must.empty()) {
    std::vector<std::string_view> names;
    for (const Guarantee promise : requirements.must) names.push_back(to_string(promise));
    text += fmt::format("; must: {}", fmt::join(names, ", "));
  }
  if (requirements.rank_by != RankBy::ops)
    text += requirements.rank_by == RankBy::p99 ? "; ranked by p99" : "; ranked by memory";
  return text;
}

}  // namespace dictbench

#include "results/comparability.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "results/host_name.h"

namespace dictbench {
namespace {

// Facts of the machine that change its speed and do not move by themselves, and what they are called.
constexpr std::pair<const char*, const char*> kHostFacts[] = {
    {"cpu_stepping", "stepping"},
    {"cpu_microcode", "microcode"},
    {"smt", "SMT"},
    {"caches", "caches"},
    {"memory", "memory"},
    {"governor", "governor"},
    {"turbo", "turbo"},
    {"power", "power"},
    {"kernel", "kernel"},
    {"mitigations", "mitigations"},
    {"os", "system"},
    {"virtualization", "virtualisation"},
    {"transparent_huge_pages", "huge pages"},
    {"shmem_huge_pages", "huge pages of shared memory"},
};

void add(std::vector<Difference>& all, const char* what, const std::string& a, const std::string& b) {
  if (!a.empty() && !b.empty() && a != b) all.push_back({what, a, b});
}

std::vector<std::string> parts_of(const std::string& list) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t comma = std::min(list.find(", ", begin), list.size());
    if (comma > begin) parts.push_back(list.substr(begin, comma - begin));
    begin = comma + 2;
  }
  return parts;
}

// Of "hiredis 0.14.1, redis-server 7.0.15" what the other list does not have as well.
std::string only_in(const std::string& list, const std::string& other) {
  const std::vector<std::string> others = parts_of(other);
  std::vector<std::string> parts = parts_of(list);
  std::erase_if(parts, [&](const std::string& part) { return std::ranges::find(others, part) != others.end(); });
  return fmt::format("{}", fmt::join(parts, ", "));
}

// "redis?pipeline=16" and "redis-py over TCP" use what is told under "redis" and "redis-py".
bool uses(std::string_view engine, std::string_view fact) {
  return engine.starts_with(fact) && (engine.size() == fact.size() || engine[fact.size()] == '?' ||
                                      engine[fact.size()] == ' ' || engine[fact.size()] == '.');
}

// What both begin with, in whole words: "redis-server " of "redis-server 7.0.15" and "redis-server 7.0.14".
std::string common_words(const std::string& a, const std::string& b) {
  std::size_t same = 0, blank = 0;
  while (same < std::min(a.size(), b.size()) && a[same] == b[same])
    if (a[same++] == ' ') blank = same;
  return a.substr(0, blank);
}

constexpr double kWarmShare = 0.2;         // of the window
constexpr double kWarmWriteSeconds = 0.2;  // at least, of phases that write, in windows that are no shorter

// A record that does not tell its warm-up had a fifth of the window, or, one of the last that did not tell, a longer
// one where it wrote (docs/method.md, "One datum"). The record does not say which.
std::vector<double> possible_warm_ups(const Work& work) {
  if (work.warm_up_s) return {*work.warm_up_s};
  const double fifth = kWarmShare * work.seconds;
  if (work.seconds < kWarmWriteSeconds || fifth >= kWarmWriteSeconds) return {fifth};
  return {fifth, kWarmWriteSeconds};
}

// A longer window is the same work, and a fifth of it before is too. So warm-ups differ where windows of one length
// have different ones, or where of windows of two lengths one has more than its fifth. What may be alike is no
// difference.
bool warmed_up_alike(const Work& a, const Work& b) {
  if (a.seconds == 0 || b.seconds == 0) return true;  // nothing is known of it, or no time ends the phase
  constexpr double kSame = 1e-6;                      // seconds; records have decimals
  const auto same = [](double one, double other) { return std::abs(one - other) < kSame; };
  for (const double warm_a : possible_warm_ups(a))
    for (const double warm_b : possible_warm_ups(b)) {
      const bool fifths = same(warm_a, kWarmShare * a.seconds) && same(warm_b, kWarmShare * b.seconds);
      if (same(warm_a, warm_b) || (a.seconds != b.seconds && fifths)) return true;
    }
  return false;
}

std::string warm_up_text(const Work& work) {
  std::vector<std::string> texts;
  for (const double seconds : possible_warm_ups(work)) texts.push_back(fmt::format("{:.3g} s", seconds));
  return fmt::format("{}", fmt::join(texts, " or "));
}

std::string number_text(double number) { return fmt::format("{:g}", number); }

}  // namespace

std::string Difference::text() const {
  const std::string begin = common_words(a, b);
  return fmt::format("{} ({} / {})", what, a, b.substr(begin.size()));
}

std::vector<Difference> host_differences(const RunRecord& a, const RunRecord& b) {
  const std::string name_a = host_name(a.host), name_b = host_name(b.host);
  if (name_a != name_b) return {{"host", name_a, name_b}};
  std::vector<Difference> all;
  for (const auto& [fact, name] : kHostFacts)
    add(all, name, known_fact(a.host, fact).value_or(""), known_fact(b.host, fact).value_or(""));
  return all;
}

std::vector<Difference> build_differences(const RunRecord& a, const RunRecord& b) {
  std::vector<Difference> all;
  add(all, "compiler", a.compiler, b.compiler);
  add(all, "flags", a.flags, b.flags);
  add(all, "build type", a.build_type, b.build_type);
  return all;
}

std::vector<Difference> version_differences(const RunRecord& a, const RunRecord& b, std::string_view engine) {
  std::vector<Difference> all;
  for (const auto& [name, version] : a.versions) {
    if (!uses(engine, name)) continue;
    const auto other = known_fact(b.versions, name);
    if (!other || *other == version || !known_fact(a.versions, name)) continue;
    std::string own = only_in(version, *other), theirs = only_in(*other, version);
    if (own.empty()) own = "without";
    if (theirs.empty()) theirs = "without";
    all.push_back({"versions", std::move(own), std::move(theirs)});
  }
  return all;
}

std::vector<Difference> work_differences(const CellRecord& a, const CellRecord& b) {
  std::vector<Difference> all;
  constexpr std::size_t kHashDigits = 8;  // of 16; enough to be told apart
  if (a.scale != b.scale)                 // the scale is in the hash
    add(all, "scale", number_text(a.scale), number_text(b.scale));
  else
    add(all, "workload hash", a.workload_hash.substr(0, kHashDigits), b.workload_hash.substr(0, kHashDigits));
  add(all, "processes", std::to_string(a.processes), std::to_string(b.processes));
  if (!warmed_up_alike(a.work, b.work)) add(all, "warm-up", warm_up_text(a.work), warm_up_text(b.work));
  // Of two engines one may be shared by threads only, or keep files and the other none: that is their nature.
  const bool by_nature = a.engine != b.engine && (a.start == "threads" || b.start == "threads");
  if (!by_nature) add(all, "start", a.start, b.start);
  if (a.engine != b.engine) return all;
  const auto fact = [](const CellRecord& cell, const char* name) {
    return known_fact(cell.engine_facts, name).value_or("");
  };
  add(all, "file system", fact(a, "filesystem"), fact(b, "filesystem"));
  add(all, "pages", page_kind(fact(a, "pages")), page_kind(fact(b, "pages")));
  return all;
}

std::string page_kind(const std::string& pages) { return pages.substr(0, pages.find(':')); }

std::vector<Difference> seed_differences(const RunRecord& a, const RunRecord& b) {
  std::vector<Difference> all;
  add(all, "seed", known_fact(a.options, "seed").value_or(""), known_fact(b.options, "seed").value_or(""));
  return all;
}

std::vector<Difference> differences(const RunRecord* run_a, const CellRecord& a, const RunRecord* run_b,
                                    const CellRecord& b) {
  std::vector<Difference> all;
  if (run_a != nullptr && run_b != nullptr && run_a != run_b) {
    all = host_differences(*run_a, *run_b);
    if (a.engine == b.engine) merge_differences(all, version_differences(*run_a, *run_b, a.engine));
    merge_differences(all, build_differences(*run_a, *run_b));
    merge_differences(all, seed_differences(*run_a, *run_b));
  }
  merge_differences(all, work_differences(a, b));
  return all;
}

void merge_differences(std::vector<Difference>& all, const std::vector<Difference>& more) {
  for (const Difference& difference : more) {
    const Difference mirrored{difference.what, difference.b, difference.a};
    if (std::ranges::find(all, difference) == all.end() && std::ranges::find(all, mirrored) == all.end())
      all.push_back(difference);
  }
}

std::string differences_text(const std::vector<Difference>& differences, std::size_t longest) {
  std::vector<std::string> texts;
  for (const Difference& difference : differences) {
    const std::string text = difference.text();
    texts.push_back(text.size() - difference.what.size() - 3 <= longest ? text : difference.what);
  }
  // Several details of one kind that were left out are told once.
  std::set<std::string> seen;
  std::erase_if(texts, [&](const std::string& text) { return !seen.insert(text).second; });
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace dictbench

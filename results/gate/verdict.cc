#include "results/gate/verdict.h"

#include <fmt/format.h>

#include <algorithm>

#include "results/gate/figures.h"
#include "results/number_format.h"
#include "results/statistics/statistics.h"

namespace dictbench {
namespace {

// Proven to be within the margin, whatever disturbed which side.
bool proven_equal(const GateLook& look, double margin) { return look.high <= margin; }

bool flagged_in_quiet(const GateLook& look) { return look.flagged && look.disturbed.empty(); }

}  // namespace

std::string to_text(const GateVerdict& verdict) {
  const std::string_view word = verdict.standing == GateStanding::pass        ? "pass"
                                : verdict.standing == GateStanding::regressed ? "regressed"
                                                                              : "inconclusive";
  return verdict.why.empty() ? std::string(word) : fmt::format("{}: {}", word, verdict.why);
}

GateStanding standing_of_gate(std::string_view verdict_text) {
  if (verdict_text.starts_with("pass")) return GateStanding::pass;
  return verdict_text.starts_with("regressed") ? GateStanding::regressed : GateStanding::inconclusive;
}

void judge(GateLook& look, const std::string& figure, const GateRules& rules, const Pairs* committed) {
  const Pairs pairs{look.base, look.head};
  const Look found = committed ? look_at_ratio(pairs, *committed, rules) : look_at(pairs, rules);
  look.slowdown = found.slowdown;
  look.low = found.low;
  look.high = found.high;
  look.visible = found.visible;
  look.flagged = found.flagged;
  look.disturbed.clear();
  if (figure == kMemory || (!look.flagged && figure != kTime)) return;
  const Disturbed harmful = look.flagged ? Disturbed::head : Disturbed::base;
  if (busier_side(look.base_others, look.head_others, rules) == harmful) {
    look.disturbed = fmt::format("other programs took {} of the machine beside the base and {} beside the head",
                                 percent(median(look.base_others)), percent(median(look.head_others)));
  } else if (!committed && !(look.flagged && wholly_slower(pairs)) && wider_side(pairs, rules) == harmful) {
    look.disturbed = fmt::format("the {} scatters at least three times as widely as the other side",
                                 harmful == Disturbed::head ? "head" : "base");
  }
}

bool wants_second_look(const GateLook& first, double margin) {
  return first.flagged || (!first.disturbed.empty() && !proven_equal(first, margin));
}

GateVerdict verdict_of(std::span<const GateLook> looks, double margin, double blind) {
  const GateLook& last = looks.back();
  if (!last.disturbed.empty() && !proven_equal(last, margin)) return {GateStanding::inconclusive, last.disturbed};
  if (last.flagged) {
    if (std::ranges::all_of(looks, flagged_in_quiet))
      return {GateStanding::regressed,
              fmt::format("{} or more in each of {} looks", percent_change(last.low), looks.size())};
    return {GateStanding::inconclusive,
            fmt::format("flagged once, when the other look was disturbed: {}", looks[0].disturbed)};
  }
  if (last.visible > blind)
    return {GateStanding::inconclusive,
            fmt::format("in noise like this only {} would have shown; more pairs or a quieter machine are needed",
                        percent_change(last.visible))};
  if (looks.size() > 1) return {GateStanding::pass, "the first look was not confirmed"};
  return {};
}

GateStanding worst(const std::vector<GateRecord>& figures) {
  GateStanding found = GateStanding::pass;
  for (const GateRecord& figure : figures) found = std::max(found, standing_of_gate(figure.verdict));
  return found;
}

}  // namespace dictbench

// What each kind of target is measured by. Private to results/tables/.
#pragma once

#include <string>

#include "results/tables/series.h"
#include "results/tables/targets.h"

namespace dictbench {

// What a kind of figure is taken from, whether it compares two sides and how, and whether more of it is better.
struct TargetKind {
  Metric metric;
  enum { alone, subject_by_base, base_by_subject } sides;
  bool more_is_better;
  std::string (*text)(double);
  bool metric_is_speed = false;
};

TargetKind kind_of(TargetFigure figure);

}  // namespace dictbench

#include "results/record.h"

namespace dictbench {

Usage& Usage::operator+=(const Usage& other) {
  user_s += other.user_s;
  system_s += other.system_s;
  minor_faults += other.minor_faults;
  major_faults += other.major_faults;
  voluntary_switches += other.voluntary_switches;
  involuntary_switches += other.involuntary_switches;
  return *this;
}

const RunRecord* RecordFile::run(const std::string& run_id) const {
  for (const RunRecord& candidate : runs) {
    if (candidate.run_id == run_id) return &candidate;
  }
  return nullptr;
}

}  // namespace dictbench

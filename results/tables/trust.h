// What torture and check found, as tables beside the promises. Private to results/tables/.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "results/tables/tables.h"

namespace dictbench {

// Figures over kills and histories, behaviour in words, and every fault under every engine. The last record of an
// engine and a fault counts, so a repeated run replaces the earlier one. Empty without such records.
std::vector<Table> build_trust(const RecordFile& records, const TableContext& context);

// Of one machine: whether `dictbench check` has seen that an engine keeps the order it promises. The last record of an
// engine's spec counts. Holds pointers into the records, which must outlive it.
class OrderChecks {
 public:
  OrderChecks(const RecordFile& records, const std::string& host);

  // Without any check nobody can say which engines were left out.
  bool any() const { return !checks_.empty(); }

  // "checked: Boost 1.74.0, commit e51b2fec31, 1,000,036 operations", "not checked", "NO". Where `measured` used
  // another version of the library or server, that is said.
  TableCell cell(const std::string& engine, const std::vector<const RunRecord*>& measured) const;

 private:
  const RecordFile& records_;
  std::map<std::string, const CheckRecord*> checks_;
};

}  // namespace dictbench

#include "engines/contract.h"

namespace dictbench {

std::string_view to_string(Consistency consistency) {
  switch (consistency) {
    case Consistency::none: return "none";
    case Consistency::buffered_sets: return "buffered sets";
    case Consistency::linearizable: return "linearizable";
  }
  return "unknown";
}

}  // namespace dictbench

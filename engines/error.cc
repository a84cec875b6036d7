#include "engines/error.h"

namespace dictbench {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::full: return "full";
    case ErrorCode::too_large: return "too_large";
    case ErrorCode::disconnected: return "disconnected";
    case ErrorCode::timeout: return "timeout";
    case ErrorCode::corrupt: return "corrupt";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::unavailable: return "unavailable";
  }
  return "unknown";
}

}  // namespace dictbench

// The writers' lock for a scope: log.cc and log_write.cc.
//
// That its holder before was killed needs no telling: see areas.h.
#pragma once

#include "engines/shm/crash_point.h"
#include "engines/shm/robust_mutex.h"
#include "engines/stream_log/log.h"

namespace dictbench::stream_log {

class Log::Turn {
 public:
  explicit Turn(Log& log) : guard_(log.shared_.lock(), log.timeout_) { CRASH_POINT("stream-log.turn.taken"); }
  ~Turn() { CRASH_POINT("stream-log.turn.ending"); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  RobustMutexGuard guard_;
};

}  // namespace dictbench::stream_log

// Who held whom up: the workers or their servers?
//
// Clients that block wait for their server as much as it waits for them, so neither idle time nor a busy machine tells
// by itself. What tells is who *asked for* a processor all of the time (harness/meters/thread_times.h).
#pragma once

#include <string>
#include <vector>

#include "harness/meters/window_meter.h"
#include "results/record.h"

namespace dictbench {

struct LimitFigures {
  std::vector<double> workers_asked;            // of its own window, what each worker asked for, 0..1
  double server_asked = 0;                      // of the window, what the busiest thread of the servers asked for, 0..1
  double workers_had_s = 0, servers_had_s = 0;  // time on processors, all together
  double processors_s = 0;                      // the processors' time in the window that others left them
};

// "servers": one of their threads asked for the processor all of the time, and the workers did not. "workers": the
// other way round. Where both did, or nobody did and the processors were busy with them, whoever had more of the
// processors. Empty otherwise: they took turns, so that a quicker one of either kind would help.
std::string who_limits(const LimitFigures& figures);

// Of one phase's closed loop, whose window and workers the record has. Empty without servers, for windows in which the
// meter's own reading counts, and where other programs took so much that the cell's processes queued behind them.
std::string who_limits(const WindowFigures& beside, const CellRecord& record);

}  // namespace dictbench

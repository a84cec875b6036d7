// Processes that the driver forks and that die with it, also when it was killed.
#pragma once

#include <sys/types.h>

#include <functional>

namespace dictbench {

// fork() with buffered output written before. Throws std::system_error.
pid_t checked_fork();

// In the new process, before anything else: end when the driver does. SIGINT is the driver's to act on.
void die_with(pid_t driver);

// Forks a child whose whole life is `body`; what it returns is the exit status. Exit handlers are not run: what
// they would clean up is the driver's. The caller reaps it.
pid_t fork_child(const std::function<int()>& body);

}  // namespace dictbench

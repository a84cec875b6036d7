// Another program, run to its end: what it cost, and how much of the machine others had meanwhile.
#pragma once

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace dictbench {

// SIGINT or SIGTERM came; the program that was running has been ended.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

struct Command {
  std::vector<std::string> words;                                // the program, found by PATH, and its arguments
  std::filesystem::path log;                                     // takes what it prints; appended to
  std::vector<std::pair<std::string, std::string>> environment;  // added to ours
  std::chrono::seconds limit{600};                               // then it is ended
};

struct CommandEnd {
  int status = 0;         // exit status; 128 + N when signal N ended it
  bool too_late = false;  // it was ended at its limit
  double wall_s = 0;
  double others = 0;  // share of the machine's processor time that neither it nor its children had, 0..1
};

// Starts, waits, reaps. The program dies with us. Throws Interrupted, and std::system_error when it cannot be started.
CommandEnd run_command(const Command& command);

// What the command printed last, for an error message: its last line that is not empty.
std::string last_line(const std::filesystem::path& log);

}  // namespace dictbench

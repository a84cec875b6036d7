// What a gate compares: a program, or a commit of this checkout that is built first.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace dictbench {

// A commit that cannot be built here; the message names the log.
class BuildFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Binary {
  std::filesystem::path program;
  std::string label;  // for people: the file, or the commit
};

// `text` names an executable file, or else a commit (branch, tag, hash) of the Git checkout that the working directory
// belongs to. A commit is cloned to build/gate/HASH in the checkout and built there as a Release, once: a second
// call finds it, and two calls at the same time wait for each other. Says on standard error what it does. Throws
// std::invalid_argument for a text that is neither, BuildFailed, Interrupted.
Binary find_binary(const std::string& text);

// This program itself.
Binary this_binary();

}  // namespace dictbench

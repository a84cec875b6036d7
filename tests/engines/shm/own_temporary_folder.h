// A temporary folder of the test's own, named by TMPDIR while this lives: what the process makes there, and what it
// clears away, is nobody else's.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "engines/shm/private_directory.h"

namespace dictbench {

class OwnTemporaryFolder {
 public:
  OwnTemporaryFolder() {
    if (const char* set = std::getenv("TMPDIR")) before_ = set;
    setenv("TMPDIR", directory_.path().c_str(), 1);
  }
  ~OwnTemporaryFolder() {
    if (before_)
      setenv("TMPDIR", before_->c_str(), 1);
    else
      unsetenv("TMPDIR");
  }
  OwnTemporaryFolder(const OwnTemporaryFolder&) = delete;
  OwnTemporaryFolder& operator=(const OwnTemporaryFolder&) = delete;

  const std::filesystem::path& path() const noexcept { return directory_.path(); }

 private:
  PrivateDirectory directory_;
  std::optional<std::string> before_;
};

}  // namespace dictbench

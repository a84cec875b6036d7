// Owner: the Engine that Python created, destroyed by the process that created it and by no other.
//
// Used with the GIL held or by one thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engines/registry.h"

namespace dictbench::python {

class Owner {
 public:
  // The numbers are the hint that engines get (SizeHint). Throws SpecError, Error.
  Owner(const std::string& spec, std::uint64_t key_bytes, std::uint64_t value_bytes);
  ~Owner();
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

  std::string spec() const { return spec_.text(); }
  std::string address() const { return engine().address(); }
  std::vector<pid_t> server_pids() const { return engine().server_pids(); }
  std::uint64_t storage_bytes() const { return engine().storage_bytes().in_use; }

  void close();

 private:
  Engine& engine() const;  // throws Error(unavailable) after close()

  Spec spec_;
  std::unique_ptr<Engine> engine_;
  pid_t creator_;
};

}  // namespace dictbench::python

#include "engines/shm/files_place.h"

#include "engines/shm/private_directory.h"

namespace dictbench {

OptionRule files_option() {
  return {.name = "files",
          .kind = OptionKind::choice,
          .default_value = "auto",
          .meaning =
              "in memory (/dev/shm), on the disk ($TMPDIR, else /var/tmp); auto: in memory unless writes are flushed",
          .choices = {"auto", "memory", "disk"}};
}

std::filesystem::path files_folder(const Spec& spec, bool flushes) {
  const std::string& place = spec.get("files");
  const bool in_memory = place == "memory" || (place == "auto" && !flushes);
  return in_memory ? "/dev/shm" : disk_folder();
}

}  // namespace dictbench

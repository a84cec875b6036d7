#include "engines/shm/ownership.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engines/error.h"
#include "engines/shm/private_directory.h"
#include "engines/shm/whereabouts.h"

namespace dictbench {
namespace {

void require_own(const struct stat& info, mode_t kind, const std::string& thing) {
  if ((info.st_mode & S_IFMT) == kind && info.st_uid == geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0) return;
  throw Error(ErrorCode::unavailable,
              fmt::format("{} is not to be trusted: it must be a {} of user {} to which nobody else may write, and it "
                          "is of user {} with mode {:o}; see who made it",
                          thing, kind == S_IFDIR ? "directory" : "regular file", geteuid(), info.st_uid, info.st_mode));
}

Whereabouts own_whereabouts() {
  const Whereabouts here = whereabouts();
  if (!here.told)
    throw Error(ErrorCode::unavailable, fmt::format("cannot read in /proc where this process runs: {}; see `ulimit -n`",
                                                    std::strerror(EMFILE)));
  return here;
}

}  // namespace

std::optional<ProcessIdentity> owner_in_name(std::string_view name) {
  const std::string prefix = own_name_prefix();
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  return ProcessIdentity::parse(name.substr(0, dot));
}

void require_own_domain(const ProcessIdentity& owner, const std::string& thing) {
  const std::uint64_t here = own_whereabouts().domain;
  if (here == 0 || owner.domain == 0)
    throw Error(ErrorCode::unavailable,
                fmt::format("{} cannot be shared: {} /proc is missing or is that of another pid namespace, so that "
                            "nobody can tell who is alive; mount it, as `unshare --pid --mount-proc` does",
                            thing, here == 0 ? "here" : "where it was made"));
  if (here != owner.domain)
    throw Error(ErrorCode::unavailable,
                fmt::format("{} was made in another container (pid or time namespace), on another machine or before "
                            "this one was started anew: robust locks, and who is alive, can be judged within one pid "
                            "namespace only; run all its processes in one, as with `docker run --pid=container:NAME`",
                            thing));
}

void require_own_boot(const ProcessIdentity& owner, const std::string& thing) {
  const std::uint64_t here = own_whereabouts().boot;
  if (here == 0 || owner.boot == 0)
    throw Error(ErrorCode::unavailable,
                fmt::format("{} cannot be shared: {} /proc/sys/kernel/random/boot_id cannot be read, so that nobody "
                            "can tell whether both are one machine",
                            thing, here == 0 ? "here" : "where it was made"));
  if (here != owner.boot)
    throw Error(ErrorCode::unavailable,
                fmt::format("{} was made on another machine, or before this one was started anew: its processes share "
                            "memory, so run all of them on one machine",
                            thing));
}

void require_own_directory(const std::filesystem::path& directory, Sharing sharing) {
  // "x/" is "x"; and what is looked at must be the name itself, for lstat(2) follows a link to "x/".
  const std::filesystem::path named = directory.has_filename() ? directory : directory.parent_path();
  const auto owner = owner_in_name(named.filename().native());
  if (!owner) return;
  if (sharing == Sharing::within_domain)
    require_own_domain(*owner, named.string());
  else
    require_own_boot(*owner, named.string());
  struct stat info {};
  if (lstat(named.c_str(), &info) == 0) require_own(info, S_IFDIR, named.string());
}

void require_own_file(int file, const std::string& thing) {
  struct stat info {};
  if (fstat(file, &info) != 0)
    throw Error(ErrorCode::unavailable, fmt::format("cannot look at {}: {}", thing, std::strerror(errno)));
  require_own(info, S_IFREG, thing);
}

}  // namespace dictbench

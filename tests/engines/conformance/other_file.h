// Somebody else's file in a small /dev/shm (harness/torture/small_file_system.h): it takes the room that a test does
// not leave to a dict. For one process; removed with the object.
#pragma once

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <stdexcept>

namespace dictbench {

inline std::uint64_t free_in_dev_shm() {
  struct statvfs space {};
  if (statvfs("/dev/shm", &space) != 0) throw std::runtime_error("no /dev/shm");
  return std::uint64_t{space.f_bavail} * space.f_frsize;
}

class OtherFile {
 public:
  OtherFile() : file_(open(kPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {
    if (file_ < 0) throw std::runtime_error("cannot make /dev/shm/other");
  }
  ~OtherFile() {
    if (ftruncate(file_, 0) != 0) perror("ftruncate");  // forked children have the file open too
    close(file_);
    unlink(kPath);
  }
  OtherFile(const OtherFile&) = delete;
  OtherFile& operator=(const OtherFile&) = delete;

  // Takes all but so many bytes.
  void leave(std::uint64_t bytes) {
    const std::uint64_t free = free_in_dev_shm();
    if (free > bytes && !grow(free - bytes)) throw std::runtime_error("cannot fill /dev/shm");
  }
  // Takes the last page that there is.
  void take_all() {
    while (grow(kPage)) {
    }
  }
  void give(std::uint64_t bytes) {
    size_ -= bytes;
    if (ftruncate(file_, static_cast<off_t>(size_)) != 0) throw std::runtime_error("cannot shorten /dev/shm/other");
  }

 private:
  static constexpr const char* kPath = "/dev/shm/other";
  static constexpr std::uint64_t kPage = 4096;

  bool grow(std::uint64_t bytes) {
    if (fallocate(file_, 0, static_cast<off_t>(size_), static_cast<off_t>(bytes)) != 0) return false;
    size_ += bytes;
    return true;
  }

  int file_;
  std::uint64_t size_ = 0;
};

}  // namespace dictbench

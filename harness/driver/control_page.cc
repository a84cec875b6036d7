#include "harness/driver/control_page.h"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>

namespace dictbench {
namespace {

ControlPage* map(int fd) {
  void* address = mmap(nullptr, sizeof(ControlPage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "cannot map the control page");
  return static_cast<ControlPage*>(address);
}

}  // namespace

ControlMapping::ControlMapping() : fd_(memfd_create("dictbench-control", MFD_CLOEXEC)) {
  if (fd_ < 0 || ftruncate(fd_, sizeof(ControlPage)) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot make the control page");
  page_ = new (map(fd_)) ControlPage;
}

ControlMapping::ControlMapping(int fd) : fd_(fd), page_(map(fd)) {}

ControlMapping::~ControlMapping() {
  munmap(page_, sizeof(ControlPage));
  close(fd_);
}

void fail_with(WorkerArea& area, std::string_view why, bool wrong_data) noexcept {
  const std::size_t length = std::min(why.size(), sizeof(area.failure) - 1);
  std::memcpy(area.failure, why.data(), length);
  area.failure[length] = '\0';
  area.wrong_data = wrong_data;
  area.failed.store(true, std::memory_order_release);
}

void ring_driver(ControlPage& page) noexcept {
  page.arrivals.fetch_add(1, std::memory_order_release);
  futex_wake_all(page.arrivals);
}

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t seen, int milliseconds) noexcept {
  const timespec timeout{milliseconds / 1000, (milliseconds % 1000) * 1'000'000L};
  syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAIT, seen, &timeout, nullptr, 0);
}

void futex_wake_all(std::atomic<std::uint32_t>& word) noexcept {
  syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAKE, INT32_MAX, nullptr, nullptr, 0);
}

}  // namespace dictbench

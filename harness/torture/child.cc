#include "harness/torture/child.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "engines/error.h"
#include "harness/driver/worker_group.h"

namespace dictbench::torture {

void SharedText::put(const std::string& text) noexcept {
  const std::size_t size = text.copy(text_.data(), text_.size());
  size_.store(size, std::memory_order_relaxed);
  written_.store(true, std::memory_order_release);
}

std::optional<std::string> SharedText::get() const {
  if (!written_.load(std::memory_order_acquire)) return std::nullopt;
  return std::string(text_.data(), size_.load(std::memory_order_relaxed));
}

Child::Child(const std::function<std::string()>& body) {
  const pid_t parent = getpid();
  std::fflush(nullptr);  // or buffered output would be printed by parent and child
  pid_ = fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "cannot start a process");
  if (pid_ > 0) {
    identity_ = ProcessIdentity::of(pid_).value_or(ProcessIdentity{});
    return;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // it died before the line above
  signal(SIGINT, SIG_IGN);            // the terminal signals the whole group; the driver ends us in order
  try {
    report_->text.put(body());
  } catch (const Error& error) {
    report_->exception.put(fmt::format("Error({}): {}", to_string(error.code()), error.what()));
  } catch (const std::exception& error) {
    report_->exception.put(error.what());
  }
  _exit(0);
}

Child::~Child() {
  if (pid_ != 0) kill();
}

void Child::kill() {
  ::kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
}

void Child::make_zombie() {
  ::kill(pid_, SIGKILL);
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
}

ChildEnd Child::finish(milliseconds limit) {
  int status = 0;
  if (!becomes_true([&] { return waitpid(pid_, &status, WNOHANG) == pid_ || interrupted(); }, limit) || interrupted()) {
    kill();
    if (interrupted()) return {.text = {}, .trouble = "interrupted"};
    return {.text = {}, .trouble = fmt::format("no end after {} ms", limit.count()), .late = true};
  }
  pid_ = 0;
  if (WIFSIGNALED(status))
    return {.text = {},
            .trouble = fmt::format("killed by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)))};
  if (const auto thrown = report_->exception.get()) return {.text = {}, .trouble = fmt::format("threw {}", *thrown)};
  const auto text = report_->text.get();
  return text ? ChildEnd{.text = *text, .trouble = {}}
              : ChildEnd{.text = {}, .trouble = fmt::format("ended early with status {}", WEXITSTATUS(status))};
}

ChildEnd in_child(const std::function<std::string()>& body, milliseconds limit) { return Child(body).finish(limit); }

}  // namespace dictbench::torture

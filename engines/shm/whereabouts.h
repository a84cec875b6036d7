// Where a process runs, as far as that says what its pid and start time mean (process_identity.h).
//
// Any thread, also one that lives on after the main thread: then /proc/self tells nothing of the namespaces any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace dictbench {

// What each of the numbers below takes in base 36. Boots are compared within one machine only, and a boot that looks
// like another one is left alone; machines and domains that look alike would be taken for one.
inline constexpr std::size_t kDomainDigits = 8, kBootDigits = 6, kMachineDigits = 8;

struct Whereabouts {
  std::uint64_t domain = 0, boot = 0, machine = 0;  // as in ProcessIdentity
  bool told = true;                                 // false: there was no file descriptor left to find out
};

// Boot and machine are read once a process, namespaces each time (about 3 us): a forked child may have others.
Whereabouts whereabouts();

// The id that the kernel has drawn for this boot: 0, or the errno. ENOTSUP: LXC and systemd-nspawn mount a file of
// their own over it, which is another one in each container.
inline constexpr char kBootIdFile[] = "/proc/sys/kernel/random/boot_id";
inline constexpr std::size_t kBootIdBytes = 36;
int read_boot_id(std::span<char, kBootIdBytes> to);

// Reads the beginning of a file that is read at once: 0, or the errno.
int read_start_of(const char* path, std::span<char> to, std::size_t& size);

}  // namespace dictbench

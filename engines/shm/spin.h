// How long to spin before sleeping in the kernel, for the locks in shared memory.
#pragma once

namespace dictbench {

// A futex round trip between two CPUs costs about 12 us on a KVM guest; one change of a tree or table takes 1-2 us.
// A pause takes about 60 ns on x86 since Skylake, so this is about 5 us: it outlasts a few changes and loses less than
// half a round trip where the holder is not running at all.
inline constexpr int kSpinsBeforeSleep = 80;

inline void spin_pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

}  // namespace dictbench

// Memory of a file that processes share: mapped so that it can have 2 MB pages, allocated without surprises.
//
// What segment.h and engines with a file of their own have in common. Pure system calls; any thread, any process.
#pragma once

#include <cstdint>
#include <span>

namespace dictbench {

inline constexpr std::uint64_t kHugePageBytes = 2 << 20;

// Reads the beginning of a file whose first 8 bytes its maker stores last, by one instruction, when the rest is whole:
// 0, an errno, or ENODATA where the file is shorter. What follows those 8 bytes is at least as new as they are. For who
// does not know yet whether it is such a file: to touch a mapping of it may be a SIGBUS.
int read_header(int file, std::span<char> to) noexcept;

// Maps all of the file for reading and writing, at an address that is a multiple of 2 MB: only then can a piece of the
// file be one 2 MB page. MAP_FAILED and errno as mmap(2).
void* map_shared(int file, std::uint64_t length) noexcept;

// Allocates the bytes [from, to) of the file: 0, or the errno of fallocate(2). Signals wait meanwhile: while one is
// pending the kernel gives up a long allocation with EINTR and frees what it had allocated; under a profiling timer it
// would never end.
int allocate_file(int file, std::uint64_t from, std::uint64_t to) noexcept;

// Gives the bytes [from, to) back to the file system: they read as zeros, and must be allocated again before they are
// touched. 0, or the errno of fallocate(2): memory stays where the file system cannot take it back. Signals as above.
int release_file(int file, std::uint64_t from, std::uint64_t to) noexcept;

// Makes one 2 MB page of the 2 MB at `at`, a multiple of 2 MB all of which is allocated; false where the system does
// not. MADV_COLLAPSE (Linux 6.1) does so also where /sys/kernel/mm/transparent_hugepage/shmem_enabled says never.
bool make_huge_page(void* at) noexcept;

}  // namespace dictbench

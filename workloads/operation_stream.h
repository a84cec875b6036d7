// The operations of one process in one phase, generated before the clock starts.
//
// Layout: records of one stride, in the order in which they are executed, each with its key's bytes
// inline. The timed loop so reads one forward-moving stream that the hardware prefetches; a table of
// keys hit in random order would cost a cache miss per operation, more than many an engine's own work.
// Key bytes are followed by readable padding up to a multiple of 16.
// Immutable once made; any thread may read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "workloads/workload.h"

namespace dictbench {

enum class OperationKind : std::uint8_t { get, set, insert, erase, add, scan, read_modify_write, get_absent };

// insert differs from set in meaning only: the key is new; get_absent from get: the key never is. read_modify_write is
// a get and a set.
struct Operation {
  std::uint64_t key_number;
  std::uint32_t key_tag;  // 32 bits of the key's hash, as `tagged` values carry it; of a scan: see scan_length()
  std::uint16_t key_length;
  OperationKind kind;
  std::uint8_t group;  // of the key: which format it has, and which text as a `repeat` value

  // How many keys this scan visits at most: 1..Phase::scan_limit.
  std::uint32_t scan_length() const noexcept { return key_tag; }

  std::string_view key() const noexcept {
    return {reinterpret_cast<const char*>(this) + sizeof(Operation), key_length};
  }

  // The next one in a stream of this stride; behind the last one there is none.
  const Operation* after(std::size_t stride) const noexcept {
    return reinterpret_cast<const Operation*>(reinterpret_cast<const std::byte*>(this) + stride);
  }
};
static_assert(sizeof(Operation) == 16);

class OperationStream {
 public:
  // Process `worker` of `processes`. Operations are split as evenly as whole numbers allow. For phases
  // limited by seconds alone, and for a process that reads until others have written, the stream holds a finite
  // number of operations and the caller walks it round and round (sequence numbers go on rising). `phase` is
  // preload_phase() or one of the workload's, which is known by its name. Throws WorkloadError where a
  // process would own no key.
  OperationStream(const Workload& workload, const Phase& phase, unsigned worker, unsigned processes);

  // size() of such a stream, without making it.
  static std::size_t operations(const Workload& workload, const Phase& phase, unsigned worker, unsigned processes);

  std::size_t size() const noexcept { return size_; }
  std::size_t stride() const noexcept { return stride_; }  // bytes from one operation to the next

  const Operation& operator[](std::size_t index) const noexcept {
    return *reinterpret_cast<const Operation*>(storage_.get() + index * stride_);
  }

 private:
  struct Free {
    void operator()(std::byte* storage) const noexcept;
  };
  std::unique_ptr<std::byte[], Free> storage_;  // 64-byte aligned
  std::size_t size_ = 0;
  std::size_t stride_ = 0;
};

// The untimed preload as a phase: every key of `share = own` set once, in order.
Phase preload_phase(const Workload& workload);

}  // namespace dictbench

#include "workloads/operation_stream.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "workloads/key_text.h"
#include "workloads/operation_generator.h"
#include "workloads/value_content.h"

namespace dictbench {
namespace {

constexpr std::size_t kAlignment = std::size_t{2} << 20;  // of a huge page, see below
constexpr std::size_t kPiece = 16;                        // keys may be read in pieces of so many bytes
// Of phases limited by seconds: enough that walking round does not keep a cache warm that would be cold, and that each
// of few keys comes often. What is prepared has to be verified too, so it is no more than that.
constexpr std::size_t kRoundBytes = std::size_t{64} << 20;
constexpr std::size_t kMostInRound = std::size_t{1} << 20;
constexpr std::size_t kLeastInRound = kMostInRound / 4;
constexpr std::size_t kRoundsOfKeys = 4;

constexpr std::size_t round_up(std::size_t bytes, std::size_t unit) noexcept {
  return (bytes + unit - 1) / unit * unit;
}

struct Shape {
  std::size_t size, stride;
};

Shape stream_shape(const Workload& workload, const OperationGenerator& generator, const WorkloadKeys& texts,
                   const Phase& phase, unsigned worker, unsigned processes) {
  const bool timed = phase.operations == 0 || reads_on(phase, worker);
  const std::size_t round =
      std::clamp<std::size_t>(kRoundsOfKeys * touched_keys(workload, phase), kLeastInRound, kMostInRound);
  const std::size_t most = timed ? round : operation_share(phase, worker, processes);
  const std::size_t stride = sizeof(Operation) + round_up(texts.longest(phase, generator.key_limit(most)), kPiece);
  return {timed ? std::clamp<std::size_t>(kRoundBytes / stride, 1, most) : most, stride};
}

}  // namespace

void OperationStream::Free::operator()(std::byte* storage) const noexcept { std::free(storage); }

OperationStream::OperationStream(const Workload& workload, const Phase& phase, unsigned worker, unsigned processes) {
  check_processes(workload, processes);
  OperationGenerator generator(workload, phase, worker, processes);
  const WorkloadKeys texts(workload);
  const Shape shape = stream_shape(workload, generator, texts, phase, worker, processes);
  size_ = shape.size;
  stride_ = shape.stride;
  storage_.reset(static_cast<std::byte*>(
      std::aligned_alloc(kAlignment, round_up(std::max<std::size_t>(size_, 1) * stride_, kAlignment))));
  if (!storage_) throw std::bad_alloc();
  // Hardware prefetchers stop at page ends, and a 4 KiB page holds only 128 records of 32 bytes.
  madvise(storage_.get(), round_up(std::max<std::size_t>(size_, 1) * stride_, kAlignment), MADV_HUGEPAGE);

  // Scan lengths have random numbers of their own, so that they do not change which keys come.
  Random scan_lengths(mix64(workload.seed, phase.scan_limit, worker));
  std::byte* place = storage_.get();
  for (std::size_t index = 0; index < size_; ++index, place += stride_) {
    const OperationGenerator::Step step = generator.next();
    std::memset(place, 0, stride_);
    const std::uint8_t group = texts.group(step.key_number);
    char* const key = reinterpret_cast<char*>(place) + sizeof(Operation);
    const std::size_t length = texts.write(step.key_number, group, key);
    const std::uint32_t tag = step.kind == OperationKind::scan
                                  ? static_cast<std::uint32_t>(scan_lengths.below(phase.scan_limit)) + 1
                                  : key_tag({key, length});
    new (place) Operation{step.key_number, tag, static_cast<std::uint16_t>(length), step.kind, group};
  }
}

std::size_t OperationStream::operations(const Workload& workload, const Phase& phase, unsigned worker,
                                        unsigned processes) {
  if (phase.operations != 0 && !reads_on(phase, worker)) return operation_share(phase, worker, processes);
  const OperationGenerator generator(workload, phase, worker, processes);
  return stream_shape(workload, generator, WorkloadKeys(workload), phase, worker, processes).size;
}

Phase preload_phase(const Workload& workload) {
  Phase phase;
  phase.name = "preload";
  phase.mix.set = 1;
  phase.operations = workload.keys.count;
  phase.share = Share::own;
  phase.values = workload.values;
  return phase;
}

}  // namespace dictbench

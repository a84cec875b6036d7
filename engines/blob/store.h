// Two slots for blocks in a shared-memory segment, of which one is the dict.
//
//   Root | slot 0 | slot 1        each half of what is committed
//
// `current` is the number of the dict's block; block N is described by descriptor N % 2. A writer takes the lock, marks
// the other descriptor as nobody's, writes the new block to the slot where the current one does not lie, describes it,
// and stores its number in `current`: that one store is the change. A reader takes the descriptor that `current` names,
// reads the block, and looks whether the descriptor still has that number. If not, at least one change has been made
// meanwhile, and it tries again.
//
// So a writer killed at any moment has made the change or has not, and leaves nothing to repair; stopped, it holds
// other writers up, who say `timeout`, and no reader. Slots grow by doubling, the committed memory never moves.
//
// One Store per Dict: used by one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engines/blob/block.h"
#include "engines/shm/robust_mutex.h"
#include "engines/shm/segment.h"

namespace dictbench::blob {

class Store {
 public:
  // A segment with an empty dict that takes at most `most_bytes` and `most_items`. Throws Error as Segment::create
  // does.
  static Segment create(std::uint64_t most_bytes, std::uint64_t most_items);

  // `timeout`: how long to wait for another writer. Throws Error as Segment::open does.
  Store(const std::string& segment_name, std::chrono::milliseconds timeout)
      : segment_(Segment::open(segment_name, layout())), timeout_(timeout) {}

  // Of the keys; drawn when the dict was made.
  const MultilinearHash& hash() const;

  // Calls read(block) until it has had one block from beginning to end. Without a lock.
  template <typename Read>
  void read(const Read& read) const;

  // A changed dict. `plan(block)` is given the current one and says how many items and bytes come to it at most, or
  // nothing: it stays as it is. `edit(editor)` then changes the copy. Throws Error(full, timeout), and what `plan`
  // throws; the dict is as it was then.
  struct Growth {
    std::uint64_t items = 0, bytes = 0;
  };
  void change(const std::function<std::optional<Growth>(const Block&)>& plan, const std::function<void(Editor&)>& edit);

 private:
  struct Root;
  static SegmentLayout layout();
  static std::uint64_t slots_at();

  struct View {
    std::uint64_t number = 0;
    Block block;
  };
  View current() const;
  bool still(std::uint64_t number) const;
  Root& root() const noexcept { return *reinterpret_cast<Root*>(segment_.data()); }
  void enlarge(std::uint64_t bytes);

  Segment segment_;
  std::chrono::milliseconds timeout_;
};

template <typename Read>
void Store::read(const Read& read) const {
  while (true) {
    const View view = current();
    read(view.block);
    if (still(view.number)) return;
  }
}

}  // namespace dictbench::blob

#include "engines/boost_map/map.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <stdexcept>
#include <utility>

#include "engines/counter.h"
#include "engines/error.h"
#include "engines/shm/crash_point.h"

namespace dictbench::boost_map {
namespace {

constexpr std::uint64_t kPage = 4096;

// Growth by a quarter, but no less than some thousand items and no more than what takes about 20 ms to allocate and to
// join to 2 MB pages (2 us a page of 4 KB, 1.2 ms one of 2 MB), because everybody waits meanwhile.
constexpr std::uint64_t kLeastGrowth = 4 << 20;
constexpr std::uint64_t kMostGrowth = 16 << 20;

// What a new item takes beside its own bytes: node, two string headers, three block headers, rounding.
constexpr std::uint64_t kItemOverhead = 512;

std::uint64_t round_down_to_page(std::uint64_t bytes) { return bytes / kPage * kPage; }
// A number that has no next page is none that a machine has room for: it must not become a small one.
std::uint64_t round_up_to_page(std::uint64_t bytes) {
  return round_down_to_page(bytes > UINT64_MAX - kPage ? bytes : bytes + kPage - 1);
}

}  // namespace

struct SharedMap::Root {
  Root(Heap& heap, std::uint64_t most_bytes, RwLockHandle::Readers how)
      : readers(how), most(most_bytes), map(Less(), Allocator<char>(&heap)) {}

  RobustRwLock lock;
  RwLockHandle::Readers readers;
  std::uint64_t most;
  std::atomic<std::uint32_t> changing = 0;
  Map map;
};

// Marks a change. Only the compiler has to keep the order of the stores: a killed process's stores are all seen up
// to the instruction where it stopped, because whoever learns of its death learns it from the kernel.
class SharedMap::Change {
 public:
  explicit Change(Root& root) : root_(root) {
    root_.changing.store(1, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_release);
  }
  ~Change() { root_.changing.store(0, std::memory_order_release); }
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

 private:
  Root& root_;
};

SegmentLayout SharedMap::layout() { return {.name = "boost-map", .version = 2, .least_bytes = least_bytes()}; }

std::uint64_t SharedMap::heap_offset() { return round_up_to_page(sizeof(Root)); }

std::uint64_t SharedMap::least_bytes() {
  return round_up_to_page(heap_offset() + Heap::get_min_size(0) + kItemOverhead);
}

Segment SharedMap::create(const Sizes& sizes, RwLockHandle::Readers readers) {
  const std::uint64_t initial = round_up_to_page(std::max(sizes.initial, least_bytes()));
  const std::uint64_t most = std::max(round_down_to_page(sizes.most), initial);
  Segment segment = Segment::create(layout(), most, initial);
  segment.join_pages(0, initial);
  auto* heap = new (segment.data() + heap_offset()) Heap(initial - heap_offset(), 0);
  new (segment.data()) Root(*heap, most, readers);
  segment.publish();
  return segment;
}

SharedMap::SharedMap(const std::string& segment_name)
    : segment_(Segment::open(segment_name, layout())), lock_(root().lock, root().readers) {}

SharedMap::Root& SharedMap::root() const noexcept { return *reinterpret_cast<Root*>(segment_.data()); }
Heap& SharedMap::heap() const noexcept { return *reinterpret_cast<Heap*>(segment_.data() + heap_offset()); }
const Map& SharedMap::map() const noexcept { return root().map; }
bool SharedMap::changing() const noexcept { return root().changing.load(std::memory_order_relaxed) != 0; }

void SharedMap::throw_corrupt() {
  throw Error(
      ErrorCode::corrupt,
      "boost-map: a process was killed in the middle of a change, so the tree may be broken; make the dict anew");
}

const String* SharedMap::find(std::string_view key) const {
  const Map& all = map();
  const auto found = all.find(key);
  return found == all.end() ? nullptr : &found->second;
}

void SharedMap::set(std::string_view key, std::string_view value) {
  if (key.size() > kLargestKey)
    throw Error(ErrorCode::too_large, fmt::format("boost-map: a key of {} bytes; at most {}", key.size(), kLargestKey));
  if (value.size() > kLargestValue)
    throw Error(ErrorCode::too_large,
                fmt::format("boost-map: a value of {} bytes; at most {}", value.size(), kLargestValue));
  store(root().map.lower_bound(key), key, value);
}

bool SharedMap::erase(std::string_view key) {
  Map& all = root().map;
  const auto found = all.find(key);
  if (found == all.end()) return false;
  CRASH_POINT("boost-map.erase.found");
  {
    const Change change(root());
    CRASH_POINT("boost-map.erase.marked");
    all.erase(found);
    CRASH_POINT("boost-map.erase.changed");
  }
  CRASH_POINT("boost-map.erase.done");
  return true;
}

std::int64_t SharedMap::add(std::string_view key, std::int64_t delta) {
  const String* const stored = find(key);
  const std::int64_t sum = checked_add(stored == nullptr ? 0 : counter_value(view(*stored)), delta);
  CRASH_POINT("boost-map.add.read");
  set(key, CounterText(sum).view());
  CRASH_POINT("boost-map.add.stored");
  return sum;
}

// Iterators stay valid when the heap grows: nothing moves.
void SharedMap::store(Map::iterator at, std::string_view key, std::string_view value) {
  Map& all = root().map;
  const Allocator<char> allocator(&heap());
  const bool is_new = at == all.end() || view(at->first) != key;
  CRASH_POINT("boost-map.set.found");
  while (true) {
    try {
      {
        const Change change(root());
        CRASH_POINT("boost-map.set.marked");
        if (is_new) {
          String stored_key(key.data(), key.size(), allocator);
          CRASH_POINT("boost-map.set.key_stored");
          all.try_emplace(at, std::move(stored_key), value.data(), value.size(), allocator);
        } else if (constexpr std::size_t kWaste = 128; at->second.capacity() > 2 * value.size() + kWaste) {
          // assign() would keep the room of the longer value for ever.
          String shorter(value.data(), value.size(), allocator);
          CRASH_POINT("boost-map.set.shorter_stored");
          shorter.swap(at->second);
        } else {
          at->second.assign(value.data(), value.size());
        }
        CRASH_POINT("boost-map.set.changed");
      }
      CRASH_POINT("boost-map.set.stored");
      return;
    } catch (const boost::interprocess::bad_alloc&) {
      // Nothing has changed; try with more room.
    } catch (const std::length_error&) {
      // Likewise: Boost's allocator calls longer than possible what is longer than the heap is now.
    }
    grow(key.size() + value.size() + kItemOverhead);
  }
}

// Adds at least `bytes` to the heap where there is still room for them, else what is left below `most`.
void SharedMap::grow(std::uint64_t bytes) {
  const std::uint64_t before = heap_offset() + heap().get_size();
  const std::uint64_t left = root().most - before;
  if (left == 0)
    throw Error(ErrorCode::full,
                fmt::format("boost-map is full: {} bytes, as many as it may take; raise max=", before));
  const std::uint64_t needed = std::min(round_up_to_page(bytes), left);
  const std::uint64_t wanted =
      std::min(std::max(needed, std::clamp(round_up_to_page(before / 4), kLeastGrowth, kMostGrowth)), left);
  std::uint64_t added = wanted;
  try {
    segment_.commit(before + wanted);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::full || needed == wanted) throw;
    segment_.commit(before + needed);
    added = needed;
  }
  segment_.join_pages(before, before + added);
  CRASH_POINT("boost-map.grow.committed");
  {
    const Change change(root());
    CRASH_POINT("boost-map.grow.marked");
    heap().grow(added);
    CRASH_POINT("boost-map.grow.changed");
  }
  CRASH_POINT("boost-map.grow.done");
}

std::uint64_t SharedMap::readers(const Segment& segment) {
  return reinterpret_cast<const Root*>(segment.data())->lock.claimed_slots();
}

std::string SharedMap::broken() const {
  if (changing()) return "a process was killed in the middle of a change";
  // Boost's check is not const, but changes nothing.
  if (!heap().check_sanity()) return "the heap's list of free blocks is broken";
  std::uint64_t walked = 0;
  const String* before = nullptr;
  for (const auto& [key, value] : map()) {
    if (before != nullptr && !Less()(*before, key)) return fmt::format("key {} of the walk is out of order", walked);
    before = &key;
    if (++walked > map().size()) break;
  }
  return walked == map().size() ? "" : fmt::format("the walk finds {} keys, size() says {}", walked, map().size());
}

}  // namespace dictbench::boost_map

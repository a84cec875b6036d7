// An ordered map of strings in a shared-memory segment: boost::container::map with Boost.Interprocess's
// allocator and strings, so that key, value and node all lie in the segment.
//
// The data of the segment: Root at offset 0, then Boost's heap (rbtree_best_fit, without a mutex of its
// own) up to the committed end. The heap grows in place under the write lock, until the segment's
// reservation, `max`, or /dev/shm is used up: Error(full), and all that was stored stays readable.
//
// Invariants:
//  - the map and the heap are read under the shared lock and changed under the exclusive one;
//  - Root::changing is 1 from before the first store of a change until after its last. It is set under the
//    exclusive lock only, so whoever holds the lock and finds 1 knows that a process was killed in
//    mid-change. A red-black tree cut off there cannot be repaired: everybody gets Error(corrupt) from then on. A
//    process killed at any other moment, holding the lock or not, does no harm;
//  - a change that fails for want of memory leaves the map as it was.
//
// One SharedMap per Dict: used by one thread, of the process that made it.
#pragma once

#include <boost/container/map.hpp>
#include <boost/container/string.hpp>
#include <boost/interprocess/allocators/allocator.hpp>
#include <boost/interprocess/mem_algo/rbtree_best_fit.hpp>
#include <boost/interprocess/segment_manager.hpp>
#include <boost/interprocess/sync/mutex_family.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engines/shm/robust_rwlock.h"
#include "engines/shm/segment.h"

namespace dictbench::boost_map {

using Heap = boost::interprocess::segment_manager_base<
    boost::interprocess::rbtree_best_fit<boost::interprocess::null_mutex_family>>;
template <typename T>
using Allocator = boost::interprocess::allocator<T, Heap>;
using String = boost::container::basic_string<char, std::char_traits<char>, Allocator<char>>;

inline std::string_view view(const String& string) { return {string.data(), string.size()}; }
inline std::string_view view(std::string_view string) { return string; }

// Byte order; transparent, so that a lookup makes no String.
struct Less {
  using is_transparent = void;
  template <typename A, typename B>
  bool operator()(const A& a, const B& b) const noexcept {
    return view(a) < view(b);
  }
};

using Map = boost::container::map<String, String, Less, Allocator<std::pair<const String, String>>>;

inline constexpr std::size_t kLargestKey = 64 << 10;
inline constexpr std::size_t kLargestValue = 1 << 30;

struct Sizes {
  std::uint64_t initial = 0;  // bytes of the segment committed at once
  std::uint64_t most = 0;     // bytes up to which it may grow, whole pages of them
};

class SharedMap {
 public:
  // A new segment with an empty map. Throws Error as Segment::create does.
  static Segment create(const Sizes& sizes, RwLockHandle::Readers readers);

  // Slots of the lock that are taken, for Engine::held().
  static std::uint64_t readers(const Segment& segment);

  // Attaches. Throws Error as Segment::open does.
  explicit SharedMap(const std::string& segment_name);

  // The lock to hold around everything below.
  RwLockHandle& lock() noexcept { return lock_; }

  // Throws Error(corrupt) when a process was killed in mid-change. To be called first after locking.
  void check_whole() const {
    if (changing()) [[unlikely]]
      throw_corrupt();
  }

  // Under the shared lock. References live as long as the lock is held.
  const Map& map() const noexcept;
  const String* find(std::string_view key) const;

  // Under the shared lock, also where check_whole() would throw: what is broken, or empty.
  std::string broken() const;

  // Under the exclusive lock. Throw Error(full, too_large, unsupported).
  void set(std::string_view key, std::string_view value);
  bool erase(std::string_view key);
  std::int64_t add(std::string_view key, std::int64_t delta);

 private:
  struct Root;
  class Change;

  static SegmentLayout layout();
  static std::uint64_t heap_offset();
  static std::uint64_t least_bytes();  // of the smallest segment that holds a map
  Root& root() const noexcept;
  Heap& heap() const noexcept;
  bool changing() const noexcept;
  [[noreturn]] static void throw_corrupt();
  void store(Map::iterator at, std::string_view key, std::string_view value);
  void grow(std::uint64_t bytes);

  Segment segment_;
  RwLockHandle lock_;
};

}  // namespace dictbench::boost_map

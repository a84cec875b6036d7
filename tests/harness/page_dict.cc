#include "tests/harness/page_dict.h"

#include <sched.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <optional>
#include <thread>

#include "engines/counter.h"
#include "engines/shm/robust_mutex.h"
#include "harness/torture/child.h"

namespace dictbench::torture {
namespace {

constexpr std::size_t kSlots = 1024, kLongestKey = 31, kLongestValue = 64;

struct Block {
  std::atomic<std::uint32_t> size = 0;
  std::array<std::atomic<char>, kLongestValue> bytes{};

  void put(std::string_view value) {
    size.store(static_cast<std::uint32_t>(value.size()), std::memory_order_relaxed);
    for (std::size_t i = 0; i < value.size(); ++i) bytes[i].store(value[i], std::memory_order_relaxed);
  }
  void copy_to(Value& out) const {
    const std::size_t count = size.load(std::memory_order_relaxed);
    char* const to = out.prepare(count);
    for (std::size_t i = 0; i < count; ++i) to[i] = bytes[i].load(std::memory_order_relaxed);
  }
};

// A key has its slot for good. Its value lies in the block of its version; the other one is where the next is written.
struct Slot {
  std::atomic<std::uint32_t> key_size = 0;  // 0: nobody's
  std::array<char, kLongestKey> key{};
  std::atomic<std::uint64_t> word = 0;  // version << 1 | the key is there
  std::array<Block, 2> blocks;

  std::string_view name() const { return {key.data(), key_size.load(std::memory_order_acquire)}; }
  Block& block(std::uint64_t at) { return blocks[(at >> 1) % 2]; }
  static bool there(std::uint64_t at) { return at % 2 == 1; }
  static std::uint64_t next(std::uint64_t at) { return ((at >> 1) + 1) << 1; }  // the key is not there
};

struct Table {
  RobustMutex mutex;
  std::atomic<bool> held = false;  // instead of the mutex, in the wrong engine
  std::atomic<std::uint64_t> writes = 0;
  std::atomic<unsigned> attached = 0;  // so often
  std::array<Slot, kSlots> slots;
};

template <Slip S>
class PageDict final : public Dict {
 public:
  explicit PageDict(Table& table) : table_(table) {
    if (table_.attached.fetch_add(1) == 2 && S == Slip::third_attach) pause();
    if (S != Slip::own_thread) return;
    thread_ = std::jthread([](const std::stop_token& stop) {
      while (!stop.stop_requested()) std::this_thread::sleep_for(milliseconds(1));
    });
  }

  bool get(std::string_view key, Value& out) override {
    Slot* const slot = find(key);
    while (slot != nullptr) {
      const std::uint64_t word = slot->word.load();
      if (!Slot::there(word)) return false;
      slot->block(word).copy_to(out);
      std::atomic_thread_fence(std::memory_order_acquire);
      if (S == Slip::unchecked_get || slot->word.load() == word) return true;
    }
    return false;
  }

  void set(std::string_view key, std::string_view value) override {
    if (key.size() > kLongestKey || value.size() > kLongestValue) throw Error(ErrorCode::too_large, "too large");
    if (S == Slip::slow_set) std::this_thread::sleep_for(milliseconds(30));
    if (S == Slip::torn_set)
      if (Slot* const slot = find(key); slot != nullptr && Slot::there(slot->word.load()))
        return slot->block(slot->word.load()).put(value);
    const Lock lock(table_);
    store(claim(key), value);
  }

  bool erase(std::string_view key) override {
    Slot* const slot = find(key);
    if (slot == nullptr) return false;
    const bool before = Slot::there(slot->word.load());
    const Lock lock(table_);
    const std::uint64_t word = slot->word.load();
    slot->word.store(Slot::next(word));
    has_erased_ = true;
    return S == Slip::stale_erase ? before : Slot::there(word);
  }

  std::int64_t add(std::string_view key, std::int64_t delta) override {
    std::optional<std::int64_t> before;
    if (S == Slip::split_add) before = number(key);
    const Lock lock(table_);
    const CounterText sum(before.value_or(number(key)) + delta);
    store(claim(key), sum.view());
    return counter_value(sum.view());
  }

  std::uint64_t size() override {
    const std::uint64_t writes = table_.writes.load();
    std::uint64_t count = 0;
    for (const Slot& slot : table_.slots) count += Slot::there(slot.word.load());
    const std::uint64_t meanwhile = table_.writes.load() - writes;
    if (S == Slip::own_size && has_erased_) return count + 1;
    if (S == Slip::wild_size && meanwhile > 0) return count + kFarTooMany;
    return S == Slip::rough_size ? count + meanwhile : count;
  }

  void for_each(const Visitor& visit) override {
    Value value;
    for (const Slot& slot : table_.slots)
      if (!slot.name().empty() && get(slot.name(), value) && !visit(slot.name(), value.view())) return;
  }

 private:
  class Lock {
   public:
    explicit Lock(Table& table) : table_(table) {
      table_.writes.fetch_add(1);
      if (S != Slip::plain_lock)
        table_.mutex.lock();  // a value is changed by one store: nothing is to be repaired after a death
      else
        while (table_.held.exchange(true)) sched_yield();
    }
    ~Lock() {
      if (S != Slip::plain_lock)
        table_.mutex.unlock();
      else
        table_.held.store(false);
    }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    Table& table_;
  };

  // The key's slot, or the free one where it would be looked for; nothing: all are others'.
  Slot* place_of(std::string_view key) {
    const std::size_t first = std::hash<std::string_view>()(key);
    for (std::size_t i = 0; i < kSlots; ++i) {
      Slot& slot = table_.slots[(first + i) % kSlots];
      if (slot.name().empty() || slot.name() == key) return &slot;
    }
    return nullptr;
  }

  Slot* find(std::string_view key) {
    Slot* const slot = place_of(key);
    return slot != nullptr && !slot->name().empty() ? slot : nullptr;
  }

  // Under the lock.
  Slot& claim(std::string_view key) {
    Slot* const slot = place_of(key);
    if (slot == nullptr) throw Error(ErrorCode::full, "all slots are taken");
    if (slot->name().empty()) {
      std::memcpy(slot->key.data(), key.data(), key.size());
      slot->key_size.store(static_cast<std::uint32_t>(key.size()), std::memory_order_release);
    }
    return *slot;
  }

  static void store(Slot& slot, std::string_view value) {
    const std::uint64_t next = Slot::next(slot.word.load()) | 1;
    // A reader that sees a byte of the new value sees another word as well: the last but one value lay here.
    std::atomic_thread_fence(std::memory_order_release);
    slot.block(next).put(value);
    slot.word.store(next);
  }

  std::int64_t number(std::string_view key) {
    Value value;
    return get(key, value) ? counter_value(value.view()) : 0;
  }

  static constexpr std::uint64_t kFarTooMany = 1 << 20;

  Table& table_;
  bool has_erased_ = false;
  std::jthread thread_;
};

template <Slip S>
class PageEngine final : public Engine {
 public:
  std::unique_ptr<Dict> attach() override { return std::make_unique<PageDict<S>>(*table_); }
  std::string address() const override { return "a page of its maker's"; }

 private:
  SharedPage<Table> table_;
};

template <Slip S>
Subject subject() {
  static const EngineDescription description{
      .name = "page-dict",
      .summary = "one shared page",
      .options = {},
      .contract =
          [](const Spec&) {
            return Contract{.survives_killed_writer = true, .largest_key = kLongestKey, .largest_value = kLongestValue};
          },
      .create = [](const Spec&, const SizeHint&) -> std::unique_ptr<Engine> {
        return std::make_unique<PageEngine<S>>();
      },
      .attach = [](const Spec&, const std::string&) -> std::unique_ptr<Dict> {
        throw Error(ErrorCode::unavailable, "only forked processes can attach");
      },
  };
  Spec spec = Spec::parse("page-dict");
  spec.bind(description.options);
  const Contract contract = description.contract(spec);
  return {.text = spec.text(), .spec = std::move(spec), .description = description, .contract = contract};
}

}  // namespace

Subject page_dict(Slip slip) {
  switch (slip) {
    case Slip::none: return subject<Slip::none>();
    case Slip::unchecked_get: return subject<Slip::unchecked_get>();
    case Slip::torn_set: return subject<Slip::torn_set>();
    case Slip::stale_erase: return subject<Slip::stale_erase>();
    case Slip::split_add: return subject<Slip::split_add>();
    case Slip::plain_lock: return subject<Slip::plain_lock>();
    case Slip::third_attach: return subject<Slip::third_attach>();
    case Slip::own_size: return subject<Slip::own_size>();
    case Slip::wild_size: return subject<Slip::wild_size>();
    case Slip::rough_size: return subject<Slip::rough_size>();
    case Slip::slow_set: return subject<Slip::slow_set>();
    case Slip::own_thread: return subject<Slip::own_thread>();
  }
  throw std::logic_error("no such engine");
}

}  // namespace dictbench::torture

// `wrong?fault=FAULT&engine=SPEC&every=N`: an engine that passes everything on to a right one and is wrong in one way
// that makes it look quick or right: each must be seen by `dictbench run` itself, within three repetitions. A plugin;
// the registry's symbols come from the command. (`mutant` has the mistakes that `dictbench check` must see.)
//
// One call in `every` of those concerned is wrong; `every=1` where the fault is a habit.
#include <time.h>

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engines/registry.h"

namespace dictbench {
namespace {

enum class Fault {
  none,
  scans_nothing,       // scan() visits nothing and says 0
  scans_too_few,       // one key less than asked for
  scan_leaves_out,     // the second key of a scan
  scan_goes_back,      // visits the first two keys in the wrong order
  scan_miscounts,      // says one more than it visited
  scan_other_values,   // a visited key's value is that of the one before
  queued_sets,         // sets only queue and are done in the destructor
  queued_updates,      // likewise, but only sets of keys that are there
  dropped_sets,        // a set of a key that is there is not done
  dropped_batch_end,   // set_many() leaves out the last one, if that key is there
  torn_gets,           // a get's value has a part of another write
  cached_gets,         // a get answers from a cache of the process that is up to a second old
  stale_own_gets,      // a get answers with what the process wrote before its last write
  neighbours_value,    // a get has the value of the get before
  empty_for_absent,    // a get of a key that is not there finds an empty value
  finds_absent,        // a get of a key that is not there finds what is in the buffer
  loses_for_a_moment,  // a get does not find a key
  swapped_batch,       // get_many() swaps two values
  shifted_batch,       // get_many() gives the flags of a batch with a miss to the wrong keys
  batch_miscounts,     // get_many() says one less than it found
  add_says_zero,       // add() returns 0
  add_repeats,         // add() returns what it returned before
  lost_adds,           // an add is not done but returned as if it were
  walks_twice,         // for_each() visits everything twice
  walk_leaves_out,     // for_each() leaves out the first key
  walk_repeats,        // for_each() visits the first key again in place of the second
  walk_other_values,   // for_each() shows the value of the key visited before
  size_off,            // size() is one too many
  undone_at_detach,    // the destructor removes the key written last
  kept_erases,         // an erased key stays
  resurrected_erases,  // an erased key comes back with the process's next set
  kept_first_values,   // a set of a key that is there does nothing
};

constexpr std::array<std::pair<const char*, Fault>, 33> kFaults{{
    {"none", Fault::none},
    {"scans-nothing", Fault::scans_nothing},
    {"scans-too-few", Fault::scans_too_few},
    {"scan-leaves-out", Fault::scan_leaves_out},
    {"scan-goes-back", Fault::scan_goes_back},
    {"scan-miscounts", Fault::scan_miscounts},
    {"scan-other-values", Fault::scan_other_values},
    {"queued-sets", Fault::queued_sets},
    {"queued-updates", Fault::queued_updates},
    {"dropped-sets", Fault::dropped_sets},
    {"dropped-batch-end", Fault::dropped_batch_end},
    {"torn-gets", Fault::torn_gets},
    {"cached-gets", Fault::cached_gets},
    {"stale-own-gets", Fault::stale_own_gets},
    {"neighbours-value", Fault::neighbours_value},
    {"empty-for-absent", Fault::empty_for_absent},
    {"finds-absent", Fault::finds_absent},
    {"loses-for-a-moment", Fault::loses_for_a_moment},
    {"swapped-batch", Fault::swapped_batch},
    {"shifted-batch", Fault::shifted_batch},
    {"batch-miscounts", Fault::batch_miscounts},
    {"add-says-zero", Fault::add_says_zero},
    {"add-repeats", Fault::add_repeats},
    {"lost-adds", Fault::lost_adds},
    {"walks-twice", Fault::walks_twice},
    {"walk-leaves-out", Fault::walk_leaves_out},
    {"walk-repeats", Fault::walk_repeats},
    {"walk-other-values", Fault::walk_other_values},
    {"size-off", Fault::size_off},
    {"undone-at-detach", Fault::undone_at_detach},
    {"kept-erases", Fault::kept_erases},
    {"resurrected-erases", Fault::resurrected_erases},
    {"kept-first-values", Fault::kept_first_values},
}};

Fault fault_of(const Spec& spec) {
  const auto* const found =
      std::ranges::find(kFaults, spec.get("fault"), [](const auto& fault) { return std::string(fault.first); });
  return found->second;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

class WrongDict final : public Dict {
 public:
  WrongDict(std::unique_ptr<Dict> inner, const Spec& spec)
      : inner_(std::move(inner)), fault_(fault_of(spec)), every_(spec.get_count("every")) {}

  ~WrongDict() override {
    for (const auto& [key, value] : queue_) inner_->set(key, value);
    if (fault_ == Fault::undone_at_detach && !last_key_.empty()) inner_->erase(last_key_);
  }

  bool get(std::string_view key, Value& out) override {
    switch (fault_) {
      case Fault::cached_gets: return get_cached(key, out);
      case Fault::stale_own_gets:
        if (const auto own = cache_.find(std::string(key)); own != cache_.end() && strikes()) {
          out.assign(own->second.value);
          return true;
        }
        break;
      case Fault::neighbours_value:
        if (!last_value_.empty() && strikes()) {
          out.assign(last_value_);
          return true;
        }
        break;
      case Fault::loses_for_a_moment:
        if (strikes()) return false;
        break;
      default: break;
    }
    const bool found = inner_->get(key, out);
    if (found && fault_ == Fault::neighbours_value) last_value_ = out.view();
    if (found && fault_ == Fault::torn_gets) tear(out);
    if (!found && fault_ == Fault::empty_for_absent && strikes()) {
      out.prepare(0);
      return true;
    }
    return found || (fault_ == Fault::finds_absent && strikes());
  }

  void set(std::string_view key, std::string_view value) override {
    switch (fault_) {
      case Fault::queued_sets: queue_.emplace_back(key, value); return;
      case Fault::queued_updates:
        if (!inner_->get(key, scratch_)) break;
        queue_.emplace_back(key, value);
        return;
      case Fault::dropped_sets:
        if (inner_->get(key, scratch_) && strikes()) return;
        break;
      case Fault::kept_first_values:
        if (inner_->get(key, scratch_)) return;
        break;
      case Fault::cached_gets:
      case Fault::stale_own_gets: remember(key); break;
      case Fault::resurrected_erases:
        if (!erased_.empty()) inner_->set(std::exchange(erased_, {}), erased_value_);
        break;
      case Fault::undone_at_detach: last_key_ = key; break;
      default: break;
    }
    inner_->set(key, value);
  }

  bool erase(std::string_view key) override {
    if (fault_ == Fault::kept_erases && strikes()) return inner_->get(key, scratch_);
    if (fault_ == Fault::resurrected_erases && inner_->get(key, scratch_) && strikes()) {
      erased_ = key;
      erased_value_ = scratch_.view();
    }
    return inner_->erase(key);
  }

  std::int64_t add(std::string_view key, std::int64_t delta) override {
    if (fault_ == Fault::lost_adds && strikes()) return inner_->add(key, 0) + delta;
    const std::int64_t sum = inner_->add(key, delta);
    if (fault_ == Fault::add_says_zero && strikes()) return 0;
    if (fault_ == Fault::add_repeats && strikes()) return sum - delta;
    return sum;
  }

  std::uint64_t size() override { return inner_->size() + (fault_ == Fault::size_off ? 1 : 0); }

  void for_each(const Visitor& visit) override {
    std::string first, before;
    std::uint64_t visited = 0;
    const auto wrong_visit = [&](std::string_view key, std::string_view value) {
      ++visited;
      if (visited == 1) first = key;
      if (fault_ == Fault::walk_leaves_out && visited == 1) return true;
      if (fault_ == Fault::walk_repeats && visited == 2) return visit(first, value);
      if (fault_ == Fault::walk_other_values) std::swap(before, other_ = value);
      return visit(key, fault_ == Fault::walk_other_values && visited > 1 ? std::string_view(other_) : value);
    };
    inner_->for_each(wrong_visit);
    if (fault_ == Fault::walks_twice) inner_->for_each(visit);
  }

  std::size_t scan(std::string_view first, std::size_t limit, const Visitor& visit) override {
    if (fault_ == Fault::scans_nothing) return 0;
    if (fault_ == Fault::scans_too_few) return inner_->scan(first, limit - 1, visit);
    Pairs pairs;
    inner_->scan(first, limit, [&](std::string_view key, std::string_view value) {
      pairs.emplace_back(key, value);
      return true;
    });
    if (pairs.size() > 2 && strikes()) {
      if (fault_ == Fault::scan_leaves_out) pairs.erase(pairs.begin() + 1);
      if (fault_ == Fault::scan_goes_back) std::swap(pairs[0], pairs[1]);
      if (fault_ == Fault::scan_other_values) pairs[1].second = pairs[0].second;
    }
    for (const auto& [key, value] : pairs) visit(key, value);
    return pairs.size() + (fault_ == Fault::scan_miscounts ? 1 : 0);
  }

  std::size_t get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found) override {
    if (fault_ != Fault::swapped_batch && fault_ != Fault::shifted_batch && fault_ != Fault::batch_miscounts)
      return Dict::get_many(keys, out, found);
    std::size_t hits = inner_->get_many(keys, out, found);
    if (!strikes()) return hits;
    if (fault_ == Fault::swapped_batch && keys.size() > 1) std::swap(out[0], out[1]);
    if (fault_ == Fault::shifted_batch && hits < keys.size())
      std::rotate(found.begin(), found.begin() + 1, found.end());
    if (fault_ == Fault::batch_miscounts && hits > 0) --hits;
    return hits;
  }

  void set_many(std::span<const KeyValue> items) override {
    if (fault_ == Fault::dropped_batch_end && inner_->get(items.back().key, scratch_) && strikes())
      return inner_->set_many(items.first(items.size() - 1));
    Dict::set_many(items);
  }

 private:
  struct Cached {
    std::string value;
    std::int64_t at_ns;
  };

  static std::int64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
  }

  // One call in so many, at distances that repeat but fit no pattern of the caller's.
  bool strikes() {
    if (++calls_ < next_) return false;
    random_ = random_ * 6364136223846793005 + 1442695040888963407;  // Knuth's MMIX generator
    next_ = calls_ + 1 + (random_ >> 33) % (2 * every_ - 1);
    return true;
  }

  // The value's first half and another write's second half, as two copies at one time leave it.
  void tear(Value& out) {
    const std::string right(out.view());
    if (last_value_.size() == right.size() && strikes())
      out.assign(right.substr(0, right.size() / 2) + last_value_.substr(right.size() / 2));
    last_value_ = right;
  }

  // What a key had before it was set.
  void remember(std::string_view key) {
    if (fault_ == Fault::stale_own_gets && inner_->get(key, scratch_))
      cache_.insert_or_assign(std::string(key), Cached{std::string(scratch_.view()), 0});
  }

  bool get_cached(std::string_view key, Value& out) {
    constexpr std::int64_t kAge = 1'000'000'000;
    const auto cached = cache_.find(std::string(key));
    if (cached != cache_.end() && now_ns() - cached->second.at_ns < kAge) {
      out.assign(cached->second.value);
      return true;
    }
    const bool found = inner_->get(key, out);
    if (found) cache_.insert_or_assign(std::string(key), Cached{std::string(out.view()), now_ns()});
    return found;
  }

  std::unique_ptr<Dict> inner_;
  Fault fault_;
  std::uint64_t every_;
  std::uint64_t calls_ = 0;
  std::uint64_t next_ = every_;
  std::uint64_t random_ = 1;
  Pairs queue_;
  std::unordered_map<std::string, Cached> cache_;
  std::string last_key_, last_value_, erased_, erased_value_, other_;
  Value scratch_;
};

class WrongEngine final : public Engine {
 public:
  WrongEngine(const Spec& spec, const SizeHint& hint) : spec_(spec) {
    const Spec inner = parse_engine_spec(spec.get("engine"));
    inner_ = find_engine(inner.name()).create(inner, hint);
  }

  std::unique_ptr<Dict> attach() override { return std::make_unique<WrongDict>(inner_->attach(), spec_); }
  std::string address() const override { return inner_->address(); }
  std::vector<pid_t> server_pids() const override { return inner_->server_pids(); }
  StorageBytes storage_bytes() const override { return inner_->storage_bytes(); }

 private:
  Spec spec_;
  std::unique_ptr<Engine> inner_;
};

Contract contract(const Spec& spec) {
  const Spec inner = parse_engine_spec(spec.get("engine"));
  return find_engine(inner.name()).contract(inner);
}

std::unique_ptr<Dict> attach(const Spec& spec, const std::string& address) {
  const Spec inner = parse_engine_spec(spec.get("engine"));
  return std::make_unique<WrongDict>(find_engine(inner.name()).attach(inner, address), spec);
}

std::vector<std::string> fault_names() {
  std::vector<std::string> names;
  for (const auto& [name, fault] : kFaults) names.emplace_back(name);
  return names;
}

const EngineDescription kDescription{
    .name = "wrong",
    .summary = "wrong in one chosen way, and quick by it",
    .options = {{.name = "engine",
                 .kind = OptionKind::text,
                 .default_value = "boost-map",
                 .meaning = "the right engine behind it",
                 .choices = {}},
                {.name = "fault",
                 .kind = OptionKind::choice,
                 .default_value = "none",
                 .meaning = "what is wrong",
                 .choices = fault_names()},
                {.name = "every",
                 .kind = OptionKind::count,
                 .default_value = "1",
                 .meaning = "one call in so many goes wrong",
                 .choices = {},
                 .least = 1,
                 .most = 1'000'000'000}},
    .contract = contract,
    .create = [](const Spec& spec, const SizeHint& hint) -> std::unique_ptr<Engine> {
      return std::make_unique<WrongEngine>(spec, hint);
    },
    .attach = attach,
};

}  // namespace
}  // namespace dictbench

extern "C" const dictbench::EngineDescription* dictbench_engine() { return &dictbench::kDescription; }

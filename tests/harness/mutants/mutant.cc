// `mutant?kind=KIND&engine=SPEC&every=N`: an engine that passes everything on to a right one and is wrong in one
// way, for tests of the suite: each kind must be noticed. A plugin; the registry's symbols come from the command.
//
// The mistakes are those of real engines, and rare: one call in `every` of those concerned. They strike in
// whatever process makes the call, and leave their traces in the shared dict, so all processes see them.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "engines/counter.h"
#include "engines/registry.h"

namespace dictbench {
namespace {

enum class Kind {
  none,
  lost_update,        // a set or add is acknowledged and not done
  stale_read,         // a get answers from a cache that another process's write did not empty
  torn_value,         // a set shows half of the new value and half of the old one for a moment
  reverted_write,     // a set is done, and then undone by a late copy of the value before it
  resurrected_erase,  // an erased key comes back with its old value
  doubled_insert,     // a new key is put in twice: for_each() visits it twice and size() counts it twice
  lost_after_growth,  // when the dict has grown past a power of two, a key that was there is gone
  non_atomic_add,     // an add reads and writes in two steps
  changed_byte,       // a set stores the value with its last byte changed
  cut_value,          // a get leaves out the last byte
  misplaced_value,    // a set stores the value of the set before it
  die,                // the process is killed in a set
  hang,               // a set never returns
  full,               // a set is refused although there is room
};

constexpr std::array<std::pair<const char*, Kind>, 15> kKinds{{
    {"none", Kind::none},
    {"lost-update", Kind::lost_update},
    {"stale-read", Kind::stale_read},
    {"torn-value", Kind::torn_value},
    {"reverted-write", Kind::reverted_write},
    {"resurrected-erase", Kind::resurrected_erase},
    {"doubled-insert", Kind::doubled_insert},
    {"lost-after-growth", Kind::lost_after_growth},
    {"non-atomic-add", Kind::non_atomic_add},
    {"changed-byte", Kind::changed_byte},
    {"cut-value", Kind::cut_value},
    {"misplaced-value", Kind::misplaced_value},
    {"die", Kind::die},
    {"hang", Kind::hang},
    {"full", Kind::full},
}};

Kind kind_of(const Spec& spec) {
  const auto* const found =
      std::ranges::find(kKinds, spec.get("kind"), [](const auto& kind) { return std::string(kind.first); });
  return found->second;
}

class MutantDict final : public Dict {
 public:
  MutantDict(std::unique_ptr<Dict> inner, const Spec& spec)
      : inner_(std::move(inner)), kind_(kind_of(spec)), every_(spec.get_count("every")) {}

  bool get(std::string_view key, Value& out) override {
    if (kind_ == Kind::stale_read && strikes())
      if (const auto cached = cache_.find(key); cached != cache_.end()) {
        out.assign(cached->second);
        return true;
      }
    const bool found = inner_->get(key, out);
    if (found && kind_ == Kind::cut_value && strikes()) out.truncate(out.size() - 1);
    if (found && kind_ == Kind::stale_read) remember(key, out.view());
    return found;
  }

  void set(std::string_view key, std::string_view value) override {
    switch (kind_) {
      case Kind::lost_after_growth: return set_and_grow(key, value);
      case Kind::doubled_insert: return set_doubled(key, value);
      default: break;
    }
    if (!strikes()) return set_right(key, value);
    switch (kind_) {
      case Kind::lost_update: return;
      case Kind::torn_value: return set_torn(key, value);
      case Kind::reverted_write: return set_and_revert(key, value);
      case Kind::changed_byte: {
        std::string changed(value);
        changed.back() = static_cast<char>(changed.back() + 1);
        return inner_->set(key, changed);
      }
      case Kind::misplaced_value: {
        const std::string other = std::exchange(last_, std::string(value));
        return inner_->set(key, other);
      }
      case Kind::die: raise(SIGKILL); break;
      case Kind::hang:
        while (true) pause();
      case Kind::full: throw Error(ErrorCode::full, "no room, as the test wants it");
      default: break;
    }
    set_right(key, value);
  }

  bool erase(std::string_view key) override {
    if (kind_ == Kind::doubled_insert) inner_->erase(twin_of(key));
    if (kind_ != Kind::resurrected_erase || !strikes()) return inner_->erase(key);
    const bool had_value = inner_->get(key, scratch_);
    const bool erased = inner_->erase(key);
    if (had_value && erased) inner_->set(key, scratch_.view());
    return erased;
  }

  std::int64_t add(std::string_view key, std::int64_t delta) override {
    if (kind_ == Kind::lost_update && strikes()) {
      const bool found = inner_->get(key, scratch_);
      return (found ? counter_value(scratch_.view()) : 0) + delta;
    }
    if (kind_ == Kind::non_atomic_add && strikes()) {
      const std::int64_t before = inner_->get(key, scratch_) ? counter_value(scratch_.view()) : 0;
      usleep(kMoment);
      inner_->set(key, CounterText(before + delta).view());
      return before + delta;
    }
    return inner_->add(key, delta);
  }

  std::uint64_t size() override { return inner_->size(); }

  void for_each(const Visitor& visit) override {
    inner_->for_each([&](std::string_view key, std::string_view value) { return visit(without_twin(key), value); });
  }

 private:
  // One call in so many, at distances that repeat but fit no pattern of the caller's.
  bool strikes() {
    if (kind_ == Kind::none || ++calls_ < next_) return false;
    random_ = random_ * 6364136223846793005 + 1442695040888963407;  // Knuth's MMIX generator
    next_ = calls_ + 1 + (random_ >> 33) % (2 * every_ - 1);
    return true;
  }

  void set_right(std::string_view key, std::string_view value) {
    if (kind_ == Kind::misplaced_value) last_ = value;
    inner_->set(key, value);
  }

  void remember(std::string_view key, std::string_view value) {
    constexpr std::size_t kMost = 10'000;
    if (cache_.size() == kMost) cache_.clear();
    cache_.insert_or_assign(std::string(key), std::string(value));
  }

  void set_torn(std::string_view key, std::string_view value) {
    std::string mixed(value);
    if (inner_->get(key, scratch_)) {
      const std::size_t half = std::min(mixed.size(), scratch_.size()) / 2;
      std::copy_n(scratch_.view().begin(), half, mixed.begin());
    }
    inner_->set(key, mixed);
    usleep(kMoment);
    inner_->set(key, value);
  }

  void set_and_revert(std::string_view key, std::string_view value) {
    const bool found = inner_->get(key, scratch_);
    inner_->set(key, value);
    usleep(kMoment);
    if (found) inner_->set(key, scratch_.view());
  }

  void set_and_grow(std::string_view key, std::string_view value) {
    constexpr unsigned kLookEvery = 64;  // sets, as size() is dear
    inner_->set(key, value);
    if (++calls_ % kLookEvery != 0) return;
    const std::uint64_t size = inner_->size();
    if (size >= grown_to_) {
      const bool first_look = grown_to_ == 0;
      grown_to_ = 1024;
      while (grown_to_ <= size) grown_to_ *= 2;
      if (!first_look && !last_.empty()) inner_->erase(last_);
    }
    last_ = key;
  }

  void set_doubled(std::string_view key, std::string_view value) {
    const bool is_new = !inner_->get(key, scratch_);
    inner_->set(key, value);
    if (is_new && strikes())
      inner_->set(twin_of(key), value);
    else if (!is_new && inner_->get(twin_of(key), scratch_))
      inner_->set(twin_of(key), value);
  }

  static std::string twin_of(std::string_view key) { return std::string(key) + "~twin"; }
  static std::string_view without_twin(std::string_view key) {
    return key.ends_with("~twin") ? key.substr(0, key.size() - 5) : key;
  }

  static constexpr useconds_t kMoment = 50;

  std::unique_ptr<Dict> inner_;
  Kind kind_;
  std::uint64_t every_;
  std::uint64_t calls_ = 0;
  std::uint64_t next_ = every_;
  std::uint64_t random_ = 1;
  std::uint64_t grown_to_ = 0;
  std::string last_;
  std::map<std::string, std::string, std::less<>> cache_;
  Value scratch_;
};

class MutantEngine final : public Engine {
 public:
  MutantEngine(const Spec& spec, const SizeHint& hint) : spec_(spec) {
    const Spec inner = parse_engine_spec(spec.get("engine"));
    inner_ = find_engine(inner.name()).create(inner, hint);
  }

  std::unique_ptr<Dict> attach() override { return std::make_unique<MutantDict>(inner_->attach(), spec_); }
  std::string address() const override { return inner_->address(); }
  std::vector<pid_t> server_pids() const override { return inner_->server_pids(); }
  StorageBytes storage_bytes() const override { return inner_->storage_bytes(); }
  // One that changes while the dict is filled.
  std::vector<std::pair<std::string, std::string>> facts() const override {
    return {{"items", std::to_string(inner_->attach()->size())}};
  }

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
  return std::make_unique<MutantDict>(find_engine(inner.name()).attach(inner, address), spec);
}

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const auto& [name, kind] : kKinds) names.emplace_back(name);
  return names;
}

const EngineDescription kDescription{
    .name = "mutant",
    .summary = "wrong in one chosen way",
    .options = {{.name = "engine",
                 .kind = OptionKind::text,
                 .default_value = "boost-map",
                 .meaning = "the right engine behind it",
                 .choices = {}},
                {.name = "kind",
                 .kind = OptionKind::choice,
                 .default_value = "none",
                 .meaning = "what is wrong",
                 .choices = kind_names()},
                {.name = "every",
                 .kind = OptionKind::count,
                 .default_value = "100",
                 .meaning = "one call in so many goes wrong",
                 .choices = {},
                 .least = 1,
                 .most = 1'000'000'000}},
    .contract = contract,
    .create = [](const Spec& spec, const SizeHint& hint) -> std::unique_ptr<Engine> {
      return std::make_unique<MutantEngine>(spec, hint);
    },
    .attach = attach,
};

}  // namespace
}  // namespace dictbench

extern "C" const dictbench::EngineDescription* dictbench_engine() { return &dictbench::kDescription; }

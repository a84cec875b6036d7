#include "harness/torture/step_check.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "harness/torture/judge.h"

namespace dictbench::torture {
namespace {

// Reads everything in a new process.
class Reader {
 public:
  Reader(Dict& dict, StepPage& page, const std::set<std::string>& retired)
      : dict_(dict), page_(page), retired_(retired) {}

  void read_keys() {
    for (unsigned tracked = 0; tracked < kTracked; ++tracked) {
      const std::string key = page_.trial.key(tracked);
      State& state = page_.after[tracked];
      state = dict_.get(key, out_) ? page_.trial.state_of(tracked, out_.view()) : State();
      there_[key] = state.has_value();
    }
    const Hurt hurt = page_.trial.hurt;
    for (std::uint64_t i = 0; i < page_.new_done.load(); ++i) {
      const std::string key = new_key(hurt, i);
      require(dict_.get(key, out_), "new key {} of {} is gone", i, page_.new_done.load());
      require(out_.view() == new_value(hurt, i), "new key {} of {} has another value", i, page_.new_done.load());
      there_[key] = true;
    }
    for (const std::string& key : retired_) there_[key] = dict_.get(key, out_);
  }

  void compare(bool lists) {
    const auto present = static_cast<std::uint64_t>(std::ranges::count_if(there_, &Entry::second));
    const std::uint64_t size = dict_.size();
    require(size == present, "size() says {}, get() finds {}", size, present);
    if (!lists) return;
    std::unordered_set<std::string> listed;
    dict_.for_each([&](std::string_view key, std::string_view value) {
      const auto [entry, is_new] = listed.emplace(key);
      require(is_new, "the listing has {} twice", key);
      const auto known = there_.find(*entry);
      require(known != there_.end() && known->second, "the listing has {}, which get() does not find", key);
      const unsigned tracked = page_.trial.tracked_of(key);
      require(tracked == kTracked || page_.trial.state_of(tracked, value) == page_.after[tracked],
              "the listing has another value of {} than get()", key);
      return true;
    });
    require(listed.size() == present, "the listing has {} of {} keys", listed.size(), present);
  }

  // Nobody must wait for a lock of the dead.
  void write() {
    const std::string key = page_.trial.spare_key();
    const auto error = error_of([&] {
      dict_.set(key, key);
      require(dict_.get(key, out_) && out_.view() == key, "a key that was just set has another value");
      require(dict_.erase(key) && !dict_.get(key, out_), "a key that was just set cannot be erased");
    });
    const bool is_full = error && error->code() == ErrorCode::full && page_.may_be_full();
    if (error && !is_full) throw *error;
  }

 private:
  using Entry = std::pair<const std::string, bool>;

  Dict& dict_;
  StepPage& page_;
  const std::set<std::string>& retired_;
  std::unordered_map<std::string, bool> there_;
  Value out_;
};

// The states of one key, in order, as the other process's calls say.
struct Life {
  State before;
  std::vector<Call> calls;
  std::size_t before_answer = 0;  // calls that had begun when the operation was answered

  bool always_there() const { return before && std::ranges::none_of(calls, erases); }
  bool ever_there() const {
    return before || std::ranges::any_of(calls, [](const Call& call) { return call.ask != Ask::get && !erases(call); });
  }
  bool had(State state) const {
    return state == before || std::ranges::any_of(calls, [&](const Call& call) {
             return (call.ask == Ask::set && call.argument == state) || (call.ask == Ask::add && call.answer == state);
           });
  }

  static bool erases(const Call& call) { return call.ask == Ask::erase; }
};

std::array<Life, kTracked> lives_of(const StepPage& page, const States& before) {
  std::array<Life, kTracked> lives;
  for (unsigned tracked = 0; tracked < kTracked; ++tracked) lives[tracked].before = before[tracked];
  for (std::size_t i = 0; i < page.begun.load(); ++i) {
    Life& life = lives[page.log[i].tracked];
    life.calls.push_back(page.log[i].call);
    life.before_answer += i < page.answer.calls_before;
  }
  return lives;
}

std::string told(Ask ask, State answer) {
  if (ask == Ask::erase)
    return answer == 1 ? ", which said that the key was there," : ", which said that it was not there,";
  if (ask == Ask::add && answer) return fmt::format(", which said {},", *answer);
  return ask == Ask::get ? fmt::format(", which found {},", state_text(answer)) : "";
}

void judge_key(const Trial& trial, const Life& life, unsigned tracked, Fate fate, const Answer& answer, State after) {
  Judged judged{.call = trial.call_on(tracked), .fate = fate, .latest = life.before_answer};
  const Ask ask = judged.call.ask;
  const char* const whose = tracked < kOwnKeys ? "the operation's key" : "a bystander";
  require(after != kMixed, "{} has a value that nobody set", whose);
  require(std::ranges::none_of(life.calls, [](const Call& call) { return call.answer == kMixed; }),
          "the other process found {} with a value that nobody set", whose);
  if (ask == Ask::nothing) judged.fate = Fate::refused;
  if (fate == Fate::answered && tracked < kOwnKeys) judged.call.answer = answer.states[tracked];
  if (has_a_place(life.before, life.calls, judged, after)) return;
  throw Broken(fmt::format("{} was {}, {} calls of the other process later it is {}: {}{} has no place among them",
                           whose, state_text(life.before), life.calls.size(), state_text(after),
                           ask == Ask::nothing ? "a change that nobody made" : "the operation",
                           fate == Fate::answered ? told(ask, judged.call.answer) : ""));
}

void judge_walk(const std::array<Life, kTracked>& lives, const Answer& answer) {
  require(answer.strange[0] == '\0', "the walk shows {}", answer.strange.data());
  for (unsigned tracked = 0; tracked < kTracked; ++tracked) {
    const Life& life = lives[tracked];
    const Seen& seen = answer.seen[tracked];
    const char* const whose = tracked < kOwnKeys ? "the operation's key" : "a bystander";
    if (life.always_there())
      require(seen.times == 1, "the walk shows {} times {} that was there all the time", seen.times, whose);
    for (unsigned i = 0; i < std::min<std::size_t>(seen.times, seen.states.size()); ++i)
      require(life.had(seen.states[i]), "the walk shows {} with {}, which it never had", whose,
              state_text(seen.states[i]));
  }
}

// It is promised to be exact when nobody writes (engines/engine.h), and nothing else. But no key is counted that never
// was, and each of the other's calls moves it by one at most.
void judge_size(const std::array<Life, kTracked>& lives, const Answer& answer, std::uint64_t retired) {
  const auto count = [&](const auto& is) { return static_cast<std::uint64_t>(std::ranges::count_if(lives, is)); };
  const auto there = count([](const Life& life) { return life.before.has_value(); });
  if (answer.calls_before == 0 && answer.new_before == 0) {
    require(answer.number >= there && answer.number <= there + retired,
            "size() says {} while nobody writes; {} keys are there, and {} more may be", answer.number, there, retired);
    return;
  }
  const std::uint64_t ever = count([](const Life& life) { return life.ever_there(); }) + retired + answer.new_before;
  const std::uint64_t calls = answer.calls_before + answer.new_before;
  require(answer.number <= ever + calls, "size() says {}; {} keys ever were there, and {} calls were made meanwhile",
          answer.number, ever, calls);
}

}  // namespace

void read_whole_dict(Engine& engine, const Contract& contract, StepPage& page, const std::set<std::string>& retired) {
  {
    const auto dict = engine.attach();
    Reader reader(*dict, page, retired);
    reader.read_keys();
    reader.compare(contract.lists);
    reader.write();
  }
  if (const auto why = engine.check_integrity(); why && !why->empty())
    throw Broken(fmt::format("the engine's own check: {}", *why));
}

void judge_answer(const StepPage& page, const States& before, std::uint64_t retired) {
  const auto lives = lives_of(page, before);
  const Answer& answer = page.answer;
  if (page.trial.operation == Operation::for_each) judge_walk(lives, answer);
  if (page.trial.operation == Operation::size) judge_size(lives, answer, retired);
  if (page.trial.operation == Operation::get_many) {
    const auto found = static_cast<std::uint64_t>(std::ranges::count_if(answer.states, &State::has_value));
    require(answer.number == found, "get_many() says that it found {} keys, and shows {}", answer.number, found);
  }
}

void judge_trial(const StepPage& page, const States& before, Fate fate, std::uint64_t retired) {
  const auto lives = lives_of(page, before);
  for (unsigned tracked = 0; tracked < kTracked; ++tracked)
    judge_key(page.trial, lives[tracked], tracked, fate, page.answer, page.after[tracked]);
  if (fate == Fate::answered) judge_answer(page, before, retired);
}

States replayed(const StepPage& page, States states) {
  for (std::size_t i = 0; i < page.begun.load(); ++i) {
    const auto& [tracked, call] = page.log[i];
    State& state = states[tracked];
    if (call.ask == Ask::set) state = call.argument;
    if (call.ask == Ask::erase) state = std::nullopt;
    if (call.ask == Ask::add) state = state.value_or(0) + call.argument;
  }
  return states;
}

}  // namespace dictbench::torture

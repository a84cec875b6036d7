#include "harness/torture/step_stage.h"

#include "harness/torture/expected.h"
#include "harness/torture/judge.h"

namespace dictbench::torture {
namespace {

double seconds(milliseconds time) { return static_cast<double>(time.count()) / 1e3; }

}  // namespace

StepStage::StepStage(const Subject& subject, milliseconds patience, const cpu_set_t& processors)
    : contract_(subject.contract), patience_(patience), engine_(subject.create()) {
  other_ = std::make_unique<OtherProcess>(*engine_, *page_, processors);
  require(other_->answers(patience_, end()), "attaching and setting a dozen keys takes more than {:.0f} s",
          seconds(patience_));
  require_no_failure(false);
  take_states();
}

void StepStage::begin(Trial trial) {
  begin_time();
  trial.number = trials_++;
  page_->trial = trial;
  page_->answer = {};
  page_->new_begun = page_->new_done = 0;
  page_->is_full = false;
  for (unsigned own = 0; own < kOwnKeys; ++own) states_[own] = std::nullopt;
  command(Command::prepare);
  take_states();
}

milliseconds StepStage::patience() const {
  if (std::chrono::steady_clock::now() - begun_ > patience_) throw StepTooSlow("half of the trial's time was over");
  return patience_;
}

void StepStage::command(Command command, bool writer_was_killed) {
  const milliseconds longest = patience();
  other_->ask(command);
  require(other_->answers(longest, end()), "the other process gets nothing done for {:.0f} s", seconds(patience_));
  require_no_failure(writer_was_killed);
}

void StepStage::require_no_failure(bool writer_was_killed) const {
  const Refusal& failure = page_->failure;
  if (!failure.given) return;
  if (failure.code == ErrorCode::corrupt && writer_was_killed && !contract_.survives_killed_writer)
    throw StepLostDict(failure.describe());
  if (failure.code == ErrorCode::full) throw Unavailable(fmt::format("there is no room: {}", failure.describe()));
  throw Broken(fmt::format("another process gets {}", failure.describe()));
}

void StepStage::read_all(bool writer_was_killed) {
  const WaitLimit longest = limit();
  Child reader([&] {
    const auto error = error_of([&] { read_whole_dict(*engine_, contract_, *page_, retired_); });
    if (error) page_->failure.put(*error);
    return std::string();
  });
  const ChildEnd end = finish_in_own_time(reader, longest);
  require(end.ok(), "reading all in a new process {}", end.trouble);
  require_no_failure(writer_was_killed);
}

void StepStage::tidy(const States& after) {
  states_ = after;
  page_->begun = 0;
  command(Command::tidy);
  take_states();
}

void StepStage::leave() {
  other_->leave({patience_, std::chrono::steady_clock::now() + 2 * patience_});
  other_.reset();
  engine_.reset();
}

void StepStage::take_states() {
  states_ = replayed(*page_, states_);
  page_->begun = 0;
}

std::size_t find_small_size(const Subject& subject) {
  constexpr std::uint64_t kWorking = 64;  // keys: a dict in which trials can be made
  constexpr milliseconds kReady{5000}, kLongest{10'000};
  for (std::size_t size = 0; size < kSmallSizes.size(); ++size) {
    try {
      const auto small = subject.with("max", kSmallSizes[size]);
      if (!small) break;
      Child child([&] {
        const auto engine = small->create();
        const auto dict = engine->attach();
        for (std::uint64_t i = 0; i < kWorking; ++i) dict->set(key_of(i), value_of(key_of(i), 0));
        return std::string();
      });
      if (finish_in_own_time(child, {kReady, std::chrono::steady_clock::now() + kLongest}).ok()) return size;
    } catch (const SpecError&) {
      // This is less than it takes.
    } catch (const StepTooSlow&) {
      // Nobody knows.
    }
  }
  return kSmallSizes.size();
}

}  // namespace dictbench::torture

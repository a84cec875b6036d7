// `slow?ns=N&engine=SPEC`: another engine, each operation N nanoseconds slower. With it a gate is tried out: what it
// should see is put in and known. Never measured for its own sake.
//
// With ns=0 it costs what the wrapper costs, so `slow?ns=0&engine=lockfree` is the base of
// `slow?ns=20&engine=lockfree`. No fence lies around the wait: fences on either side of it took a get from 33 to 78 ns,
// because its cache misses then waited for each other, so that what was tried out was another engine. The price is that
// the processor may do a part of a short wait beside a miss. What a delay comes to is measured, not assumed.
//
// An '&' inside SPEC is written %26: slow?ns=20&engine=redis?transport=tcp%26pipeline=16.
#include <algorithm>
#include <chrono>
#include <cstdint>

#include "engines/registry.h"

namespace dictbench {
namespace {

// Steps that depend on each other: a multiplication each, 3 to 5 cycles on any processor.
std::uint64_t walk(std::uint64_t steps) {
  std::uint64_t x = 1;
  for (std::uint64_t i = 0; i < steps; ++i) {
    x *= 0x9e3779b97f4a7c15;
    asm volatile("" : "+r"(x));
  }
  return x;
}

// The quickest of several measurements: interruptions only ever add time.
double steps_per_ns() {
  using Clock = std::chrono::steady_clock;
  constexpr std::uint64_t kSteps = 100'000;
  double best = 0;
  for (int i = 0; i < 20; ++i) {
    const Clock::time_point begin = Clock::now();
    walk(kSteps);
    const double ns = std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
    best = std::max(best, static_cast<double>(kSteps) / ns);
  }
  return best;
}

class SlowDict final : public Dict {
 public:
  SlowDict(std::unique_ptr<Dict> dict, std::uint64_t ns)
      : dict_(std::move(dict)),
        steps_(ns == 0 ? 0 : static_cast<std::uint64_t>(steps_per_ns() * static_cast<double>(ns))) {}

  bool get(std::string_view key, Value& out) override {
    delay(1);
    return dict_->get(key, out);
  }
  void set(std::string_view key, std::string_view value) override {
    delay(1);
    dict_->set(key, value);
  }
  bool erase(std::string_view key) override {
    delay(1);
    return dict_->erase(key);
  }
  std::int64_t add(std::string_view key, std::int64_t delta) override {
    delay(1);
    return dict_->add(key, delta);
  }
  std::size_t scan(std::string_view first, std::size_t limit, const Visitor& visit) override {
    delay(1);
    return dict_->scan(first, limit, visit);
  }
  std::size_t get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found) override {
    delay(keys.size());
    return dict_->get_many(keys, out, found);
  }
  void set_many(std::span<const KeyValue> items) override {
    delay(items.size());
    dict_->set_many(items);
  }
  std::uint64_t size() override { return dict_->size(); }
  void for_each(const Visitor& visit) override { dict_->for_each(visit); }

 private:
  void delay(std::size_t operations) const { walk(steps_ * operations); }

  std::unique_ptr<Dict> dict_;
  std::uint64_t steps_;
};

Spec inner_spec(const Spec& spec) {
  std::string_view rest = spec.get("engine");
  std::string text;
  for (std::size_t at; (at = rest.find("%26")) != std::string_view::npos; rest.remove_prefix(at + 3))
    text.append(rest.substr(0, at)).push_back('&');
  return parse_engine_spec(text.append(rest));
}

class SlowEngine final : public Engine {
 public:
  SlowEngine(std::unique_ptr<Engine> engine, std::uint64_t ns) : engine_(std::move(engine)), ns_(ns) {}

  std::unique_ptr<Dict> attach() override { return std::make_unique<SlowDict>(engine_->attach(), ns_); }
  std::string address() const override { return engine_->address(); }
  std::vector<pid_t> server_pids() const override { return engine_->server_pids(); }
  StorageBytes storage_bytes() const override { return engine_->storage_bytes(); }
  std::vector<std::pair<std::string, std::uint64_t>> held() const override { return engine_->held(); }
  std::optional<std::string> check_integrity() override { return engine_->check_integrity(); }
  std::vector<std::pair<std::string, std::string>> facts() const override { return engine_->facts(); }

 private:
  std::unique_ptr<Engine> engine_;
  std::uint64_t ns_;
};

Contract contract(const Spec& spec) {
  const Spec inner = inner_spec(spec);
  return find_engine(inner.name()).contract(inner);
}

std::unique_ptr<Engine> create(const Spec& spec, const SizeHint& hint) {
  const Spec inner = inner_spec(spec);
  return std::make_unique<SlowEngine>(find_engine(inner.name()).create(inner, hint), spec.get_count("ns"));
}

std::unique_ptr<Dict> attach(const Spec& spec, const std::string& address) {
  const Spec inner = inner_spec(spec);
  return std::make_unique<SlowDict>(find_engine(inner.name()).attach(inner, address), spec.get_count("ns"));
}

std::optional<std::string> missing(const Spec& spec) {
  const Spec inner = inner_spec(spec);
  const EngineDescription& engine = find_engine(inner.name());
  return engine.missing ? engine.missing(inner) : std::nullopt;
}

unsigned batch(const Spec& spec) {
  const Spec inner = inner_spec(spec);
  const EngineDescription& engine = find_engine(inner.name());
  return engine.batch ? engine.batch(inner) : 1;
}

}  // namespace

const EngineDescription& slow_engine() {
  static const EngineDescription description{
      .name = "slow",
      .summary = "another engine made slower, to try out `dictbench gate`",
      .options = {{.name = "ns",
                   .kind = OptionKind::count,
                   .default_value = "0",
                   .meaning = "nanoseconds that each operation takes longer",
                   .choices = {},
                   .most = 1'000'000'000},
                  {.name = "engine",
                   .default_value = "lockfree",
                   .meaning = "the other engine; an & in it is written %26",
                   .choices = {}}},
      .contract = contract,
      .create = create,
      .attach = attach,
      .missing = missing,
      .batch = batch,
      .stand_in = true,
  };
  return description;
}

}  // namespace dictbench

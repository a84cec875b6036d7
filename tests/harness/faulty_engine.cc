// `faulty?engine=SPEC&fault=NAME`: an engine that passes everything on to another one and is wrong in one
// way, for tests: the suite must notice each. A plugin; the registry's symbols come from the command.
#include <signal.h>
#include <unistd.h>

#include "engines/registry.h"

namespace dictbench {
namespace {

enum class Fault { none, lose, tear, tear_get, misplace, die, hang, full };

Fault fault_of(const Spec& spec) {
  const std::string& name = spec.get("fault");
  if (name == "lose") return Fault::lose;
  if (name == "tear") return Fault::tear;
  if (name == "tear-get") return Fault::tear_get;
  if (name == "misplace") return Fault::misplace;
  if (name == "die") return Fault::die;
  if (name == "hang") return Fault::hang;
  if (name == "full") return Fault::full;
  return Fault::none;
}

class FaultyDict final : public Dict {
 public:
  FaultyDict(std::unique_ptr<Dict> inner, Fault fault) : inner_(std::move(inner)), fault_(fault) {}

  bool get(std::string_view key, Value& out) override {
    const bool found = inner_->get(key, out);
    if (fault_ == Fault::tear_get && found) out.truncate(out.size() - 1);
    return found;
  }

  void set(std::string_view key, std::string_view value) override {
    constexpr unsigned kNth = 100;  // every so many sets the fault strikes
    const bool strikes = ++sets_ % kNth == 0;
    std::string changed(value);
    if (strikes) switch (fault_) {
        case Fault::lose: return;
        case Fault::tear: changed.back() = static_cast<char>(changed.back() + 1); break;
        case Fault::misplace: changed.swap(last_); break;
        case Fault::die: raise(SIGKILL); break;
        case Fault::hang:
          while (true) pause();
        case Fault::full: throw Error(ErrorCode::full, "no room, as the test wants it");
        case Fault::tear_get:
        case Fault::none: break;
      }
    last_ = value;
    inner_->set(key, changed);
  }

  bool erase(std::string_view key) override { return inner_->erase(key); }
  std::int64_t add(std::string_view key, std::int64_t delta) override {
    return fault_ == Fault::lose && ++sets_ % 100 == 0 ? 0 : inner_->add(key, delta);
  }
  std::uint64_t size() override { return inner_->size(); }
  void for_each(const Visitor& visit) override { inner_->for_each(visit); }

 private:
  std::unique_ptr<Dict> inner_;
  Fault fault_;
  unsigned sets_ = 0;
  std::string last_ = "0123456789";
};

class FaultyEngine final : public Engine {
 public:
  FaultyEngine(const Spec& spec, const SizeHint& hint) : fault_(fault_of(spec)) {
    const Spec inner = parse_engine_spec(spec.get("engine"));
    inner_ = find_engine(inner.name()).create(inner, hint);
  }

  std::unique_ptr<Dict> attach() override { return std::make_unique<FaultyDict>(inner_->attach(), fault_); }
  std::string address() const override { return inner_->address(); }
  std::vector<pid_t> server_pids() const override { return inner_->server_pids(); }
  StorageBytes storage_bytes() const override { return inner_->storage_bytes(); }

 private:
  Fault fault_;
  std::unique_ptr<Engine> inner_;
};

Contract contract(const Spec& spec) {
  const Spec inner = parse_engine_spec(spec.get("engine"));
  return find_engine(inner.name()).contract(inner);
}

std::unique_ptr<Dict> attach(const Spec& spec, const std::string& address) {
  const Spec inner = parse_engine_spec(spec.get("engine"));
  return std::make_unique<FaultyDict>(find_engine(inner.name()).attach(inner, address), fault_of(spec));
}

const EngineDescription kDescription{
    .name = "faulty",
    .summary = "wrong in one chosen way",
    .options = {{.name = "engine",
                 .kind = OptionKind::text,
                 .default_value = "boost-map",
                 .meaning = "the right engine behind it",
                 .choices = {}},
                {.name = "fault",
                 .kind = OptionKind::choice,
                 .default_value = "none",
                 .meaning = "what is wrong",
                 .choices = {"none", "lose", "tear", "tear-get", "misplace", "die", "hang", "full"}}},
    .contract = contract,
    .create = [](const Spec& spec, const SizeHint& hint) -> std::unique_ptr<Engine> {
      return std::make_unique<FaultyEngine>(spec, hint);
    },
    .attach = attach,
};

}  // namespace
}  // namespace dictbench

extern "C" const dictbench::EngineDescription* dictbench_engine() { return &dictbench::kDescription; }

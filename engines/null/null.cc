// `null`: does nothing. What a run over it costs is the harness's own cost: operation stream, virtual
// call, latency sampling.

#include "engines/registry.h"

namespace dictbench {
namespace {

class NullDict final : public Dict {
 public:
  bool get(std::string_view, Value& out) override {
    out.truncate(0);
    return true;
  }
  void set(std::string_view, std::string_view) override {}
  bool erase(std::string_view) override { return true; }
  std::int64_t add(std::string_view, std::int64_t delta) override { return delta; }
  std::uint64_t size() override { return 0; }
  void for_each(const Visitor&) override {}
  std::size_t scan(std::string_view, std::size_t, const Visitor&) override { return 0; }
};

class NullEngine final : public Engine {
 public:
  std::unique_ptr<Dict> attach() override { return std::make_unique<NullDict>(); }
  std::string address() const override { return "null"; }
};

Contract contract(const Spec&) {
  return {.stores = false,
          .shared_between_processes = false,
          .survives_killed_writer = true,
          .survives_stopped_process = true,
          .consistency = Consistency::none,
          .ordered = false,
          .atomic_add = false};
}

}  // namespace

const EngineDescription& null_engine() {
  static const EngineDescription description{
      .name = "null",
      .summary = "does nothing: the harness's own cost",
      .options = {},
      .contract = contract,
      .create = [](const Spec&, const SizeHint&) -> std::unique_ptr<Engine> { return std::make_unique<NullEngine>(); },
      .attach = [](const Spec&, const std::string&) -> std::unique_ptr<Dict> { return std::make_unique<NullDict>(); },
  };
  return description;
}

}  // namespace dictbench

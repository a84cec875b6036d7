// `delay`: a reply that comes after the client has given up waiting.
//
// The reply is still in the connection when the next question is asked: a client that uses the connection again takes
// it for the answer. tests/harness/torture_environment_test.cc has such a client, and this fault finds it.
#include "harness/torture/exchange.h"
#include "harness/torture/faults/environment_faults.h"
#include "harness/torture/judge.h"
#include "harness/torture/proxy.h"

namespace dictbench::torture {

TortureRecord inflict_delay(const Subject& subject, const Options& options) {
  return judge(subject, options, [&](TortureRecord& record) {
    const auto hasty = subject.with("timeout", "200");
    if (!hasty) throw NotApplicable("it has no option timeout");
    const auto engine = subject.create();
    Proxy proxy(engine->address());
    const auto attach = [&] { return subject.description.attach(hasty->spec, proxy.address()); };
    const auto direct = engine->attach();
    Expected expected;
    store_all(*direct, expected);
    std::uint64_t version = 0;
    for (const Exchange& exchange : exchanges()) {
      const std::string when = fmt::format("{} answered too late", exchange.name);
      ++record.tried;
      const auto dict = attach();
      proxy.hold_replies();
      const auto error = error_of([&] { exchange.call(*dict, expected, ++version); });
      require(proxy.holds_a_reply(), "{}: the operation asks nothing", when);
      proxy.release();
      require(error && error->code() == ErrorCode::timeout, "{} ends in {}, expected is Error(timeout)", when,
              code_of(error));
      require_closed(*dict, when);
      require_right_answers(*attach(), expected, fmt::format("attached again after {}", when));
      ++record.survived;
      record.operations += kExchangeKeys;
    }
    expected.check(*direct, "in the end, past the proxy");
    record.found = fmt::format(
        "{} replies held back past the timeout: Error(timeout), the connection not used again, no answer mixed up",
        record.tried);
  });
}

}  // namespace dictbench::torture

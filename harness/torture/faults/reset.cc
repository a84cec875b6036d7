// `reset`: the connection breaks before, in or after the request, or in the reply, for every kind of operation.
#include "harness/torture/exchange.h"
#include "harness/torture/faults/environment_faults.h"
#include "harness/torture/judge.h"
#include "harness/torture/proxy.h"

namespace dictbench::torture {

TortureRecord inflict_reset(const Subject& subject, const Options& options) {
  return judge(subject, options, [&](TortureRecord& record) {
    const auto engine = subject.create();
    Proxy proxy(engine->address());
    const auto attach = [&] { return subject.description.attach(subject.spec, proxy.address()); };
    const auto direct = engine->attach();  // sees what the server has
    Expected expected;
    store_all(*direct, expected);
    std::uint64_t version = 0;
    for (const Cut cut : {Cut::before_request, Cut::in_request, Cut::before_reply, Cut::in_reply}) {
      for (const Exchange& exchange : exchanges()) {
        const std::string when = fmt::format("{} cut {}", exchange.name, to_string(cut));
        ++record.tried;
        const auto dict = attach();
        const std::uint64_t cuts = proxy.cuts();
        proxy.cut_next(cut);
        const auto error = error_of([&] { exchange.call(*dict, expected, ++version); });
        require(proxy.cuts() == cuts + 1, "{}: the operation sends nothing", when);
        require(error && error->code() == ErrorCode::disconnected, "{} ends in {}, expected is Error(disconnected)",
                when, code_of(error));
        require_closed(*dict, when);
        require_right_answers(*attach(), expected, fmt::format("attached again after {}", when));
        ++record.survived;
        record.operations += kExchangeKeys;
      }
    }
    expected.check(*direct, "in the end, past the proxy");  // what was seen once has not gone back
    record.found = fmt::format(
        "{} exchanges cut: Error(disconnected) at once and from then on; each write took effect wholly or not at all",
        record.tried);
  });
}

}  // namespace dictbench::torture

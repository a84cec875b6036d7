// `stream-log`: a private replica in every process, and a shared stream of changes: UltraDict's idea, made safe.
// docs/stream-log.md tells the layout and what was wrong with the original.
//
// A process that is stopped (SIGSTOP) inside a write holds up the other writers, who say `timeout`; readers go on, and
// new ones come. One that is stopped while it reads holds up nobody.
#include <absl/base/config.h>
#include <fmt/format.h>

#include <algorithm>

#include "engines/in_process/huge_page_pool.h"
#include "engines/registry.h"
#include "engines/stream_log/log.h"
#include "engines/timeout_option.h"

namespace dictbench {
namespace {

using stream_log::Log;
using stream_log::SharedStream;
using stream_log::Sizes;

class StreamLogEngine final : public Engine {
 public:
  StreamLogEngine(const Sizes& sizes, std::chrono::milliseconds timeout)
      : sizes_(sizes), timeout_(timeout), segment_(SharedStream::create(sizes)) {}

  std::unique_ptr<Dict> attach() override { return std::make_unique<Log>(segment_.name(), timeout_); }
  std::string address() const override { return segment_.name(); }
  StorageBytes storage_bytes() const override {
    return {.in_use = segment_.bytes_in_use(), .length = segment_.length()};
  }
  std::vector<std::pair<std::string, std::uint64_t>> held() const override {
    return {{"reader slots", SharedStream::claimed_slots(segment_)}};
  }
  std::optional<std::string> check_integrity() override { return Log(segment_.name(), timeout_).broken(); }
  std::vector<std::pair<std::string, std::string>> facts() const override {
    const stream_log::Statistics statistics = SharedStream::statistics(segment_);
    return {{"pages", std::string("replicas ") + private_pages() + "; stream 4 KB"},
            {"max_bytes", fmt::to_string(sizes_.most)},
            {"first_stream_bytes", fmt::to_string(sizes_.first_stream)},
            {"dumps_written", fmt::to_string(statistics.dumps_written)},
            {"dumps_loaded", fmt::to_string(statistics.dumps_loaded)}};
  }

 private:
  Sizes sizes_;
  std::chrono::milliseconds timeout_;
  Segment segment_;
};

Contract contract(const Spec&) {
  return {.survives_killed_writer = true,
          .largest_key = stream_log::kLargestKey,
          .largest_value = stream_log::kLargestValue};
}

std::unique_ptr<Engine> create(const Spec& spec, const SizeHint&) {
  constexpr std::uint64_t kLeastStream = 1 << 20, kMostStream = 64 << 20;  // of the first, where buffer= does not say
  Sizes sizes{.most = spec.get_bytes("max"), .buffer = spec.get_bytes("buffer"), .expected = spec.get_bytes("size")};
  if (sizes.most == 0) sizes.most = most_shared_memory();
  sizes.first_stream = sizes.buffer != 0 ? sizes.buffer : std::clamp(sizes.expected, kLeastStream, kMostStream);
  return std::make_unique<StreamLogEngine>(sizes, timeout_of(spec));
}

}  // namespace

const EngineDescription& stream_log_engine() {
  constexpr std::uint64_t kLeastBuffer = 4 << 10, kLeastSize = 512 << 10;
  static const EngineDescription description{
      .name = "stream-log",
      .summary = "a private hash map in every process, kept up to date by a shared stream of changes",
      .options = {{.name = "buffer",
                   .kind = OptionKind::bytes,
                   .default_value = "0",
                   .meaning =
                       "bytes of changes between two full dumps; default: 1M at first, later as many as the dict takes",
                   .choices = {},
                   .least = kLeastBuffer},
                  {.name = "size",
                   .kind = OptionKind::bytes,
                   .default_value = "0",
                   .meaning =
                       "bytes of records that there is room for at the start, in the first stream up to 64M of them",
                   .choices = {}},
                  {.name = "max",
                   .kind = OptionKind::bytes,
                   .default_value = "0",
                   .meaning = "bytes of shared memory up to which it grows; default: all of /dev/shm",
                   .choices = {},
                   .least = kLeastSize},
                  timeout_option("milliseconds that a writer waits for another one")},
      .contract = contract,
      .create = create,
      .attach = [](const Spec& spec, const std::string& address) -> std::unique_ptr<Dict> {
        return std::make_unique<Log>(address, timeout_of(spec));
      },
      .version = [] { return fmt::format("abseil {}", ABSL_LTS_RELEASE_VERSION); },
  };
  return description;
}

}  // namespace dictbench

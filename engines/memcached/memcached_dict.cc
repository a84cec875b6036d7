#include "engines/memcached/memcached_dict.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <vector>

#include "engines/counter.h"

namespace dictbench {
namespace {

constexpr std::size_t kMultiGet = 128;                               // keys per memcached_mget
constexpr std::size_t kMultiSet = 128;                               // items on their way at once
constexpr std::size_t kMultiSetBytes = std::size_t{1} << 20;         // likewise
constexpr std::size_t kItemOverhead = 512;                           // header, key, flags and line ends, generously
constexpr std::size_t kLargestItem = std::size_t{128} << 20;         // what we ask the private server for
constexpr std::size_t kLargestItemByDefault = std::size_t{1} << 20;  // of a server that somebody else started
constexpr std::uint64_t kLargestCounter = std::numeric_limits<std::int64_t>::max();

// libmemcached hands an empty value over as a null pointer.
void assign(Value& out, const char* data, std::size_t size) {
  out.assign(size == 0 ? std::string_view("") : std::string_view(data, size));
}

}  // namespace

std::size_t memcached_item_limit(const Spec& spec) {
  if (!spec.get("address").empty()) return kLargestItemByDefault;
  const std::uint64_t memory = spec.get_bytes("max");
  constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;  // memcached counts its memory in these
  // It refuses an item limit above half of its memory.
  return memory == 0 ? kLargestItem : std::min<std::size_t>(kLargestItem, memory / kMiB * kMiB / 2);
}

std::size_t largest_memcached_value(const Spec& spec) { return memcached_item_limit(spec) - kItemOverhead; }

MemcachedDict::Client::Client() : handle(memcached_create(nullptr)) {
  if (handle == nullptr) throw Error(ErrorCode::unavailable, "libmemcached: no memory for a client");
  memcached_result_create(handle, &result);
}

MemcachedDict::Client::~Client() {
  memcached_result_free(&result);
  memcached_free(handle);
}

MemcachedDict::MemcachedDict(const Spec& spec, const std::string& address)
    : server_(Endpoint::parse(address)),
      timeout_ms_(static_cast<std::uint32_t>(spec.get_count("timeout"))),
      binary_(spec.get("protocol") == "binary"),
      keep_(spec.get("store") == "keep"),
      largest_value_(largest_memcached_value(spec)) {
  connect();
  const memcached_return_t status = memcached_version(client_->handle);
  if (status == MEMCACHED_SUCCESS) return;
  const std::string why = memcached_last_error_message(client_->handle);
  throw Error(ErrorCode::unavailable, fmt::format("cannot connect to memcached at {}: {}", server_.text(), why));
}

// Sets the client up; libmemcached connects at the first command.
void MemcachedDict::connect() {
  client_ = std::make_unique<Client>();
  const std::array<std::pair<memcached_behavior_t, std::uint64_t>, 5> behaviors{{
      {MEMCACHED_BEHAVIOR_BINARY_PROTOCOL, binary_ ? 1 : 0},
      {MEMCACHED_BEHAVIOR_POLL_TIMEOUT, timeout_ms_},
      {MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, timeout_ms_},
      {MEMCACHED_BEHAVIOR_TCP_NODELAY, 1},
      {MEMCACHED_BEHAVIOR_VERIFY_KEY, 0},  // check_key() does
  }};
  for (const auto& [behavior, value] : behaviors) memcached_behavior_set(client_->handle, behavior, value);
  const memcached_return_t status = server_.is_unix()
                                        ? memcached_server_add_unix_socket(client_->handle, server_.path.c_str())
                                        : memcached_server_add(client_->handle, server_.host.c_str(), server_.port);
  if (status != MEMCACHED_SUCCESS)
    throw Error(ErrorCode::unavailable,
                fmt::format("memcached at {}: {}", server_.text(), memcached_strerror(client_->handle, status)));
}

void MemcachedDict::require_open() const {
  if (client_ == nullptr)
    throw Error(ErrorCode::disconnected,
                fmt::format("the connection to {} was closed after an earlier error; attach again", server_.text()));
}

void MemcachedDict::check_key(std::string_view key) const {
  require_open();
  if (key.size() > kLargestMemcachedKey)
    throw Error(ErrorCode::too_large,
                fmt::format("memcached: a key of {} bytes; the most is {}", key.size(), kLargestMemcachedKey));
  if (key.empty()) throw Error(ErrorCode::unsupported, "memcached: an empty key; it takes 1 to 250 bytes");
  const auto bad = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; };
  if (!binary_ && std::ranges::any_of(key, bad))
    throw Error(ErrorCode::unsupported,
                "memcached: a key with a blank or control character; only protocol=binary takes those");
}

bool MemcachedDict::truly_missing(memcached_return_t status) const {
  return status == MEMCACHED_NOTFOUND && memcached_last_error(client_->handle) == MEMCACHED_SUCCESS;
}

void MemcachedDict::fail(memcached_return_t status) {
  const memcached_return_t last = memcached_last_error(client_->handle);
  const std::string why = last == MEMCACHED_SUCCESS ? memcached_strerror(client_->handle, status)
                                                    : memcached_last_error_message(client_->handle);
  client_.reset();
  if (status == MEMCACHED_SERVER_MEMORY_ALLOCATION_FAILURE || status == MEMCACHED_MEMORY_ALLOCATION_FAILURE) {
    connect();  // libmemcached dropped the connection, or keeps an error that truly_missing() would stumble over
    throw Error(ErrorCode::full, "memcached: out of memory; give the server more (option max)");
  }
  if (status == MEMCACHED_E2BIG) {
    connect();
    throw Error(ErrorCode::too_large,
                fmt::format("memcached at {}: the item is larger than the server takes; start it with a larger -I",
                            server_.text()));
  }
  if (status == MEMCACHED_TIMEOUT || last == MEMCACHED_TIMEOUT)
    throw Error(ErrorCode::timeout,
                fmt::format("{} did not answer for {} ms (option timeout); the connection is closed, attach again",
                            server_.text(), timeout_ms_));
  throw Error(ErrorCode::disconnected, fmt::format("lost memcached at {}: {}; attach again", server_.text(), why));
}

bool MemcachedDict::get(std::string_view key, Value& out) {
  check_key(key);
  std::size_t size = 0;
  std::uint32_t flags = 0;
  memcached_return_t status = MEMCACHED_SUCCESS;
  const std::unique_ptr<char, decltype(&std::free)> value(
      memcached_get(client_->handle, key.data(), key.size(), &size, &flags, &status), std::free);
  if (status == MEMCACHED_SUCCESS) {
    assign(out, value.get(), size);
    return true;
  }
  if (!truly_missing(status)) fail(status);
  return false;
}

void MemcachedDict::check_value(std::string_view value) const {
  if (value.size() > largest_value_)
    throw Error(ErrorCode::too_large,
                fmt::format("memcached: a value of {} bytes; the most is {}", value.size(), largest_value_));
}

void MemcachedDict::set(std::string_view key, std::string_view value) {
  check_key(key);
  check_value(value);
  const memcached_return_t status = store(key, value);
  if (status != MEMCACHED_SUCCESS) fail(status);
}

memcached_return_t MemcachedDict::store(std::string_view key, std::string_view value) {
  if (!keep_) return memcached_set(client_->handle, key.data(), key.size(), value.data(), value.size(), 0, 0);
  for (;;) {
    const auto command = expect_present_ ? memcached_replace : memcached_add;
    const memcached_return_t status =
        command(client_->handle, key.data(), key.size(), value.data(), value.size(), 0, 0);
    // The text protocol says NOT_STORED to both, the binary one which it was.
    if (status != MEMCACHED_NOTSTORED && status != MEMCACHED_DATA_EXISTS && !truly_missing(status)) return status;
    expect_present_ = !expect_present_;
  }
}

void MemcachedDict::set_many(std::span<const KeyValue> items) {
  if (binary_) return Dict::set_many(items);
  for (const KeyValue& item : items) {
    check_key(item.key);
    check_value(item.value);
  }
  try {
    if (pipeline_ == nullptr) pipeline_ = std::make_unique<MemcachedPipeline>(server_, timeout_ms_);
    while (!items.empty()) {
      std::size_t count = 0, bytes = 0;
      while (count < std::min(kMultiSet, items.size()) && (count == 0 || bytes < kMultiSetBytes))
        bytes += items[count++].value.size();
      set_page(items.first(count));
      items = items.subspan(count);
    }
  } catch (const Error& error) {
    if (error.code() == ErrorCode::full || error.code() == ErrorCode::too_large) throw;
    client_.reset();  // whoever lost one connection is to attach again
    pipeline_.reset();
    throw;
  }
}

// Items that the command does not store, because their keys are there, or are not, go again with the other command. One
// of which the same batch has stored a later value already is done.
void MemcachedDict::set_page(std::span<const KeyValue> items) {
  using Answer = MemcachedPipeline::Answer;
  std::vector<KeyValue> left(items.begin(), items.end()), again;
  bool present = expect_present_, no_memory = false, too_large = false;
  while (!left.empty()) {
    const std::vector<Answer> answers = pipeline_->store(!keep_ ? "set" : present ? "replace" : "add", left);
    again.clear();
    for (std::size_t i = 0; i < left.size(); ++i) {
      no_memory |= answers[i] == Answer::no_memory;
      too_large |= answers[i] == Answer::too_large;
      if (answers[i] != Answer::not_stored) continue;
      bool stored_later = false;
      for (std::size_t later = i + 1; later < left.size() && !stored_later; ++later)
        stored_later = answers[later] == Answer::stored && left[later].key == left[i].key;
      if (!stored_later) again.push_back(left[i]);
    }
    if (2 * again.size() > items.size()) expect_present_ = !present;  // so it is for most of them
    present = !present;
    left.swap(again);
  }
  if (no_memory) throw Error(ErrorCode::full, "memcached: out of memory; give the server more (option max)");
  if (too_large)
    throw Error(ErrorCode::too_large,
                fmt::format("memcached at {}: the item is larger than the server takes; start it with a larger -I",
                            server_.text()));
}

bool MemcachedDict::erase(std::string_view key) {
  check_key(key);
  const memcached_return_t status = memcached_delete(client_->handle, key.data(), key.size(), 0);
  if (status == MEMCACHED_SUCCESS) return true;
  if (!truly_missing(status)) fail(status);
  return false;
}

std::int64_t MemcachedDict::add(std::string_view key, std::int64_t delta) {
  check_key(key);
  std::int64_t sum = 0;
  if (delta >= 0 && delta <= std::numeric_limits<std::uint32_t>::max() &&
      try_incr(key, static_cast<std::uint32_t>(delta), sum))
    return sum;
  return add_by_cas(key, delta);
}

// False: no such counter, or none that memcached can count with.
bool MemcachedDict::try_incr(std::string_view key, std::uint32_t delta, std::int64_t& sum) {
  std::uint64_t value = 0;
  const memcached_return_t status = memcached_increment(client_->handle, key.data(), key.size(), delta, &value);
  if (status == MEMCACHED_SUCCESS) {
    if (value > kLargestCounter || value < delta) take_back(key, delta, value);
    sum = static_cast<std::int64_t>(value);
    return true;
  }
  if (truly_missing(status)) return false;
  // Not a number: a CLIENT_ERROR of the text protocol; over the binary one libmemcached knows no name for it.
  if (status != MEMCACHED_CLIENT_ERROR && !(binary_ && status == MEMCACHED_UNKNOWN_READ_FAILURE)) fail(status);
  connect();  // forgets the error, which truly_missing() would stumble over
  return false;
}

// The sum is no int64: undoes the incr. The number of digits is the same before and after (19, as the
// delta is below 2^32), so that decr leaves no trailing blanks.
void MemcachedDict::take_back(std::string_view key, std::uint32_t delta, std::uint64_t sum) {
  const std::uint64_t before = sum - delta;
  if (sum >= delta) {
    std::uint64_t ignored = 0;
    const memcached_return_t status = memcached_decrement(client_->handle, key.data(), key.size(), delta, &ignored);
    if (status != MEMCACHED_SUCCESS && !truly_missing(status)) fail(status);
  } else {  // it wrapped around 2^64, so it never was a counter of ours
    const memcached_return_t status = store(key, std::to_string(before));
    if (status != MEMCACHED_SUCCESS) fail(status);
  }
  if (before <= kLargestCounter) checked_add(static_cast<std::int64_t>(before), delta);  // throws too_large
  throw Error(ErrorCode::unsupported,
              fmt::format("memcached: the value {} is beyond the range of int64, no counter", before));
}

// An incr that needs another digit replaces the item and then gives the old one the new one's CAS
// (memcached 1.6, do_add_delta): a gets in that instant returns the old value with the new CAS, and a cas
// built on it would undo the incr. Two reads that agree exclude it: by the second the new item is in place.
std::int64_t MemcachedDict::add_by_cas(std::string_view key, std::int64_t delta) {
  for (;;) {
    std::uint64_t cas = 0, cas_again = 0;
    const bool present = get_with_cas(key, scratch_, cas);
    if (present && (!get_with_cas(key, again_, cas_again) || cas != cas_again || scratch_.view() != again_.view()))
      continue;
    const std::int64_t sum = present ? checked_add(counter_value(scratch_.view()), delta) : delta;
    const CounterText text(sum);
    const std::string_view digits = text.view();
    const memcached_return_t status =
        present ? memcached_cas(client_->handle, key.data(), key.size(), digits.data(), digits.size(), 0, 0, cas)
                : memcached_add(client_->handle, key.data(), key.size(), digits.data(), digits.size(), 0, 0);
    if (status == MEMCACHED_SUCCESS) return sum;
    if (status != MEMCACHED_DATA_EXISTS && status != MEMCACHED_NOTSTORED && !truly_missing(status)) fail(status);
  }
}

bool MemcachedDict::get_with_cas(std::string_view key, Value& out, std::uint64_t& cas) {
  // In the text protocol this flag turns "get" into "gets"; plain gets need not pay for it.
  memcached_behavior_set(client_->handle, MEMCACHED_BEHAVIOR_SUPPORT_CAS, 1);
  const char* const data = key.data();
  const std::size_t size = key.size();
  memcached_return_t status = memcached_mget(client_->handle, &data, &size, 1);
  memcached_behavior_set(client_->handle, MEMCACHED_BEHAVIOR_SUPPORT_CAS, 0);
  if (status != MEMCACHED_SUCCESS) fail(status);
  bool present = false;
  while (memcached_fetch_result(client_->handle, &client_->result, &status) != nullptr) {
    present = true;
    cas = memcached_result_cas(&client_->result);
    assign(out, memcached_result_value(&client_->result), memcached_result_length(&client_->result));
  }
  if (status != MEMCACHED_END && !truly_missing(status)) fail(status);
  return present;
}

std::size_t MemcachedDict::get_many(std::span<const std::string_view> keys, std::span<Value> out,
                                    std::span<bool> found) {
  std::size_t hits = 0;
  for (std::size_t begin = 0; begin < keys.size(); begin += kMultiGet) {
    const std::size_t count = std::min(kMultiGet, keys.size() - begin);
    hits += get_page(keys.subspan(begin, count), out.subspan(begin, count), found.subspan(begin, count));
  }
  return hits;
}

// The hits come in the order of the keys; what is left out is missing.
std::size_t MemcachedDict::get_page(std::span<const std::string_view> keys, std::span<Value> out,
                                    std::span<bool> found) {
  std::array<const char*, kMultiGet> data;
  std::array<std::size_t, kMultiGet> sizes;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    check_key(keys[i]);
    data[i] = keys[i].data();
    sizes[i] = keys[i].size();
  }
  std::ranges::fill(found, false);
  memcached_return_t status = memcached_mget(client_->handle, data.data(), sizes.data(), keys.size());
  if (status != MEMCACHED_SUCCESS) fail(status);
  std::size_t hits = 0;
  std::size_t next = 0;
  while (memcached_fetch_result(client_->handle, &client_->result, &status) != nullptr) {
    const std::string_view key(memcached_result_key_value(&client_->result),
                               memcached_result_key_length(&client_->result));
    while (next < keys.size() && keys[next] != key) ++next;
    if (next == keys.size()) fail(MEMCACHED_PROTOCOL_ERROR);
    assign(out[next], memcached_result_value(&client_->result), memcached_result_length(&client_->result));
    found[next++] = true;
    ++hits;
  }
  // The last status says END or, without a hit, NOTFOUND; a failure on the way shows in the last error.
  const bool done = status == MEMCACHED_END || status == MEMCACHED_NOTFOUND;
  if (!done || memcached_last_error(client_->handle) != MEMCACHED_SUCCESS) fail(status);
  return hits;
}

std::map<std::string, std::string> MemcachedDict::statistics() {
  require_open();
  std::map<std::string, std::string> all;
  const auto note = [](const memcached_instance_st*, const char* key, std::size_t key_size, const char* value,
                       std::size_t value_size, void* context) -> memcached_return_t {
    static_cast<std::map<std::string, std::string>*>(context)->insert_or_assign(std::string(key, key_size),
                                                                                std::string(value, value_size));
    return MEMCACHED_SUCCESS;
  };
  const memcached_return_t status = memcached_stat_execute(client_->handle, nullptr, note, &all);
  if (status != MEMCACHED_SUCCESS || !all.contains("curr_items")) fail(status);
  return all;
}

std::uint64_t MemcachedDict::size() { return std::strtoull(statistics().at("curr_items").c_str(), nullptr, 10); }

void MemcachedDict::for_each(const Visitor&) {
  throw Error(ErrorCode::unsupported, "memcached lists no keys: choose another engine, or ask for the keys by name");
}

void MemcachedDict::clear() {
  require_open();
  const memcached_return_t status = memcached_flush(client_->handle, 0);
  if (status != MEMCACHED_SUCCESS) fail(status);
}

}  // namespace dictbench

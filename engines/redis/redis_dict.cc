#include "engines/redis/redis_dict.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "engines/counter.h"
#include "engines/timeout_option.h"

namespace dictbench {
namespace {

constexpr std::size_t kPipeline = 128;  // unless the spec asks for another number

void refuse_too_large(std::string_view what, std::size_t size) {
  if (size > kLargestRedisString)
    throw Error(ErrorCode::too_large,
                fmt::format("redis: a {} of {} bytes; the most is {}", what, size, kLargestRedisString));
}

bool take_value(const redisReply& reply, Value& out) {
  if (reply.type != REDIS_REPLY_STRING) return false;
  out.assign(text_of(reply));
  return true;
}

}  // namespace

RedisDict::RedisDict(const Spec& spec, const std::string& address)
    : connection_(Endpoint::parse(address), timeout_of(spec)), pipeline_(spec.get_count("pipeline")) {
  if (pipeline_ <= 1) pipeline_ = kPipeline;
  if (spec.get_count("db") != 0) connection_.call("SELECT", spec.get("db"));
}

bool RedisDict::get(std::string_view key, Value& out) {
  refuse_too_large("key", key.size());  // the server would close the connection
  return take_value(*connection_.call("GET", key), out);
}

void RedisDict::set(std::string_view key, std::string_view value) {
  refuse_too_large("key", key.size());
  refuse_too_large("value", value.size());
  connection_.call("SET", key, value);
}

bool RedisDict::erase(std::string_view key) {
  refuse_too_large("key", key.size());
  return connection_.call("DEL", key)->integer == 1;
}

std::int64_t RedisDict::add(std::string_view key, std::int64_t delta) {
  refuse_too_large("key", key.size());
  return connection_.call("INCRBY", key, CounterText(delta).view())->integer;
}

std::uint64_t RedisDict::size() { return static_cast<std::uint64_t>(connection_.call("DBSIZE")->integer); }

// SCAN never leaves out a key that stays there from begin to end, but may return one more than once
// (when the server resizes its table); hence the set.
void RedisDict::for_each(const Visitor& visit) {
  std::unordered_set<std::string> seen;
  std::string cursor = "0";
  do {
    const Reply page = connection_.call("SCAN", cursor, "COUNT", "128");
    if (page->type != REDIS_REPLY_ARRAY || page->elements != 2)
      throw Error(ErrorCode::corrupt, "redis: SCAN answered something else than a page");
    cursor = text_of(*page->element[0]);
    std::vector<std::string_view> keys;
    for (std::size_t i = 0; i < page->element[1]->elements; ++i) {
      const auto [key, added] = seen.emplace(text_of(*page->element[1]->element[i]));
      if (added) keys.push_back(*key);
    }
    if (!visit_page(keys, visit)) return;
  } while (cursor != "0");
}

bool RedisDict::visit_page(const std::vector<std::string_view>& keys, const Visitor& visit) {
  if (keys.empty()) return true;
  connection_.begin_command(keys.size() + 1);
  connection_.add_argument("MGET");
  for (const std::string_view key : keys) connection_.add_argument(key);
  const Reply values = connection_.receive_or_throw();
  for (std::size_t i = 0; i < values->elements; ++i) {
    const redisReply& value = *values->element[i];
    if (value.type == REDIS_REPLY_STRING && !visit(keys[i], text_of(value)))
      return false;  // no string: erased meanwhile
  }
  return true;
}

std::size_t RedisDict::get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found) {
  for (const std::string_view key : keys) refuse_too_large("key", key.size());
  std::size_t hits = 0;
  in_pipelines(
      keys.size(), [&](std::size_t i) { connection_.queue("GET", keys[i]); },
      [&](std::size_t i, const redisReply& reply) { hits += found[i] = take_value(reply, out[i]); });
  return hits;
}

void RedisDict::set_many(std::span<const KeyValue> items) {
  for (const KeyValue& item : items) {
    refuse_too_large("key", item.key.size());
    refuse_too_large("value", item.value.size());
  }
  in_pipelines(
      items.size(), [&](std::size_t i) { connection_.queue("SET", items[i].key, items[i].value); },
      [](std::size_t, const redisReply&) {});
}

// Receives all replies, whatever they say; the first error reply is thrown at the end. Any other
// exception on the way leaves replies behind, so it closes the connection.
template <class Queue, class Take>
void RedisDict::in_pipelines(std::size_t count, const Queue& queue, const Take& take) {
  for (std::size_t begin = 0; begin < count; begin += pipeline_) {
    const std::size_t end = std::min(count, begin + pipeline_);
    for (std::size_t i = begin; i < end; ++i) queue(i);
    Reply refused;
    try {
      for (std::size_t i = begin; i < end; ++i) {
        Reply reply = connection_.receive();
        if (reply->type != REDIS_REPLY_ERROR)
          take(i, *reply);
        else if (refused == nullptr)
          refused = std::move(reply);
      }
    } catch (...) {
      connection_.close();
      throw;
    }
    if (refused != nullptr) throw_error_reply(*refused);
  }
}

}  // namespace dictbench

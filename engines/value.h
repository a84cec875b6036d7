// Value: the caller's reusable buffer that Dict::get fills.
//
// Invariants:
//  - at least kPadding writable bytes follow the last byte of the value, so that an engine may copy
//    short values in whole 16-byte words: copying 10 bytes through overlapping stores and reading 8
//    of them back stalls store forwarding, which costs a get up to 1.5 x;
//  - the storage only grows, so a loop of gets allocates nothing after its largest value.
// Owned by one thread; move-only.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace dictbench {

class Value {
 public:
  static constexpr std::size_t kPadding = 64;

  Value() { reserve(kInitialCapacity); }

  std::string_view view() const noexcept { return {storage_.get(), size_}; }
  const char* data() const noexcept { return storage_.get(); }
  std::size_t size() const noexcept { return size_; }

  // Sets the size and returns where to write that many bytes (kPadding more are writable). What was
  // there before is lost. Engines that may find the record torn write here and simply write again.
  char* prepare(std::size_t size) {
    if (size > capacity_) [[unlikely]]
      reserve(size);
    size_ = size;
    return storage_.get();
  }

  // Shrinks to what really arrived, after prepare() asked for an upper bound.
  void truncate(std::size_t size) noexcept {
    if (size < size_) size_ = size;
  }

  void assign(std::string_view bytes) { std::memcpy(prepare(bytes.size()), bytes.data(), bytes.size()); }

 private:
  static constexpr std::size_t kInitialCapacity = 1024;

  void reserve(std::size_t size) {
    const std::size_t capacity = size < 2 * capacity_ ? 2 * capacity_ : size;
    storage_ = std::make_unique_for_overwrite<char[]>(capacity + kPadding);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> storage_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace dictbench

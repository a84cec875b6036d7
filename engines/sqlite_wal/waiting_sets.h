// Sets of the engine `sqlite-wal` that wait in this process to be written together (batch=N): their bytes in a row, so
// that a waiting set costs no allocation of its own. Used by one thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dictbench {

class WaitingSets {
 public:
  void push(std::string_view key, std::string_view value) {
    bytes_.append(key).append(value);
    sizes_.emplace_back(key.size(), value.size());
  }
  void pop() {
    bytes_.resize(bytes_.size() - sizes_.back().first - sizes_.back().second);
    sizes_.pop_back();
  }
  void clear() {
    bytes_.clear();
    sizes_.clear();
  }
  std::size_t count() const { return sizes_.size(); }
  std::size_t bytes() const { return bytes_.size(); }

  template <typename Each>
  void for_each(const Each& each) const {
    std::string_view rest = bytes_;
    for (const auto& [key, value] : sizes_) {
      each(rest.substr(0, key), rest.substr(key, value));
      rest.remove_prefix(key + value);
    }
  }

 private:
  std::string bytes_;
  std::vector<std::pair<std::size_t, std::size_t>> sizes_;
};

}  // namespace dictbench

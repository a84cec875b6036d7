// The memory that an explored program works on: put back to its start after each execution, and watched for words that
// several fibers use.
//
// The first access to a cache line in an execution saves the line; restore() writes the saved lines back. So an
// execution costs what it touches, not what the segment holds. What is written without the watcher's knowledge (plain
// fields of a table's head) must be covered by keep() or lie in a line that is accessed too; is_restored() tells.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace dictbench::explorer {

class Memory {
 public:
  static constexpr std::uint64_t kLine = 64;

  // `bytes`: a multiple of a line. Of them, [0, used) is what is_restored() looks at.
  Memory(char* base, std::uint64_t bytes, std::uint64_t used);

  bool contains(const void* address) const noexcept {
    const auto offset = static_cast<std::uint64_t>(static_cast<const char*>(address) - base_);
    return offset < words_.size() * 8;
  }
  std::uint64_t word_of(const void* address) const noexcept {
    return static_cast<std::uint64_t>(static_cast<const char*>(address) - base_) / 8;
  }
  std::uint64_t value(std::uint64_t word) const noexcept {
    std::uint64_t bits;
    std::memcpy(&bits, base_ + word * 8, 8);
    return bits;
  }

  // Saves the line of a word that may change.
  void keep(std::uint64_t word) {
    const std::uint64_t line = word / 8;
    if (lines_[line] != execution_) save(line);
  }
  void restore() noexcept;

  // Does the used memory stand as at the start?
  bool is_restored() const noexcept;

  // Of all that differs from the start.
  std::uint64_t hash_of_changes() const noexcept;

  // Notes that the fiber uses the word. Two that use one word in one execution, one of them writing, make it shared.
  void note(std::uint64_t word, unsigned fiber, bool writes) noexcept {
    Word& seen = words_[word];
    if (seen.shared) return;
    if (seen.execution != execution_) seen = {.execution = execution_};
    const auto bit = static_cast<std::uint8_t>(1u << fiber);
    seen.users = static_cast<std::uint8_t>(seen.users | bit);
    seen.written = seen.written || writes;
    if (seen.written && seen.users != bit) found(word);
  }
  bool is_shared(std::uint64_t word) const noexcept { return words_[word].shared; }
  std::size_t shared_words() const noexcept { return shared_.size(); }

  // Shared words found since the last call become shared. True when there were any.
  bool learn();

 private:
  struct Word {
    std::uint32_t execution = 0;
    std::uint8_t users = 0;  // a bit a fiber
    bool written = false;
    bool shared = false;
  };
  struct Saved {
    std::uint64_t line;
    char bytes[kLine];
  };

  void save(std::uint64_t line);
  void found(std::uint64_t word);

  char* base_;
  std::uint32_t execution_ = 1;
  std::vector<std::uint32_t> lines_;  // in which execution it was saved last
  std::vector<Word> words_;
  std::vector<Saved> saved_;
  std::vector<std::uint64_t> found_, shared_;
  std::string start_;
};

}  // namespace dictbench::explorer

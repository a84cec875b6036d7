// How Python's objects become the byte strings that engines store, and back.
//
// The first byte tells the type; an int of 64 bits has none and is its decimal text, as counters are
// (engines/counter.h): a digit or '-' is no other type's tag.
//
//   -, 0-9   int of 64 bits, decimal        i   larger int, hexadecimal      s   str, UTF-8
//   b        bytes                          f   float, 8 bytes               T, F   True, False
//   p        what the serializer made       (nothing at all: None)
//
// A key that Python holds equal to another is the same key here too as far as str, bytes, int, bool and float go:
// True and 1.0 are stored as 1. Keys of other types are equal when their serialized bytes are.
// All functions need the GIL and fail as the C API does: false or nullptr with a Python exception set.
#pragma once

#include <Python.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

namespace dictbench::python {

// What stores and reads the types that have no form of their own. Borrowed references.
struct Serializer {
  PyObject* dump_key = nullptr;    // callable: object -> bytes, equal objects to equal bytes
  PyObject* dump_value = nullptr;  // callable: object -> bytes
  PyObject* load = nullptr;        // callable: bytes -> object
  bool plain_keys = false;         // the engine takes no spaces and control characters in keys: they are escaped
};

// An encoded key or value. Short ones lie in place; the type is neither copied nor moved.
class Encoded {
 public:
  Encoded() noexcept {}  // NOLINT(modernize-use-equals-default): leaves in_place_ as it is, 200 bytes not to clear
  Encoded(const Encoded&) = delete;
  Encoded& operator=(const Encoded&) = delete;

  std::string_view view() const noexcept { return {data_, size_}; }

  // Room for `size` bytes; what was there before is lost.
  char* prepare(std::size_t size) {
    if (size > in_place_.size()) {
      elsewhere_ = std::make_unique_for_overwrite<char[]>(size);
      data_ = elsewhere_.get();
    } else {
      data_ = in_place_.data();
    }
    size_ = size;
    return data_;
  }
  void truncate(std::size_t size) noexcept { size_ = size; }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::unique_ptr<char[]> elsewhere_;
  std::array<char, 200> in_place_;
};

bool encode_key(PyObject* key, const Serializer& serializer, Encoded& out);
bool encode_value(PyObject* value, const Serializer& serializer, Encoded& out);

// New references.
PyObject* decode_key(std::string_view bytes, const Serializer& serializer);
PyObject* decode_value(std::string_view bytes, const Serializer& serializer);

}  // namespace dictbench::python

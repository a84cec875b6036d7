#include "python/src/codec.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <string>

#include "python/src/errors.h"
#include "python/src/reference.h"

namespace dictbench::python {
namespace {

constexpr char kBigInt = 'i', kStr = 's', kBytes = 'b', kFloat = 'f', kTrue = 'T', kFalse = 'F', kSerialized = 'p';

inline void put(char tag, const char* bytes, std::size_t size, Encoded& out) {
  char* to = out.prepare(size + 1);
  to[0] = tag;
  std::memcpy(to + 1, bytes, size);
}

inline bool put_int(PyObject* number, Encoded& out) {
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(number, &overflow);
  if (overflow == 0) [[likely]] {
    if (value == -1 && PyErr_Occurred() != nullptr) return false;
    constexpr std::size_t kLongest = 20;  // "-9223372036854775808"
    char* to = out.prepare(kLongest);
    out.truncate(static_cast<std::size_t>(std::to_chars(to, to + kLongest, value).ptr - to));
    return true;
  }
  // Hexadecimal: decimal conversion takes quadratic time, and Python refuses it from 4300 digits on.
  const Reference text(PyNumber_ToBase(number, 16));
  if (!text) return false;
  Py_ssize_t size = 0;
  const char* bytes = PyUnicode_AsUTF8AndSize(text.get(), &size);
  if (bytes == nullptr) return false;
  put(kBigInt, bytes, static_cast<std::size_t>(size), out);
  return true;
}

inline bool put_str(PyObject* text, Encoded& out) {
  if (PyUnicode_IS_COMPACT_ASCII(text)) {  // its bytes are UTF-8 as they lie
    put(kStr, static_cast<const char*>(PyUnicode_DATA(text)), static_cast<std::size_t>(PyUnicode_GET_LENGTH(text)),
        out);
    return true;
  }
  Py_ssize_t size = 0;
  if (const char* bytes = PyUnicode_AsUTF8AndSize(text, &size); bytes != nullptr) {
    put(kStr, bytes, static_cast<std::size_t>(size), out);
    return true;
  }
  if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError) == 0) return false;
  PyErr_Clear();  // lone surrogates, as file names have them
  const Reference bytes(PyUnicode_AsEncodedString(text, "utf-8", "surrogatepass"));
  if (!bytes) return false;
  put(kStr, PyBytes_AS_STRING(bytes.get()), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes.get())), out);
  return true;
}

void put_bytes(PyObject* bytes, Encoded& out) {
  put(kBytes, PyBytes_AS_STRING(bytes), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes)), out);
}

// What dump() returned: bytes, or str as json.dumps makes it.
bool put_serialized(PyObject* object, PyObject* dump, Encoded& out) {
  const Reference dumped(PyObject_CallOneArg(dump, object));
  if (!dumped) return false;
  Py_ssize_t size = 0;
  if (PyUnicode_Check(dumped.get())) {
    const char* text = PyUnicode_AsUTF8AndSize(dumped.get(), &size);
    if (text == nullptr) return false;
    put(kSerialized, text, static_cast<std::size_t>(size), out);
    return true;
  }
  char* bytes = nullptr;
  if (PyBytes_AsStringAndSize(dumped.get(), &bytes, &size) != 0) return false;
  put(kSerialized, bytes, static_cast<std::size_t>(size), out);
  return true;
}

// 1.0 is the key 1, as in a dict.
bool put_float_key(PyObject* number, Encoded& out) {
  const double value = PyFloat_AS_DOUBLE(number);
  if (std::isfinite(value) && std::trunc(value) == value) {
    const Reference whole(PyLong_FromDouble(value));
    return whole && put_int(whole.get(), out);
  }
  put(kFloat, reinterpret_cast<const char*>(&value), sizeof(value), out);
  return true;
}

constexpr char kHexDigits[] = "0123456789ABCDEF";

bool plain(unsigned char byte) { return byte > ' ' && byte != 0x7f && byte != '%'; }

// %XX for what is not plain. Rare: only for engines whose protocol is text.
void escape(Encoded& key) {
  std::string escaped;
  for (const char byte : key.view()) {
    if (plain(static_cast<unsigned char>(byte)))
      escaped += byte;
    else
      escaped.append({'%', kHexDigits[static_cast<unsigned char>(byte) >> 4], kHexDigits[byte & 15]});
  }
  std::memcpy(key.prepare(escaped.size()), escaped.data(), escaped.size());
}

PyObject* foreign(std::string_view bytes) {
  return raise(
      ErrorCode::unsupported,
      fmt::format("an entry of {} bytes was not stored by this package: read it with what wrote it", bytes.size()));
}

PyObject* decode_int(std::string_view bytes) {
  // Short numbers in a loop of our own: from_chars takes twice as long for them.
  constexpr std::size_t kShort = 9;
  if (bytes.size() <= kShort) {
    long number = 0;
    std::size_t at = 0;
    for (; at < bytes.size() && bytes[at] >= '0' && bytes[at] <= '9'; ++at) number = 10 * number + (bytes[at] - '0');
    if (at == bytes.size()) return PyLong_FromLong(number);
  }
  long long value = 0;
  const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), value);
  if (error != std::errc() || end != bytes.data() + bytes.size()) return foreign(bytes);
  return PyLong_FromLongLong(value);
}

PyObject* decode(std::string_view bytes, const Serializer& serializer) {
  const char tag = bytes.front();
  if ((tag >= '0' && tag <= '9') || tag == '-') return decode_int(bytes);
  const std::string_view rest = bytes.substr(1);
  const auto size = static_cast<Py_ssize_t>(rest.size());
  switch (tag) {
    case kStr: return PyUnicode_DecodeUTF8(rest.data(), size, "surrogatepass");
    case kBytes: return PyBytes_FromStringAndSize(rest.data(), size);
    case kFloat: {
      double value = 0;
      if (rest.size() != sizeof(value)) return foreign(bytes);
      std::memcpy(&value, rest.data(), sizeof(value));
      return PyFloat_FromDouble(value);
    }
    case kTrue: return Py_NewRef(Py_True);
    case kFalse: return Py_NewRef(Py_False);
    case kBigInt: return PyLong_FromString(std::string(rest).c_str(), nullptr, 16);
    case kSerialized: {
      // A copy: loading may run anything, this dict's own operations included.
      const Reference copy(PyBytes_FromStringAndSize(rest.data(), size));
      return copy ? PyObject_CallOneArg(serializer.load, copy.get()) : nullptr;
    }
    default: return foreign(bytes);
  }
}

inline bool encode_any_key(PyObject* key, const Serializer& serializer, Encoded& out) {
  // Objects of subclasses (an IntEnum, True) equal their plain value, so they are the same key.
  if (PyLong_Check(key)) return put_int(key, out);
  if (PyUnicode_Check(key)) return put_str(key, out);
  if (PyBytes_Check(key)) {
    put_bytes(key, out);
    return true;
  }
  if (PyFloat_Check(key)) return put_float_key(key, out);
  if (PyObject_Hash(key) == -1) return false;  // TypeError: unhashable, as a dict says it
  return put_serialized(key, serializer.dump_key, out);
}

}  // namespace

bool encode_key(PyObject* key, const Serializer& serializer, Encoded& out) {
  if (!encode_any_key(key, serializer, out)) return false;
  if (serializer.plain_keys) [[unlikely]]
    escape(out);
  return true;
}

bool encode_value(PyObject* value, const Serializer& serializer, Encoded& out) {
  // Exactly these types: an object of a subclass is to come back as what it was.
  if (PyLong_CheckExact(value)) return put_int(value, out);
  if (PyUnicode_CheckExact(value)) return put_str(value, out);
  if (PyBytes_CheckExact(value)) {
    put_bytes(value, out);
  } else if (PyFloat_CheckExact(value)) {
    const double number = PyFloat_AS_DOUBLE(value);
    put(kFloat, reinterpret_cast<const char*>(&number), sizeof(number), out);
  } else if (PyBool_Check(value)) {
    put(value == Py_True ? kTrue : kFalse, nullptr, 0, out);
  } else if (value == Py_None) {
    out.prepare(0);
  } else {
    return put_serialized(value, serializer.dump_value, out);
  }
  return true;
}

PyObject* decode_key(std::string_view bytes, const Serializer& serializer) {
  return bytes.empty() ? foreign(bytes) : decode(bytes, serializer);
}

PyObject* decode_value(std::string_view bytes, const Serializer& serializer) {
  return bytes.empty() ? Py_NewRef(Py_None) : decode(bytes, serializer);
}

}  // namespace dictbench::python

// Operations on many keys: batches, listings, clear().
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "python/src/dict_object.h"
#include "python/src/reference.h"

namespace dictbench::python {
namespace {

// Byte strings one after the other: what a walk collects, or what a batch is about to store.
class Texts {
 public:
  void add(std::string_view text) {
    bytes_.append(text);
    ends_.push_back(bytes_.size());
  }
  std::string_view operator[](std::size_t at) const {
    const std::size_t begin = at == 0 ? 0 : ends_[at - 1];
    return std::string_view(bytes_).substr(begin, ends_[at] - begin);
  }
  std::size_t size() const noexcept { return ends_.size(); }
  std::size_t bytes() const noexcept { return bytes_.size(); }
  void clear() noexcept {
    bytes_.clear();
    ends_.clear();
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

// Enough for the engines' own batches (a pipeline of 16 or 64) and little enough to stay in cache.
constexpr std::size_t kMostInBatch = 256;
constexpr std::size_t kMostBytes = 1 << 20;

bool collect(PyObject* self, Texts& keys, Texts* values) {
  Attachment* attachment = attachment_of(self);
  return attachment != nullptr && attachment->slow([&](Dict& dict, Value&) {
    keys.clear();
    if (values != nullptr) values->clear();
    dict.for_each([&](std::string_view key, std::string_view value) {
      keys.add(key);
      if (values != nullptr) values->add(value);
      return true;
    });
  });
}

// Looks up the keys of the encoded batch and appends their values to the list.
bool append_values(PyObject* self, Attachment& attachment, const Texts& texts, std::vector<Value>& values,
                   PyObject* otherwise, PyObject* list) {
  std::vector<std::string_view> keys(texts.size());
  for (std::size_t at = 0; at < keys.size(); ++at) keys[at] = texts[at];
  if (values.size() < keys.size()) values.resize(keys.size());
  std::array<bool, kMostInBatch> found{};
  if (!attachment.slow([&](Dict& dict, Value&) {
        dict.get_many(keys, std::span(values).first(keys.size()), std::span(found).first(keys.size()));
      }))
    return false;
  for (std::size_t at = 0; at < keys.size(); ++at) {
    const Reference value(found.at(at) ? decode_value(values[at].view(), serializer_of(self)) : Py_NewRef(otherwise));
    if (!value || PyList_Append(list, value.get()) != 0) return false;
  }
  return true;
}

bool store(Attachment& attachment, const Texts& keys, const Texts& values) {
  std::vector<KeyValue> items(keys.size());
  for (std::size_t at = 0; at < items.size(); ++at) items[at] = {.key = keys[at], .value = values[at]};
  return attachment.slow([&](Dict& dict, Value&) { dict.set_many(items); });
}

}  // namespace

PyObject* get_many(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  if (count < 1 || count > 2) {
    PyErr_SetString(PyExc_TypeError, "get_many() takes the keys and perhaps a default");
    return nullptr;
  }
  Attachment* attachment = attachment_of(self);
  const Reference iterator(attachment == nullptr ? nullptr : PyObject_GetIter(arguments[0]));
  Reference list(iterator ? PyList_New(0) : nullptr);
  if (!list) return nullptr;
  PyObject* otherwise = count == 2 ? arguments[1] : Py_None;
  Texts texts;
  std::vector<Value> values;
  for (bool more = true; more;) {
    texts.clear();
    while (texts.size() < kMostInBatch) {
      const Reference key(PyIter_Next(iterator.get()));
      Encoded encoded;
      more = static_cast<bool>(key);
      if (!more) break;
      if (!encode_key(key.get(), serializer_of(self), encoded)) return nullptr;
      texts.add(encoded.view());
    }
    if (PyErr_Occurred() != nullptr || !append_values(self, *attachment, texts, values, otherwise, list.get()))
      return nullptr;
  }
  return list.release();
}

PyObject* set_many(PyObject* self, PyObject* entries) {
  Attachment* attachment = attachment_of(self);
  if (attachment == nullptr) return nullptr;
  // What has items() is a mapping. Its view is walked rather than a list made of it.
  const bool mapping = PyObject_HasAttrString(entries, "items") != 0;
  const Reference pairs(mapping ? PyObject_CallMethod(entries, "items", nullptr) : Py_NewRef(entries));
  const Reference iterator(pairs ? PyObject_GetIter(pairs.get()) : nullptr);
  if (!iterator) return nullptr;
  Texts keys, values;
  for (bool more = true; more;) {
    keys.clear();
    values.clear();
    while (keys.size() < kMostInBatch && keys.bytes() + values.bytes() < kMostBytes) {
      const Reference entry(PyIter_Next(iterator.get()));
      more = static_cast<bool>(entry);
      if (!more) break;
      const Reference pair(PySequence_Fast(entry.get(), "set_many() takes a mapping or pairs of key and value"));
      if (!pair) return nullptr;
      if (PySequence_Fast_GET_SIZE(pair.get()) != 2) {
        PyErr_SetString(PyExc_ValueError, "set_many() takes a mapping or pairs of key and value");
        return nullptr;
      }
      Encoded key, value;
      if (!encode_key(PySequence_Fast_GET_ITEM(pair.get(), 0), serializer_of(self), key) ||
          !encode_value(PySequence_Fast_GET_ITEM(pair.get(), 1), serializer_of(self), value))
        return nullptr;
      keys.add(key.view());
      values.add(value.view());
    }
    if (PyErr_Occurred() != nullptr || !store(*attachment, keys, values)) return nullptr;
  }
  Py_RETURN_NONE;
}

PyObject* list_keys(PyObject* self, PyObject*) {
  Texts keys;
  if (!collect(self, keys, nullptr)) return nullptr;
  Reference list(PyList_New(static_cast<Py_ssize_t>(keys.size())));
  for (std::size_t at = 0; list && at < keys.size(); ++at) {
    PyObject* key = decode_key(keys[at], serializer_of(self));
    if (key == nullptr) return nullptr;
    PyList_SET_ITEM(list.get(), static_cast<Py_ssize_t>(at), key);
  }
  return list.release();
}

PyObject* list_items(PyObject* self, PyObject*) {
  Texts keys, values;
  if (!collect(self, keys, &values)) return nullptr;
  Reference list(PyList_New(static_cast<Py_ssize_t>(keys.size())));
  for (std::size_t at = 0; list && at < keys.size(); ++at) {
    const Reference key(decode_key(keys[at], serializer_of(self)));
    const Reference value(key ? decode_value(values[at], serializer_of(self)) : nullptr);
    PyObject* pair = value ? PyTuple_Pack(2, key.get(), value.get()) : nullptr;
    if (pair == nullptr) return nullptr;
    PyList_SET_ITEM(list.get(), static_cast<Py_ssize_t>(at), pair);
  }
  return list.release();
}

PyObject* first_key(PyObject* self, PyObject*) {
  Attachment* attachment = attachment_of(self);
  std::string first;
  bool found = false;
  if (attachment == nullptr || !attachment->slow([&](Dict& dict, Value&) {
        dict.for_each([&](std::string_view key, std::string_view) {
          first = key;
          found = true;
          return false;
        });
      }))
    return nullptr;
  if (found) return decode_key(first, serializer_of(self));
  PyErr_SetString(PyExc_KeyError, "the dict is empty");
  return nullptr;
}

PyObject* clear(PyObject* self, PyObject*) {
  Texts keys;
  if (!collect(self, keys, nullptr)) return nullptr;
  if (!attachment_of(self)->slow([&](Dict& dict, Value&) {
        for (std::size_t at = 0; at < keys.size(); ++at) dict.erase(keys[at]);
      }))
    return nullptr;
  Py_RETURN_NONE;
}

}  // namespace dictbench::python

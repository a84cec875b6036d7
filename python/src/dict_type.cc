// `_core.Dict`: the mapping's operations on one key, as slots of a C type: pybind11 looks a call's arguments up in
// 100 ns and more, a slot takes them as they are.
#include <cstddef>

#include "python/src/dict_object.h"

namespace dictbench::python {
namespace {

DictObject& object(PyObject* self) { return *reinterpret_cast<DictObject*>(self); }

// The value's text, which lies in the attachment's buffer. False with a Python exception set on an error.
bool look_up(PyObject* self, PyObject* key, bool& found, std::string_view& text) {
  Attachment* attachment = attachment_of(self);
  Encoded encoded;
  if (attachment == nullptr || !encode_key(key, serializer_of(self), encoded)) return false;
  return attachment->read([&](Dict& dict, Value& value) {
    found = dict.get(encoded.view(), value);
    text = value.view();
  });
}

PyObject* subscript(PyObject* self, PyObject* key) {
  bool found = false;
  std::string_view text;
  if (!look_up(self, key, found, text)) return nullptr;
  return found ? decode_value(text, serializer_of(self)) : raise_key_error(key);
}

// Also what `del d[key]` calls, with no value.
int assign(PyObject* self, PyObject* key, PyObject* value) {
  Attachment* attachment = attachment_of(self);
  Encoded encoded;
  if (attachment == nullptr || !encode_key(key, serializer_of(self), encoded)) return -1;
  if (value == nullptr) {
    bool erased = false;
    if (!attachment->write([&](Dict& dict, Value&) { erased = dict.erase(encoded.view()); })) return -1;
    if (!erased) raise_key_error(key);
    return erased ? 0 : -1;
  }
  Encoded text;
  if (!encode_value(value, serializer_of(self), text)) return -1;
  return attachment->write([&](Dict& dict, Value&) { dict.set(encoded.view(), text.view()); }) ? 0 : -1;
}

int contains(PyObject* self, PyObject* key) {
  bool found = false;
  std::string_view text;
  if (!look_up(self, key, found, text)) return -1;
  return found ? 1 : 0;
}

Py_ssize_t length(PyObject* self) {
  Attachment* attachment = attachment_of(self);
  Py_ssize_t size = 0;
  if (attachment == nullptr ||
      !attachment->read([&](Dict& dict, Value&) { size = static_cast<Py_ssize_t>(dict.size()); }))
    return -1;
  return size;
}

bool takes(const char* name, Py_ssize_t count, Py_ssize_t least, Py_ssize_t most) {
  if (count >= least && count <= most) return true;
  PyErr_Format(PyExc_TypeError, "%s() takes from %zd to %zd positional arguments, %zd were given", name, least, most,
               count);
  return false;
}

PyObject* get(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  bool found = false;
  std::string_view text;
  if (!takes("get", count, 1, 2) || !look_up(self, arguments[0], found, text)) return nullptr;
  if (found) return decode_value(text, serializer_of(self));
  return Py_NewRef(count == 2 ? arguments[1] : Py_None);
}

PyObject* add(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  Attachment* attachment = attachment_of(self);
  Encoded encoded;
  if (!takes("add", count, 1, 2) || attachment == nullptr || !encode_key(arguments[0], serializer_of(self), encoded))
    return nullptr;
  const long long delta = count == 2 ? PyLong_AsLongLong(arguments[1]) : 1;
  if (delta == -1 && PyErr_Occurred() != nullptr) return nullptr;
  std::int64_t sum = 0;
  if (!attachment->write([&](Dict& dict, Value&) { sum = dict.add(encoded.view(), delta); })) return nullptr;
  return PyLong_FromLongLong(sum);
}

// Whoever erases the key has its value: of two processes that pop it, one gets it.
PyObject* pop(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  Attachment* attachment = attachment_of(self);
  Encoded encoded;
  if (!takes("pop", count, 1, 2) || attachment == nullptr || !encode_key(arguments[0], serializer_of(self), encoded))
    return nullptr;
  bool erased = false;
  std::string_view text;
  if (!attachment->write([&](Dict& dict, Value& value) {
        erased = dict.get(encoded.view(), value) && dict.erase(encoded.view());
        text = value.view();
      }))
    return nullptr;
  if (erased) return decode_value(text, serializer_of(self));
  return count == 2 ? Py_NewRef(arguments[1]) : raise_key_error(arguments[0]);
}

// _attach(spec, address, dump_key, dump_value, load, plain_keys): once, before anything else.
PyObject* attach(PyObject* self, PyObject* arguments) {
  const char *spec = nullptr, *address = nullptr;
  PyObject *dump_key = nullptr, *dump_value = nullptr, *load = nullptr;
  int plain_keys = 0;
  if (PyArg_ParseTuple(arguments, "ssOOOp", &spec, &address, &dump_key, &dump_value, &load, &plain_keys) == 0)
    return nullptr;
  DictObject& dict = object(self);
  if (dict.attachment != nullptr) return raise(ErrorCode::unsupported, "this SharedDict is attached already");
  try {
    dict.attachment = new Attachment(spec, address);
  } catch (const std::exception& error) {
    return raise(error);
  }
  dict.serializer = {Py_NewRef(dump_key), Py_NewRef(dump_value), Py_NewRef(load), plain_keys != 0};
  Py_RETURN_NONE;
}

PyObject* detach(PyObject* self, PyObject*) {
  if (object(self).attachment != nullptr) object(self).attachment->close();
  Py_RETURN_NONE;
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(object(self).serializer.dump_key);
  Py_VISIT(object(self).serializer.dump_value);
  Py_VISIT(object(self).serializer.load);
  return 0;
}

int clear_references(PyObject* self) {
  Py_CLEAR(object(self).serializer.dump_key);
  Py_CLEAR(object(self).serializer.dump_value);
  Py_CLEAR(object(self).serializer.load);
  return 0;
}

void deallocate(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  clear_references(self);
  delete object(self).attachment;
  type->tp_free(self);
  Py_DECREF(type);
}

PyCFunction with_array(PyObject* (*function)(PyObject*, PyObject* const*, Py_ssize_t)) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

}  // namespace

Attachment* attachment_of(PyObject* self) {
  Attachment* attachment = object(self).attachment;
  if (attachment == nullptr) [[unlikely]]
    raise(ErrorCode::unavailable, "this SharedDict is not attached to anything");
  return attachment;
}

PyObject* raise_key_error(PyObject* key) {
  // As an object, because PyErr_SetObject would take a tuple for the list of arguments.
  if (PyObject* error = PyObject_CallOneArg(PyExc_KeyError, key); error != nullptr) {
    PyErr_SetObject(PyExc_KeyError, error);
    Py_DECREF(error);
  }
  return nullptr;
}

PyObject* make_dict_type() {
  static PyMethodDef methods[] = {
      {"get", with_array(get), METH_FASTCALL, "get(key, default=None, /)\n--\n\nThe key's value, or the default."},
      {"add", with_array(add), METH_FASTCALL,
       "add(key, delta=1, /)\n--\n\nAdds to the counter in one step, whoever else does; returns its new value. A "
       "missing key counts as 0."},
      {"pop", with_array(pop), METH_FASTCALL,
       "pop(key, default=<none>, /)\n--\n\nRemoves the key and returns its value; of several that pop it one gets it."},
      {"get_many", with_array(get_many), METH_FASTCALL,
       "get_many(keys, default=None, /)\n--\n\nA list of the keys' values, the default for those that are missing."},
      {"set_many", set_many, METH_O,
       "set_many(entries, /)\n--\n\nStores the entries of a mapping or of an iterable of pairs; not in one step."},
      {"clear", clear, METH_NOARGS, "clear()\n--\n\nRemoves every key that is there when it begins."},
      {"_keys", list_keys, METH_NOARGS, "A list of the keys."},
      {"_items", list_items, METH_NOARGS, "A list of pairs of key and value."},
      {"_first_key", first_key, METH_NOARGS, "Any one key; KeyError when there is none."},
      {"_attach", attach, METH_VARARGS, "_attach(spec, address, dump_key, dump_value, load, plain_keys)"},
      {"_detach", detach, METH_NOARGS, "Ends this process's attachment; what is shared stays."},
      {nullptr, nullptr, 0, nullptr}};
  static char doc[] = "One process's attachment to a shared dict.";
  const auto slot = [](int number, auto* what) { return PyType_Slot{number, reinterpret_cast<void*>(what)}; };
  PyType_Slot slots[] = {slot(Py_mp_subscript, subscript),
                         slot(Py_mp_ass_subscript, assign),
                         slot(Py_mp_length, length),
                         slot(Py_sq_contains, contains),
                         slot(Py_tp_methods, &methods[0]),
                         slot(Py_tp_traverse, traverse),
                         slot(Py_tp_clear, clear_references),
                         slot(Py_tp_dealloc, deallocate),
                         slot(Py_tp_doc, &doc[0]),
                         {0, nullptr}};
  PyType_Spec spec{"dictbench._core.Dict", sizeof(DictObject), 0,
                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots};
  return PyType_FromSpec(&spec);
}

}  // namespace dictbench::python

// The object behind `_core.Dict`, for the files that implement its methods. Used with the GIL held.
#pragma once

#include <Python.h>

#include "python/src/attachment.h"
#include "python/src/codec.h"

namespace dictbench::python {

struct DictObject {
  PyObject_HEAD Attachment* attachment;  // null until _attach()
  Serializer serializer;                 // owned references
};

inline const Serializer& serializer_of(PyObject* self) { return reinterpret_cast<DictObject*>(self)->serializer; }

// Null with a Python exception set where nothing is attached.
Attachment* attachment_of(PyObject* self);

// Sets KeyError(key); returns nullptr.
PyObject* raise_key_error(PyObject* key);

// What takes many entries at once (batch.cc).
PyObject* get_many(PyObject* self, PyObject* const* arguments, Py_ssize_t count);
PyObject* set_many(PyObject* self, PyObject* entries);
PyObject* list_keys(PyObject* self, PyObject*);
PyObject* list_items(PyObject* self, PyObject*);
PyObject* first_key(PyObject* self, PyObject*);
PyObject* clear(PyObject* self, PyObject*);

// The type `_core.Dict`: a new reference, or nullptr with a Python exception set.
PyObject* make_dict_type();

}  // namespace dictbench::python

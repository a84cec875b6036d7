#include "python/src/errors.h"

#include <array>
#include <new>

#include "engines/spec.h"

namespace dictbench::python {
namespace {

struct ExceptionClass {
  const char* name;  // "dictbench.Full": the package shows the classes as its own
  const char* meaning;
  PyObject* object = nullptr;
};

// In the order of ErrorCode; the last one is the base of all.
std::array<ExceptionClass, 8> classes{{
    {"dictbench.Full", "No room for this write; everything stored before it is still there."},
    {"dictbench.TooLarge", "This key, value or counter passes what the engine allows."},
    {"dictbench.Disconnected", "The server is gone; the next operation connects again."},
    {"dictbench.Timeout", "No answer in time; the operation may or may not have happened."},
    {"dictbench.Corrupt", "The shared state is not to be trusted: a writer was killed, or it is not ours."},
    {"dictbench.Unsupported", "This engine does not have this operation, or not for this value."},
    {"dictbench.Unavailable",
     "The engine or the dict cannot be used here at all: not installed, no such dict, no permission."},
    {"dictbench.Error", "Base of all errors of this package."},
}};

}  // namespace

bool add_exceptions(PyObject* module) {
  ExceptionClass& base = classes.back();
  for (auto entry = classes.rbegin(); entry != classes.rend(); ++entry) {
    entry->object = PyErr_NewExceptionWithDoc(entry->name, entry->meaning, base.object, nullptr);
    if (entry->object == nullptr) return false;
    const std::string name = std::string(entry->name).substr(std::string("dictbench.").size());
    if (PyModule_AddObjectRef(module, name.c_str(), entry->object) != 0) return false;
  }
  return true;
}

PyObject* raise(ErrorCode code, const std::string& message) {
  PyErr_SetString(classes.at(static_cast<std::size_t>(code)).object, message.c_str());
  return nullptr;
}

PyObject* raise(const std::exception& error) {
  if (const auto* ours = dynamic_cast<const Error*>(&error)) return raise(ours->code(), ours->what());
  if (dynamic_cast<const SpecError*>(&error) != nullptr)
    PyErr_SetString(PyExc_ValueError, error.what());
  else if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr)
    PyErr_NoMemory();
  else
    PyErr_SetString(classes.back().object, error.what());
  return nullptr;
}

}  // namespace dictbench::python

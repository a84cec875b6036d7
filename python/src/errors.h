// dictbench.Error and its subclasses, one for each code of engines/error.h; SpecError is a ValueError.
//
// Made when the module is loaded; all functions need the GIL.
#pragma once

#include <Python.h>

#include <exception>
#include <string>

#include "engines/error.h"

namespace dictbench::python {

// Adds the classes to the module. False with a Python exception set.
bool add_exceptions(PyObject* module);

// Sets the Python exception of that code; returns nullptr for `return raise(...)`.
PyObject* raise(ErrorCode code, const std::string& message);

// Sets the Python exception that says what a caught C++ exception does.
PyObject* raise(const std::exception& error);

}  // namespace dictbench::python

// The extension module dictbench._core: the attachment's type, the owner of a shared thing, the list of engines.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>

#include "engines/registry.h"
#include "engines/shm/leftovers.h"
#include "engines/shm/process_identity.h"
#include "python/src/dict_object.h"
#include "python/src/errors.h"
#include "python/src/owner.h"

namespace py = pybind11;

namespace dictbench::python {
namespace {

py::dict contract_of(const std::string& text) {
  const Spec spec = parse_engine_spec(text);
  const Contract contract = find_engine(spec.name()).contract(spec);
  py::dict promises;
  promises["stores"] = contract.stores;
  promises["shared_between_processes"] = contract.shared_between_processes;
  promises["survives_killed_writer"] = contract.survives_killed_writer;
  promises["durable"] = contract.durable;
  promises["consistency"] = to_string(contract.consistency);
  promises["ordered"] = contract.ordered;
  promises["largest_key"] = contract.largest_key;
  promises["largest_value"] = contract.largest_value;
  promises["binary_keys"] = contract.binary_keys;
  promises["lists"] = contract.lists;
  promises["needs_server"] = contract.needs_server;
  return promises;
}

py::dict engines() {
  py::dict reasons;
  for (const EngineDescription& engine : engine_descriptions()) {
    py::object missing = py::none();
    if (engine.missing != nullptr)
      if (const auto reason = engine.missing(parse_engine_spec(engine.name))) missing = py::str(*reason);
    reasons[py::str(engine.name)] = missing;
  }
  return reasons;
}

}  // namespace

PYBIND11_MODULE(_core, module) {
  module.doc() = "The compiled part of dictbench; use the package's SharedDict.";
  if (!add_exceptions(module.ptr())) throw py::error_already_set();
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const Error& error) {
      raise(error);
    } catch (const SpecError& error) {
      raise(error);
    }
  });

  module.add_object("Dict", py::reinterpret_steal<py::object>(make_dict_type()));

  py::class_<Owner>(module, "Owner", "Creates a shared thing and destroys it with itself.")
      .def(py::init<const std::string&, std::uint64_t, std::uint64_t>(), py::arg("spec"), py::arg("key_bytes"),
           py::arg("value_bytes"), py::call_guard<py::gil_scoped_release>())
      .def_property_readonly("spec", &Owner::spec, "The engine and its options, as text.")
      .def_property_readonly("address", &Owner::address, "What another process needs to attach.")
      .def_property_readonly("server_pids", &Owner::server_pids)
      .def_property_readonly("storage_bytes", &Owner::storage_bytes, "Bytes in use outside the processes' own memory.")
      .def("close", &Owner::close, "Destroys the shared thing; does nothing the second time and in a forked child.",
           py::call_guard<py::gil_scoped_release>());

  module.def(
      "canonical_spec", [](const std::string& spec) { return parse_engine_spec(spec).text(); }, py::arg("spec"),
      "The spec with its options in order; ValueError where it names what there is not.");
  module.def("contract", &contract_of, py::arg("spec"), "What an engine promises.");
  module.def("engines", &engines, "The engines' names, each with None or why it cannot be used here.");
  module.def("remove_leftovers", &remove_leftovers, "Removes what killed processes left; returns what it was.",
             py::call_guard<py::gil_scoped_release>());
  module.def(
      "identity", [] { return ProcessIdentity::self().text(); }, "Tells this process from all others.");
  module.def(
      "is_dead",
      [](const std::string& text) {
        const auto identity = ProcessIdentity::parse(text);
        return identity && liveness(*identity) == Liveness::dead;
      },
      py::arg("identity"), "Whether the process of that identity is certainly gone.");
}

}  // namespace dictbench::python

// Record structs to and from JSON objects, both by their descriptions (results/record_fields.h).
//
// Private to results/: others use RecordWriter and read_records (results/record.h). Facts become objects whose
// keys keep their order, hence ordered_json. Unknown fields are tolerated, so that a newer writer of the
// same schema can add some; a missing or mistyped field is refused by name.
#pragma once

#include <nlohmann/json.hpp>

#include "results/record.h"

namespace dictbench {

using Json = nlohmann::ordered_json;

// Throws RecordError when a figure is infinite or not a number: JSON has no word for it.
Json to_json(const RunRecord& run);
Json to_json(const CellRecord& cell);
Json to_json(const TortureRecord& torture);
Json to_json(const CheckRecord& check);
Json to_json(const GateRecord& gate);

// Of a run, cell, torture, check or gate. Throws RecordError that names the field, without file and line (the reader
// adds them).
template <typename Record>
Record record_from_json(const Json& object);

}  // namespace dictbench

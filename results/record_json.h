// Record structs to and from JSON objects, the field names of the record format in one place.
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

// Throw RecordError that names the field, without file and line (the reader adds them).
RunRecord run_from_json(const Json& object);
CellRecord cell_from_json(const Json& object);
TortureRecord torture_from_json(const Json& object);
CheckRecord check_from_json(const Json& object);
GateRecord gate_from_json(const Json& object);

}  // namespace dictbench

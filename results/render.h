// Fills the blocks of a Markdown file with tables, so that no figure in a document is typed by hand:
//
//   <!-- dictbench:table NAME [key=value ...] -->
//   (replaced)
//   <!-- dictbench:end -->
//
// A marker stands alone on its line. Markers inside fenced code (``` or ~~~) are text: documents can so show
// them. Options: engine, workload, phase, processes, host (each a comma-separated list: only these cells), title and
// notes (yes or no), records (a comma-separated list of record files). The name `choose` takes the options of
// `dictbench choose` instead, without their dashes, and host, title, notes and records; without a host that with the
// most cells. Pure functions; the caller reads and writes the file, and finds the records.
#pragma once

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "results/tables/tables.h"

namespace dictbench {

// A file whose blocks are wrong: one line "FILE:LINE: what, and what is allowed".
class RenderError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

struct BlockRequest {
  std::string table;
  std::vector<std::pair<std::string, std::string>> options;
  std::size_t line = 0;  // of the opening marker, from 1
};

// The text that belongs between the markers. UnknownTable, RenderError and PublishedError thrown from it get FILE:LINE.
using BlockBuilder = std::function<std::string(const BlockRequest&)>;

struct Rendered {
  std::string text;  // the whole file, blocks filled
  std::vector<std::string>
      differences;  // one line per block that was not up to date: where, and its first differing line
  std::size_t blocks = 0;
};

// `where` names the file in errors and differences. `render --check` fails when there are differences.
Rendered render_blocks(std::string_view text, const std::string& where, const BlockBuilder& build);

// The records of the files that a marker names (option `records`); with none named, those that the caller has. They
// must live as long as the block is built.
using RecordLoader = std::function<const RecordFile&(const std::vector<std::string>& files)>;

// The builder for real use: build_table with the block's options on top of `context`, as Markdown. Throws
// UnknownTable, RenderError for a wrong option, and what `load` throws.
std::string build_block(BlockRequest request, const RecordLoader& load, const TableContext& context);

}  // namespace dictbench

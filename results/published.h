// The figures that the documents print: results/published/*.json, one file a table (schema in its README).
//
// Immutable once loaded; read from $DICTBENCH_PUBLISHED, else from the source tree.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dictbench {

// A file that is missing or wrong: one line with file, place and reason.
class PublishedError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

// Which cells here measure the same; processes 1 unless given.
struct MeasuredPlace {
  std::string tier, engine, workload, phase;
  unsigned processes = 1;
};

struct PublishedRow {
  std::string system;     // "mpdict", "Redis", "dict"
  std::string operation;  // "read", "set", ...; empty where the row covers the whole program
  unsigned processes = 1;
  std::map<std::string, double> figures;  // the name ends in the unit: elapsed_s, set_per_s
  std::string remark;                     // where the figure measures something else than it says
  std::optional<MeasuredPlace> here;

  std::optional<double> figure(std::string_view name) const;
};

// What a claim speaks of: operations per second, its inverse, seconds, bytes an item, MB of the largest process.
enum class ClaimFigure { rate, slowness, elapsed, bytes_per_item, max_rss };

// A sentence of a document, so that it can be decided: the figure of `subject` (through that of `base`, where there is
// one) is to be at least, or at most, a bound. `own` is the place of the engine that is asked the same.
struct PublishedClaim {
  std::string text, published, why, unit;
  ClaimFigure figure = ClaimFigure::rate;
  bool at_least = true;
  double bound = 0;
  MeasuredPlace subject, own;
  std::optional<MeasuredPlace> base;
};

// A machine that the document tells of: only what it says, in the names of the record's host facts, and of libraries
// and servers with their versions.
struct PublishedMachine {
  std::string name;  // "AMD A8-4500M laptop"
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<PublishedRow> rows;  // its own figures; none: those of the table
};

struct PublishedTable {
  std::string id;    // "MPDICT-1M"
  std::string name;  // "mpdict-1m", also the file's
  std::string title;
  std::string source;   // document
  std::string address;  // of the project
  std::string host;     // "not stated" where the document is silent
  std::string software;
  std::vector<PublishedMachine> machines;  // the table's own first; none where the document is silent
  std::string workload;                    // in words
  std::vector<PublishedClaim> claims;
  std::vector<std::string> remarks;
  std::vector<PublishedRow> rows;
};

std::filesystem::path published_folder();

// NAME from published_folder(). Throws PublishedError.
PublishedTable load_published(std::string_view name);

// Sorted names of all tables there.
std::vector<std::string> list_published();

// As load_published, from text; `where` names it in errors.
PublishedTable parse_published(std::string_view text, const std::string& where);

}  // namespace dictbench

// Table `design-targets`: what the engines `bucket-table` and `stream-log` are to reach.
#include "results/tables/builders.h"
#include "results/tables/targets.h"

namespace dictbench {
namespace {

using enum TargetFigure;

constexpr const char* kShort = "bucket-table";
constexpr const char* kFitted = "bucket-table?key=16&value=16";           // as short as these items need
constexpr const char* kLong = "bucket-table?key=256&load=50&value=1024";  // the original's buckets, half of them used
constexpr const char* k64 = "pyshmht-64b";
constexpr const char* kItems = "pyshmht-mp-items";

constexpr const char* kLog = "stream-log";
constexpr const char* kRoomyLog = "stream-log?buffer=16M";  // holds all updates between two reads
constexpr const char* kAbsl = "local";                      // absl::flat_hash_map, not shared
constexpr const char* kGet = "get-uniform";
constexpr const char* kUpdate = "update-uniform";
constexpr const char* kLoad = "load-1m";
constexpr const char* kSmallCase = "10000 items, 10000 updates";
constexpr const char* kLargeCase = "100000 items, 10000 updates";

constexpr Target kTargets[] = {
    {"bucket-table: set, against 1,280-byte buckets", speed, {kShort, k64, 1, "set"}, {kLong, k64, 1, "set"}, 3},
    {"bucket-table: get, against 1,280-byte buckets", speed, {kShort, k64, 1, "get"}, {kLong, k64, 1, "get"}, 3},
    {"bucket-table: set, small items", speed, {kShort, kItems, 1, "set"}, {kLong, kItems, 1, "set"}, 3},
    {"bucket-table: get, small items", speed, {kShort, kItems, 1, "get"}, {kLong, kItems, 1, "get"}, 3},
    {"bucket-table?key=16&value=16: set, small items",
     speed,
     {kFitted, kItems, 1, "set"},
     {kLong, kItems, 1, "set"},
     3},
    {"bucket-table?key=16&value=16: get, small items",
     speed,
     {kFitted, kItems, 1, "get"},
     {kLong, kItems, 1, "get"},
     3},
    {"bucket-table: blocks in use saved", blocks_saved, {kShort, kItems, 1, "set"}, {kLong, kItems, 1, "set"}, 10},
    {"bucket-table: length of the file saved", length_saved, {kShort, kItems, 1, "set"}, {kLong, kItems, 1, "set"}, 10},
    {"bucket-table?key=16&value=16: blocks in use saved",
     blocks_saved,
     {kFitted, kItems, 1, "set"},
     {kLong, kItems, 1, "set"},
     10},
    {"bucket-table?key=16&value=16: length of the file saved",
     length_saved,
     {kFitted, kItems, 1, "set"},
     {kLong, kItems, 1, "set"},
     10},
    {"stream-log: get with nothing new, against local", speed, {kLog, kGet, 1}, {kAbsl, kGet, 1}, 0.9},
    {"stream-log: set of a key that is there", ops_per_s, {kLog, kUpdate, 1}, {}, 2e6},
    {"stream-log: set of a key that is there, against local", speed, {kLog, kUpdate, 1}, {kAbsl, kUpdate, 1}, 0},
    {"stream-log: set of a new key", ops_per_s, {kLog, kLoad, 1}, {}, 2e6},
    {"stream-log: set of a new key, against local", speed, {kLog, kLoad, 1}, {kAbsl, kLoad, 1}, 0},
    {"stream-log: sets of keys that are there, 2 processes, against 1",
     speed,
     {kLog, kUpdate, 2},
     {kLog, kUpdate, 1},
     1},
    {"stream-log: sets of new keys, 2 processes, against 1", speed, {kLog, kLoad, 2}, {kLog, kLoad, 1}, 1},
    {"stream-log: catching up, 10,000 keys", updates_per_s, {kRoomyLog, kCasesWorkload, 2, kSmallCase}, {}, 5e6},
    {"stream-log: catching up, 100,000 keys", updates_per_s, {kRoomyLog, kCasesWorkload, 2, kLargeCase}, {}, 5e6},
};

constexpr TargetList kList = {
    .table = "design-targets",
    .title = "bucket-table and stream-log: targets",
    .command = "./run_all.sh targets",
    .note =
        "1,280-byte buckets: bucket-table?key=256&load=50&value=1024. Small items: 333,333 keys of up to 7 bytes with "
        "values of 7 bytes. stream-log: 1,000,000 keys of 16 bytes, values of 10 bytes; catching up: a read that "
        "finds 10,000 updates by another process.",
    .targets = kTargets};

}  // namespace

std::vector<Table> build_design_targets(const RecordFile& records, const TableContext& context) {
  return build_targets(kList, records, context);
}

}  // namespace dictbench

// Histories as files: JSON, which `dictbench check --history` reads again, and EDN for others' checkers.
//
// JSON: one object, one operation a line:
//   {"format":"dictbench-history","version":1,"engine":"lmdb","promise":"linearizable","operations":[
//   {"process":0,"key":3,"kind":"set","value":17,"begin_ns":100,"end_ns":250},
//   {"process":1,"key":3,"kind":"get","result":17,"begin_ns":120,"end_ns":300},
//   {"process":1,"key":3,"kind":"erase","found":true,"begin_ns":310,"end_ns":350},
//   {"process":0,"key":4,"kind":"add","delta":5,"sum":5,"begin_ns":260,"end_ns":null}]}
// A get's result is null when the key was missing and "unreadable" when nobody wrote such bytes. end_ns is null, and
// the answer left out, for an operation that never returned. Keys and processes are numbers; begins and ends come
// from one clock.
//
// EDN, as Knossos reads it: one map an event, in order of time, with keys as independent tuples:
//   {:process 0, :type :invoke, :f :write, :value [3 17], :time 100, :index 0}
//   {:process 0, :type :ok, :f :write, :value [3 17], :time 250, :index 1}
// :f is :read, :write, :erase (answers [k true] or [k false]) or :add (asks [k delta], answers [k sum]). What never
// returned ends as :info, after everything else. Knossos's own registers know :read and :write only.
#pragma once

#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "harness/verify/history.h"
#include "harness/verify/promise.h"

namespace dictbench {

// Writes as the rounds come. Throws std::invalid_argument for a name that ends in neither .json nor .edn and
// std::runtime_error where the file cannot be written.
class HistoryWriter {
 public:
  HistoryWriter(const std::filesystem::path& file, const std::string& engine, Promise promise);

  // A round's operations, whose keys are none of an earlier round's.
  void append(std::span<const Operation> operations);

  // Must be called last.
  void finish();

 private:
  void append_json(std::span<const Operation> operations);
  void append_edn(std::span<const Operation> operations);

  std::filesystem::path file_;
  std::ofstream stream_;
  bool edn_;
  std::uint64_t written_ = 0;              // operations (JSON) or events (EDN)
  std::vector<Operation> never_returned_;  // EDN: told at the end
};

struct HistoryFile {
  std::string engine;
  Promise promise = Promise::linearizable;
  std::vector<Operation> operations;
};

// Reads JSON. Throws std::invalid_argument: file, operation, what is wrong.
HistoryFile read_history(const std::filesystem::path& file);

}  // namespace dictbench

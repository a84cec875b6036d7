// An engine in one shared page that is right, unusual in one way, or wrong in one way that shows only when an operation
// is stopped or killed in its middle.
#pragma once

#include "harness/torture/fault.h"

namespace dictbench::torture {

enum class Slip {
  none,
  unchecked_get,  // copies a value and does not look whether it was replaced meanwhile
  torn_set,       // changes a value byte by byte where readers read it
  stale_erase,    // tells whether the key was there before it took the lock
  split_add,      // reads the number before it took the lock
  plain_lock,     // nobody takes the lock over from a killed process
  third_attach,   // the third process that attaches waits for ever
  own_size,       // size() is one more in a process that has erased a key
  wild_size,      // size() is far too large while somebody writes
  rough_size,     // no slip: size() is wrong by as many as are written meanwhile, as the interface allows
  slow_set,       // no slip: a set takes 30 ms
  own_thread,     // no slip: each process that attaches has a thread of its own
};

// Values of at most 64 bytes, about 1,000 keys. Only processes forked from the one that made it can attach.
Subject page_dict(Slip slip);

}  // namespace dictbench::torture

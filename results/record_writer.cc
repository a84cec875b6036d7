#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "results/record.h"
#include "results/record_json.h"

namespace dictbench {
namespace {

namespace fs = std::filesystem;

// Length up to and including the last line end, found from the back: record files grow to many megabytes.
std::uintmax_t whole_length(std::ifstream& stream, std::uintmax_t length) {
  constexpr std::uintmax_t kPiece = 4096;
  char piece[kPiece];
  while (length > 0) {
    const std::uintmax_t wanted = std::min(kPiece, length);
    stream.seekg(static_cast<std::streamoff>(length - wanted));
    if (!stream.read(piece, static_cast<std::streamsize>(wanted))) break;
    for (std::uintmax_t i = wanted; i > 0; --i) {
      if (piece[i - 1] == '\n') return length - wanted + i;
    }
    length -= wanted;
  }
  return 0;
}

void cut_unfinished_line(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return;
  const std::uintmax_t length = fs::file_size(file);
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw RecordError(fmt::format("{}: cannot be read: {}", file.string(), std::strerror(errno)));
  const std::uintmax_t whole = whole_length(stream, length);
  if (whole == length) return;
  fs::resize_file(file, whole, error);
  if (error) {
    throw RecordError(fmt::format("{}: cannot cut off the unfinished last line: {}", file.string(), error.message()));
  }
}

// Bytes that are no UTF-8 (an engine's message, a path) are replaced: losing the record would be worse.
std::string text_of(const Json& record) { return record.dump(-1, ' ', false, Json::error_handler_t::replace); }

const fs::path& in_folder(const fs::path& file) {
  require_folder_of(file);
  return file;
}

}  // namespace

void require_folder_of(const fs::path& file) {
  std::error_code unreadable;  // is as good as none
  if (file.has_parent_path() && !fs::is_directory(file.parent_path(), unreadable))
    throw RecordError(fmt::format("{}: there is no folder {}; make it, or name another file", file.string(),
                                  file.parent_path().string()));
}

RecordWriter::Lock::Lock(const fs::path& file) : file_(open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666)) {
  if (file_ < 0) {
    throw RecordError(fmt::format("{}: cannot be opened for appending: {}", file.string(), std::strerror(errno)));
  }
  if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
    close(file_);
    throw RecordError(fmt::format("{}: another run is writing it; choose another file", file.string()));
  }
}

RecordWriter::Lock::~Lock() { close(file_); }

RecordWriter::RecordWriter(const fs::path& file) : file_(in_folder(file)), lock_(file_) {
  cut_unfinished_line(file);
  errno = 0;
  stream_.open(file, std::ios::binary | std::ios::app);
  if (!stream_) {
    throw RecordError(fmt::format("{}: cannot be opened for appending: {}", file.string(), std::strerror(errno)));
  }
}

void RecordWriter::write(const RunRecord& run) { write_line(text_of(to_json(run))); }
void RecordWriter::write(const CellRecord& cell) { write_line(text_of(to_json(cell))); }
void RecordWriter::write(const TortureRecord& torture) { write_line(text_of(to_json(torture))); }
void RecordWriter::write(const CheckRecord& check) { write_line(text_of(to_json(check))); }
void RecordWriter::write(const GateRecord& gate) { write_line(text_of(to_json(gate))); }

void RecordWriter::write_line(const std::string& line) {
  errno = 0;
  stream_ << line << '\n' << std::flush;
  if (stream_) return;
  const int reason = errno;
  // A part of the line may have arrived. It is cut off at once, so that a later line does not continue it.
  stream_.close();
  stream_.clear();
  std::error_code ignored;  // the first failure is the one to tell
  if (fs::is_regular_file(file_, ignored)) {
    std::ifstream written(file_, std::ios::binary);
    fs::resize_file(file_, whole_length(written, fs::file_size(file_, ignored)), ignored);
  }
  stream_.open(file_, std::ios::binary | std::ios::app);
  throw RecordWriteError(fmt::format("{}: a record could not be written: {}", file_.string(),
                                     reason != 0 ? std::strerror(reason) : "unknown reason"));
}

}  // namespace dictbench

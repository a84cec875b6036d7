#include "results/render.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

#include "results/choose/answer.h"
#include "results/choose/choose.h"
#include "results/published.h"

namespace dictbench {
namespace {

constexpr std::string_view kOpen = "<!--";
constexpr std::string_view kClose = "-->";
constexpr std::string_view kTable = "dictbench:table";
constexpr std::string_view kEnd = "dictbench:end";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// Each with its line end, where it has one.
std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t length = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

// The words of a dictbench marker; empty for any other line.
std::vector<std::string> marker_words(std::string_view line, const std::string& place) {
  line = trimmed(line);
  if (!line.starts_with(kOpen)) return {};
  const std::string_view inside = trimmed(line.substr(kOpen.size()));
  if (!inside.starts_with("dictbench:")) return {};
  if (!line.ends_with(kClose)) throw RenderError(place + ": a marker must stand alone on its line and end with '-->'");
  std::istringstream stream{std::string(inside.substr(0, inside.size() - kClose.size()))};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  if (words.front() != kTable && words.front() != kEnd) {
    throw RenderError(
        fmt::format("{}: marker '{}' is unknown: there are {} and {}", place, words.front(), kTable, kEnd));
  }
  return words;
}

BlockRequest parse_request(const std::vector<std::string>& words, std::size_t line, const std::string& place) {
  if (words.size() < 2 || words[1].find('=') != std::string::npos) {
    throw RenderError(fmt::format("{}: the table's name is missing: <!-- {} NAME -->", place, kTable));
  }
  BlockRequest request{words[1], {}, line};
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    if (equals == std::string::npos || equals == 0) {
      throw RenderError(fmt::format("{}: '{}' is no option=value", place, words[i]));
    }
    request.options.emplace_back(words[i].substr(0, equals), words[i].substr(equals + 1));
  }
  return request;
}

// The characters that open a code fence, "```"; empty for any other line.
std::string_view fence_of(std::string_view line) {
  line = trimmed(line);
  if (line.starts_with("```")) return "```";
  if (line.starts_with("~~~")) return "~~~";
  return {};
}

std::string build_at(const BlockBuilder& build, const BlockRequest& request, const std::string& place) {
  try {
    return build(request);
  } catch (const UnknownTable& error) {
    throw RenderError(place + ": " + error.what());
  } catch (const RenderError& error) {
    throw RenderError(place + ": " + error.what());
  } catch (const PublishedError& error) {
    throw RenderError(place + ": " + error.what());
  }
}

std::string quoted_line(const std::vector<std::string_view>& lines, std::size_t index) {
  if (index >= lines.size()) return "missing";
  return fmt::format("`{}`", trimmed(lines[index]));
}

// Line number of the first line that differs, and both versions.
std::string first_difference(const std::string& where, const BlockRequest& request, std::string_view found,
                             std::string_view expected) {
  const auto old_lines = split_lines(found);
  const auto new_lines = split_lines(expected);
  std::size_t i = 0;
  while (i < old_lines.size() && i < new_lines.size() && old_lines[i] == new_lines[i]) ++i;
  return fmt::format("{}:{}: table '{}' (block of line {}) is not what the records give: {} should be {}", where,
                     request.line + 1 + i, request.table, request.line, quoted_line(old_lines, i),
                     quoted_line(new_lines, i));
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) {
    if (part.empty()) throw RenderError(fmt::format("'{}' has an empty part: write a,b", text));
    parts.push_back(part);
  }
  if (parts.empty()) throw RenderError("an option has no value: write option=value");
  return parts;
}

unsigned parse_processes(const std::string& text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0) {
    throw RenderError(fmt::format("processes={} is no number of processes: write processes=1,2", text));
  }
  return number;
}

// The option `records`, taken out of the request.
std::vector<std::string> take_records(BlockRequest& request) {
  std::vector<std::string> files;
  std::erase_if(request.options, [&](const std::pair<std::string, std::string>& option) {
    if (option.first != "records") return false;
    files = split_list(option.second);
    return true;
  });
  return files;
}

bool parse_switch(const std::string& name, const std::string& text) {
  if (text == "yes") return true;
  if (text == "no") return false;
  throw RenderError(fmt::format("{}={} is not allowed: yes or no", name, text));
}

}  // namespace

Rendered render_blocks(std::string_view text, const std::string& where, const BlockBuilder& build) {
  Rendered result;
  std::optional<BlockRequest> open;
  std::string_view fence;
  std::size_t content_begin = 0;
  std::size_t position = 0;
  std::size_t number = 0;
  const auto place = [&](std::size_t line) { return fmt::format("{}:{}", where, line); };

  for (const std::string_view line : split_lines(text)) {
    ++number;
    const std::size_t line_begin = position;
    position += line.size();
    if (!open) {
      if (!fence.empty()) {
        if (fence_of(line) == fence) fence = {};
        result.text += line;
        continue;
      }
      fence = fence_of(line);
    }
    const std::vector<std::string> words = marker_words(line, place(number));
    if (words.empty()) {
      if (!open) result.text += line;
      continue;
    }
    if (words.front() == kTable) {
      if (open) {
        throw RenderError(
            fmt::format("{}: the block of table '{}' is not closed before line {}: <!-- {} --> is missing",
                        place(open->line), open->table, number, kEnd));
      }
      open = parse_request(words, number, place(number));
      content_begin = position;
      result.text += line;
      continue;
    }
    if (!open) throw RenderError(fmt::format("{}: {} without a block to close", place(number), kEnd));
    const std::string expected = build_at(build, *open, place(open->line));
    const std::string_view found = text.substr(content_begin, line_begin - content_begin);
    if (found != expected) result.differences.push_back(first_difference(where, *open, found, expected));
    result.text += expected;
    result.text += line;
    ++result.blocks;
    open.reset();
  }
  if (open) {
    throw RenderError(fmt::format("{}: the block of table '{}' is not closed: <!-- {} --> is missing",
                                  place(open->line), open->table, kEnd));
  }
  return result;
}

namespace {

// What `dictbench choose` says to the same requirements: <!-- dictbench:table choose reads=0.95 must=durable -->
std::string choose_block(const BlockRequest& request, const RecordFile& records, const TableContext& context) {
  Requirements asked;
  MarkdownOptions markdown;
  const std::vector<std::string> hosts = hosts_with_cells(records);
  std::string host = hosts.empty() ? "" : hosts.front();
  for (const auto& [name, value] : request.options) {
    const auto question = std::ranges::find(questions(), "--" + name, &Question::option);
    if (name == "host") {
      host = value;
    } else if (name == "title") {
      markdown.titles = parse_switch(name, value);
    } else if (name == "notes") {
      markdown.notes = parse_switch(name, value);
    } else if (question != questions().end()) {
      question->set(asked, value);
    } else {
      std::vector<std::string> known;
      for (const Question& each : questions()) known.push_back(each.option.substr(2));
      throw RenderError(fmt::format("option '{}' is unknown: there are {}, host, title, notes and records", name,
                                    fmt::join(known, ", ")));
    }
  }
  const Choice choice = choose_engines(records, host, asked, context.knowledge);
  return fmt::format("\n{}\n", render_markdown(answer_tables(choice), markdown));
}

}  // namespace

std::string build_block(BlockRequest request, const RecordLoader& load, const TableContext& context) {
  const RecordFile& records = load(take_records(request));
  if (request.table == "choose") {
    try {
      return choose_block(request, records, context);
    } catch (const RequirementError& error) {
      throw RenderError(error.what());
    }
  }
  TableContext narrowed = context;
  MarkdownOptions markdown;
  for (const auto& [name, value] : request.options) {
    if (name == "engine") {
      narrowed.selection.engines = split_list(value);
    } else if (name == "workload") {
      narrowed.selection.workloads = split_list(value);
    } else if (name == "phase") {
      narrowed.selection.phases = split_list(value);
    } else if (name == "host") {
      narrowed.selection.hosts = split_list(value);
    } else if (name == "processes") {
      narrowed.selection.processes.clear();
      for (const std::string& part : split_list(value)) narrowed.selection.processes.push_back(parse_processes(part));
    } else if (name == "title") {
      markdown.titles = parse_switch(name, value);
    } else if (name == "notes") {
      markdown.notes = parse_switch(name, value);
    } else {
      throw RenderError(fmt::format(
          "option '{}' is unknown: there are engine, workload, phase, processes, host, title, notes and records",
          name));
    }
  }
  // Markdown wants an empty line between an HTML comment and a table.
  return fmt::format("\n{}\n", render_markdown(build_table(request.table, records, narrowed), markdown));
}

}  // namespace dictbench

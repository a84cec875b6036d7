#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "harness/commands/commands.h"
#include "harness/commands/printing.h"
#include "results/google_benchmark.h"
#include "results/render.h"
#include "results/shell_word.h"

namespace dictbench {
namespace {

struct TableArguments {
  std::string name;
  std::vector<std::string> results;
  std::string format = "markdown";
};

int show_table(const TableArguments& arguments) {
  const std::vector<std::string> names = table_names();
  if (arguments.name != "all" && std::ranges::find(names, arguments.name) == names.end())
    throw UnknownTable(fmt::format("no table '{}'; there are {}, and all", arguments.name, fmt::join(names, ", ")));
  const RecordFile records = load_records(arguments.results);
  const TableContext context = table_context();
  const std::vector<Table> tables =
      arguments.name == "all" ? build_all_tables(records, context) : build_table(arguments.name, records, context);
  fmt::print("{}", render_tables(tables, arguments.format));
  return kDone;
}

struct RenderArguments {
  std::vector<std::string> files;
  std::vector<std::string> results;
  bool check = false;
};

std::string read_file(const std::string& path) {
  std::ifstream stream(path);
  if (!stream) throw std::invalid_argument(fmt::format("cannot read {}", path));
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// Whether a page lies in the tree whose records are read when none are named.
bool is_own_page(const std::filesystem::path& page) {
  const std::filesystem::path tree = std::filesystem::weakly_canonical(committed_records().parent_path().parent_path());
  const std::filesystem::path from_tree = std::filesystem::weakly_canonical(page).lexically_relative(tree);
  return !from_tree.empty() && *from_tree.begin() != "..";
}

// The records of the blocks, each list of files read once.
class BlockRecords {
 public:
  explicit BlockRecords(std::vector<std::string> named) : named_(std::move(named)) {}

  // `files` as a marker names them, relative to the page's folder; none: those of the command line. Throws RenderError.
  const RecordFile& find(const std::filesystem::path& page, std::vector<std::string> files) {
    for (std::string& file : files) file = (page.parent_path() / file).string();
    if (files.empty()) files = named_;
    // Another project's page would be filled with dictbench's own figures.
    if (files.empty() && committed_records_are_ours() && !is_own_page(page))
      throw RenderError("whose records? Name them with --results FILE, or in the marker: records=FILE");
    const auto known = read_.find(files);
    if (known != read_.end()) return known->second;
    try {
      return read_.emplace(files, load_records(files)).first->second;
    } catch (const RecordError& error) {
      throw RenderError(error.what());
    }
  }

 private:
  std::vector<std::string> named_;
  std::map<std::vector<std::string>, RecordFile> read_;
};

// The command that fills what `render --check` found wrong, with the records that it was called with.
std::string mending_command(const std::string& file, const std::vector<std::string>& results) {
  std::string command = "dictbench render";
  for (const std::string& result : results) command += " --results " + shell_word(result);
  return command + ' ' + shell_word(file);
}

// Whether it is, or now is, as the records say.
bool render_file(const std::string& file, const RenderArguments& arguments, BlockRecords& records,
                 const TableContext& context) {
  const std::string text = read_file(file);
  const Rendered rendered = render_blocks(text, file, [&](const BlockRequest& block) {
    return build_block(
        block, [&](const std::vector<std::string>& files) -> const RecordFile& { return records.find(file, files); },
        context);
  });
  if (rendered.differences.empty()) {
    fmt::print("{}: its {} tables are as the records say\n", file, rendered.blocks);
    return true;
  }
  if (arguments.check) {
    for (const std::string& difference : rendered.differences) fmt::print(stderr, "{}\n", difference);
    fmt::print(stderr, "mend it with: {}\n", mending_command(file, arguments.results));
    return false;
  }
  std::ofstream stream(file, std::ios::trunc);
  stream << rendered.text << std::flush;
  if (!stream) throw std::runtime_error(fmt::format("cannot write {}", file));
  fmt::print("{}: {} of {} tables changed\n", file, rendered.differences.size(), rendered.blocks);
  return true;
}

int render_files(const RenderArguments& arguments) {
  BlockRecords records(arguments.results);
  const TableContext context = table_context();
  bool all = true;
  for (const std::string& file : arguments.files) all &= render_file(file, arguments, records, context);
  return all ? kDone : kCheckFailed;
}

}  // namespace

void add_table_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<TableArguments>();
  CLI::App* command = app.add_subcommand("table", "compute a table from records");
  command->add_option("name", arguments->name, "a table's name (dictbench list tables) or all")->required();
  command->add_option("--results", arguments->results, "record file; repeatable (default: those under results/hosts)")
      ->allow_extra_args(false);
  command->add_option("--format", arguments->format, "markdown, csv or json")
      ->check(CLI::IsMember({"markdown", "csv", "json"}));
  command->callback([arguments, &action] { action = [arguments] { return show_table(*arguments); }; });
}

void add_render_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<RenderArguments>();
  CLI::App* command = app.add_subcommand("render", "fill the <!-- dictbench:table NAME --> blocks of Markdown files");
  command->add_option("file", arguments->files, "Markdown files, changed in place")->required();
  command->add_flag("--check", arguments->check, "change nothing; exit 1 when a block differs from its records");
  command->add_option("--results", arguments->results, "record file; repeatable (default: those under results/hosts)")
      ->allow_extra_args(false);
  command->callback([arguments, &action] { action = [arguments] { return render_files(*arguments); }; });
}

void add_export_command(CLI::App& app, Action& action) {
  auto results = std::make_shared<std::vector<std::string>>();
  auto medians = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("export", "records as Google Benchmark's JSON, for its compare.py");
  command->add_option("--results", *results, "record file; repeatable (default: those under results/hosts)")
      ->allow_extra_args(false);
  command->add_flag("--medians", *medians,
                    "one entry a benchmark, the median of its repetitions: for tools that know names once only, like "
                    "github-action-benchmark");
  command->callback([results, medians, &action] {
    action = [results, medians] {
      const auto entries = *medians ? BenchmarkEntries::medians : BenchmarkEntries::repetitions;
      fmt::print("{}\n", to_google_benchmark(load_records(*results), entries));
      return kDone;
    };
  });
}

}  // namespace dictbench

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "harness/commands/commands.h"
#include "harness/commands/printing.h"

namespace dictbench {
namespace {

// The distribution's own, for which packages.txt has matplotlib and Jinja2; another one may come first in PATH.
constexpr const char* kPython = "/usr/bin/python3";

struct ReportArguments {
  std::vector<std::string> results, also;
  std::string out = "dictbench-report";
};

// Without a slash at its end, which would be taken for one folder more.
std::filesystem::path whole_path(const std::filesystem::path& path) {
  const std::filesystem::path whole = std::filesystem::weakly_canonical(path);
  return whole.has_filename() ? whole : whole.parent_path();
}

// Holds the Python package `plots`.
std::filesystem::path folder_of_plots() {
  const char* set = std::getenv("DICTBENCH_PLOTS");
  return whole_path(set != nullptr && *set != '\0' ? set : DICTBENCH_SOURCE "/plots").parent_path();
}

void write_tables(const std::filesystem::path& file, const std::vector<Table>& tables, const std::string& format) {
  std::ofstream stream(file, std::ios::trunc);
  stream << render_tables(tables, format) << std::flush;
  if (!stream) throw std::runtime_error(fmt::format("cannot write {}", file.string()));
}

// Becomes the program that draws, so that its exit code is ours.
[[noreturn]] void draw(const ReportArguments& arguments, const std::string& tables) {
  std::vector<std::string> words = {kPython, "-m", "plots", "--tables", tables, "--out", arguments.out};
  const auto add = [&](const char* option, const std::vector<std::string>& files) {
    if (files.empty()) return;
    words.emplace_back(option);
    words.insert(words.end(), files.begin(), files.end());
  };
  add("--records", arguments.results);
  add("--sources", arguments.also);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  setenv("PYTHONPATH", folder_of_plots().c_str(), 1);
  setenv("PYTHONSAFEPATH", "1", 1);  // else a plots.py of the working directory came first
  execv(kPython, argv.data());
  throw std::system_error(errno, std::generic_category(),
                          fmt::format("no pictures: {} cannot be started; apt-get install python3", kPython));
}

int make_report(const ReportArguments& arguments) {
  require_folder_of(whole_path(arguments.out));
  std::vector<std::string> all = arguments.results;
  all.insert(all.end(), arguments.also.begin(), arguments.also.end());
  const std::vector<Table> tables = build_all_tables(load_records(all), table_context());
  const std::filesystem::path folder = arguments.out;
  std::filesystem::create_directory(folder);
  write_tables(folder / "tables.md", tables, "markdown");
  write_tables(folder / "tables.json", tables, "json");
  draw(arguments, folder / "tables.json");
}

}  // namespace

void add_report_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<ReportArguments>();
  CLI::App* command = app.add_subcommand("report", "pictures, tables and every record behind them, as one HTML file");
  command->add_option("--results", arguments->results, "record file of one machine; repeatable")
      ->allow_extra_args(false)
      ->required();
  command
      ->add_option("--also", arguments->also,
                   "record file that the tables are made of as well, and that is not drawn; repeatable")
      ->allow_extra_args(false);
  command->add_option("--out", arguments->out, "folder for report.html, pictures, tables.md and tables.json");
  command->callback([arguments, &action] { action = [arguments] { return make_report(*arguments); }; });
}

}  // namespace dictbench

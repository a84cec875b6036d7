#!/usr/bin/env bash
# Sets up, builds, runs, tests. `./run_all.sh --help` tells what there is.
#
# Progress goes to standard error, tables to standard output. Exit codes are those of the programs called:
# 0 done, 1 a check failed, 2 usage, 3 the environment could not give a valid result.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly root
# The distribution's own Python, for which the packages are; another one may come first in PATH.
readonly python=/usr/bin/python3
readonly environment_failed=3

say() { echo "$*" >&2; }

# shellcheck source=setup/packages.sh
source "$root/setup/packages.sh"
# shellcheck source=setup/build.sh
source "$root/setup/build.sh"
# shellcheck source=setup/originals.sh
source "$root/setup/originals.sh"

usage() {
  cat <<'TEXT'
usage: ./run_all.sh [COMMAND]

  (none)               set up, build, run the standard suite (about 18 minutes), print the table to choose by, what the run
                       warns of, and where report, records and all tables lie
  --tables             the same, and print all tables
  --smoke              every engine, workload and table once and tiny: does everything run? Nothing of it is to be compared
  build                set up and build only: leaves the command at build/dictbench, and build/tests/conformance for
                       engines of your own
  test                 set up, build, run all tests
  test --sanitizers    before that, the tests under AddressSanitizer, UBSan and ThreadSanitizer
  host                 set up, build, the standard suite in at least nine rounds, and its records into
                       results/hosts/NAME/standard.jsonl: adds this machine to the tables hosts and across-hosts (an hour
                       and a half, and ten minutes for the documents' programs; read docs/hosts.md before)
  torture              set up, build, the long torture: 1,000 kills of every engine, all other faults, millions of
                       operations checked for linearizability (about 15 minutes)
  rivals [ROUNDS]      set up, build, lockfree beside the best in-process tables and the other shared dicts, at least 6 (7)
                       rounds of each, then the table lockfree-rivals (about 15 minutes, on a quiet machine)
  tier                 set up, build, the documents' programs over Python's shared dicts: seven rounds of what the table
                       python-targets is made of, three of everything (about 10 minutes); the standard suite has one round
  originals            set up, install the documents' own packages from the Python package index, where it answers, into
                       build/originals, so that the Python tier measures them too
  targets [ROUNDS]     set up, build, bucket-table and stream-log beside what they are to beat, at least 6 (7) rounds, then the
                       table design-targets (about 6 minutes, on a quiet machine)
  package              set up, build a Debian package of the command, its data and pages, and say where it lies
  agreement            set up, build, compare with redis-benchmark, memcslap and dictbench_micro (minutes, on a quiet machine)
  --help               this text

Missing packages (packages.txt) are installed with apt-get as root or through sudo; without either they are
listed with the line that installs them, and the rest runs.
TEXT
}

usage_error() {
  say "run_all.sh: $1; ./run_all.sh --help lists what there is"
  exit 2
}

# Tables, pictures and report from the records; a machine without matplotlib or Jinja2 still gets its tables. $3: a
# further record file that the tables are made of, or nothing.
make_report() {
  local records=$1 report=$2 status=0 page
  local also=(${3:+--also "$3"})
  page=$("$root/build/dictbench" report --results "$records" "${also[@]}" --out "$report") || status=$?
  # 3: what draws is missing, or nothing can be drawn; it said so.
  if ((status != 0 && status != environment_failed)); then exit "$status"; fi
  if [[ -n $page ]]; then say "report:  $page"; fi
  say "tables:  $report/tables.md, and $report/tables.json"
}

# Appends the Python tier's records. $1: record file; $2: standard, smoke, or full for what committed records are made of.
run_tier() {
  local records=$1 kind=$2 status=0
  local tier=(env "PYTHONPATH=$root/build/python:$root/python" "$python" -m tier --out "$records")
  if [[ ! -e $root/build/python/dictbench/__init__.py ]]; then
    say "tier: SharedDict is missing, the binding was not built: apt-get install pybind11-dev python3-dev; the rest runs"
  fi
  case $kind in
    smoke) "${tier[@]}" --smoke || status=$? ;;
    standard | host) "${tier[@]}" --repetitions 1 || status=$? ;;
    full)
      "${tier[@]}" --repetitions 3 || status=$?
      "${tier[@]}" --repetitions 7 --targets || status=$?
      ;;
  esac
  return "$status"
}

# The Python tier alone, more often than in the standard suite, and its tables.
run_tier_alone() {
  local dictbench=$root/build/dictbench records status=0 table
  records=$root/build/results/tier-$(date -u +%Y%m%dT%H%M%SZ)-$$.jsonl
  mkdir -p "$root/build/results"
  ln -sfn "$(basename "$records")" "$root/build/results/latest-tier.jsonl"
  run_tier "$records" full || status=$?
  if [[ ! -s $records ]]; then exit "$((status ? status : environment_failed))"; fi
  for table in mpdict-1m redis-100k pyshmht-mp pyshmht-64b ultra-old ultra-new ultra-rank ultra-rank-more smd-sync lock-counter \
    claims python-targets; do
    "$dictbench" table "$table" --results "$records"
  done
  say "records: $records"
  exit "$status"
}

# Runs a suite, prints what to look at first, draws its report. $1: standard, host or smoke; $2: folder of the report; $3: add,
# to put the records into this machine's folder under results/hosts, or tables, to print them all.
run_suite() {
  local suite=$1 report=$2 more=${3:-} records status=0
  local dictbench=$root/build/dictbench
  records=$root/build/results/$suite-$(date -u +%Y%m%dT%H%M%SZ)-$$.jsonl
  mkdir -p "$root/build/results" "$report"
  say "run: the $suite suite, records in $records"
  ln -sfn "$(basename "$records")" "$root/build/results/latest-$suite.jsonl"
  "$dictbench" run --suite "$suite" --out "$records" --format none || status=$?
  # A machine's committed records have the documents' programs too, in fewer rounds.
  if [[ $suite == host ]]; then "$dictbench" run --suite documents --out "$records" --format none || status=$?; fi
  run_tier "$records" "$suite" || status=$?
  # Without records there is nothing to show; with them, a failed cell shows in the tables as what it is.
  if [[ ! -s $records ]]; then exit "$((status ? status : environment_failed))"; fi
  # What the last long torture found stands beside what the engines promise.
  local files=(--results "$records") torture=$root/build/results/latest-torture.jsonl
  if [[ -s $torture ]]; then files+=(--results "$torture"); else torture=; fi
  if [[ $more == add ]]; then "$dictbench" hosts add "$records" --as standard --replace || exit $?; fi
  make_report "$records" "$report" "$torture"
  if [[ $more == tables ]]; then
    cat "$report/tables.md"
  elif [[ $suite == smoke ]]; then
    echo "Nothing of this run is to be compared: it was once and tiny, to see that everything runs."
  else
    "$dictbench" table overview "${files[@]}"
  fi
  say "records: $records"
  exit "$status"
}

# Appends to one record file what every fault does to every engine, and whether long histories keep the promised
# order; prints the table of both. boost-map, the quickest, gets ten times as many operations.
run_torture() {
  local dictbench=$root/build/dictbench records status=0
  records=$root/build/results/torture-$(date -u +%Y%m%dT%H%M%SZ)-$$.jsonl
  mkdir -p "$root/build/results"
  ln -sfn "$(basename "$records")" "$root/build/results/latest-torture.jsonl"
  # A disk that is kept busy by others stalls sqlite-wal and lmdb for seconds.
  "$dictbench" torture --kills 1000 --patience 30 --out "$records" || status=$?
  "$dictbench" check --operations 1000000 --kills 20 --out "$records" || status=$?
  "$dictbench" check --engine boost-map --operations 10000000 --kills 20 --out "$records" || status=$?
  if [[ -s $records ]]; then "$dictbench" table contracts --results "$records"; fi
  say "records: $records; ./run_all.sh shows them in its report too"
  exit "$status"
}

# Measures what the table lockfree-rivals is made of into one record file, and prints the table. Ratios hold within a run
# only, so each run has both sides of its own: in-process tables, for each length of keys; the other shared dicts,
# up to a hundred times slower; the tail of gets while a table grows; how long a large one holds up others when it
# does; and what long churn does to the storage.
# $RIVALS_ENGINE stands in for lockfree.
run_rivals() {
  local rounds=$1 dictbench=$root/build/dictbench own=${RIVALS_ENGINE:-lockfree} records status=0
  records=$root/build/results/rivals-$(date -u +%Y%m%dT%H%M%SZ)-$$.jsonl
  mkdir -p "$root/build/results"
  ln -sfn "$(basename "$records")" "$root/build/results/latest-rivals.jsonl"
  cd "$root" # so that the record names the workload's file by its place in the tree
  local run=("$dictbench" run --engine "$own" --out "$records" --format none)
  local keys=() size
  for size in 8 15 16 24 40; do keys+=(--workload "workloads/rivals/keys-$size.toml"); done
  "${run[@]}" --repetitions "$rounds" --engine local --processes 1 "${keys[@]}" --seconds 0.25 || status=$?
  "${run[@]}" --repetitions "$rounds" --engine local --engine rival-cuckoo --engine rival-tbb --processes 2 "${keys[@]}" \
    --seconds 0.25 || status=$?
  "${run[@]}" --repetitions "$rounds" --engine rival-cuckoo --engine rival-tbb --processes 2 --workload zipf-95-5 || status=$?
  "${run[@]}" --repetitions "$rounds" --processes 1,2 --workload get-uniform --workload get-batch-32 || status=$?
  "${run[@]}" --repetitions "$rounds" --engine local --processes 1 --workload load-1m || status=$?
  "${run[@]}" --repetitions 7 --engine boost-map --engine lmdb --engine 'sqlite-wal?timeout=60000' --engine redis --engine memcached \
    --workload workloads/rivals/get-uniform-1s.toml || status=$?
  "${run[@]}" --repetitions "$rounds" --engine rival-cuckoo --engine rival-tbb --workload growth-tail || status=$?
  "${run[@]}" --repetitions "$rounds" --workload workloads/rivals/growth-10m.toml \
    --workload workloads/rivals/growth-10m-writers.toml || status=$?
  "${run[@]}" --repetitions 7 --workload workloads/rivals/churn-long.toml || status=$?
  if [[ -s $records ]]; then "$dictbench" table key-sizes --results "$records" && "$dictbench" table lockfree-rivals --results "$records"; fi
  say "records: $records"
  exit "$status"
}

# The same for the table design-targets: the bucket-tables, stream-log beside local, and how fast stream-log catches up.
run_targets() {
  local rounds=$1 dictbench=$root/build/dictbench long='bucket-table?key=256&load=50&value=1024' records status=0
  records=$root/build/results/targets-$(date -u +%Y%m%dT%H%M%SZ)-$$.jsonl
  mkdir -p "$root/build/results"
  ln -sfn "$(basename "$records")" "$root/build/results/latest-targets.jsonl"
  cd "$root" # so that the record names the workload's file by its place in the tree
  local run=("$dictbench" run --targets --repetitions "$rounds" --out "$records" --format none)
  "${run[@]}" --engine bucket-table --engine "$long" --workload pyshmht-64b || status=$?
  "${run[@]}" --engine bucket-table --engine 'bucket-table?key=16&value=16' --engine "$long" \
    --workload workloads/targets/pyshmht-mp-items.toml || status=$?
  "${run[@]}" --engine stream-log --engine local --processes 1,2 --workload get-uniform --workload update-uniform \
    --workload load-1m || status=$?
  "$dictbench" cases --targets --engine 'stream-log?buffer=16M' --items 10000,100000 --updates 10000 --repetitions "$rounds" \
    --out "$records" >/dev/null || status=$?
  if [[ -s $records ]]; then "$dictbench" table design-targets --results "$records"; fi
  say "records: $records"
  exit "$status"
}

main() {
  local command=${1:-run}
  case $command in
    run | --smoke | --tables | build | host | torture | tier | originals | package | agreement | --help | -h)
      if (($# > 1)); then usage_error "$command takes no argument, '$2' was given"; fi
      if [[ $# -eq 1 && $command == run ]]; then usage_error "unknown command 'run'"; fi
      ;;
    rivals | targets)
      if (($# > 2)) || [[ ! ${2:-7} =~ ^[0-9]{1,3}$ ]] || ((10#${2:-7} < 6)); then
        usage_error "$command takes a number of rounds from 6 to 999 or nothing, '${*:2}' was given"
      fi
      ;;
    test)
      if (($# > 2)) || [[ ${2:---sanitizers} != --sanitizers ]]; then
        usage_error "test takes --sanitizers or nothing, '${*:2}' was given"
      fi
      ;;
    *) usage_error "unknown command '$command'" ;;
  esac

  case $command in
    --help | -h)
      usage
      return
      ;;
  esac
  set_up
  require_build_tools
  case $command in
    build) build_commands ;;
    torture)
      build release dictbench
      run_torture
      ;;
    rivals)
      build release dictbench
      run_rivals "$((10#${2:-7}))"
      ;;
    tier)
      build release dictbench
      run_tier_alone
      ;;
    originals) install_originals ;;
    package) build_package ;;
    targets)
      build release dictbench
      run_targets "$((10#${2:-7}))"
      ;;
    agreement)
      build release
      "$python" "$root/tests/agreement/agree.py"
      ;;
    run)
      build release dictbench
      run_suite standard "$root/build/report"
      ;;
    --tables)
      build release dictbench
      run_suite standard "$root/build/report" tables
      ;;
    host)
      build release dictbench
      run_suite host "$root/build/report" add
      ;;
    --smoke)
      build release dictbench
      run_suite smoke "$root/build/report-smoke"
      ;;
    test)
      if [[ ${2:-} == --sanitizers ]]; then test_with_sanitizers; fi
      test_release
      ;;
  esac
}

main "$@"

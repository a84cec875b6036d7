# shellcheck shell=bash
# Builds and tests by CMake's presets; sourced by run_all.sh, which sets `root`, `python`, `environment_failed`, `say`.

require_build_tools() {
  local tool
  for tool in cmake g++; do
    if ! command -v "$tool" >/dev/null; then
      say "build: $tool is not installed; apt-get install $tool"
      exit "$environment_failed"
    fi
  done
}

build_folder() {
  case $1 in
    release) echo "$root/build" ;;
    *) echo "$root/build-$1" ;;
  esac
}

# Configures a preset; its output shows only when it fails or warns.
configure() {
  local preset=$1 folder options=() log
  folder=$(build_folder "$preset")
  # A folder keeps the generator that it was made with.
  if [[ ! -e $folder/CMakeCache.txt ]] && command -v ninja >/dev/null; then options+=(-G Ninja); fi
  # Elsewhere a compiler newer than ours must not stop a user by a new warning.
  if [[ ${CI:-} == true ]]; then options+=(-DDICTBENCH_WERROR=ON); else options+=(-DDICTBENCH_WERROR=OFF); fi
  mkdir -p "$folder"
  log=$folder/configure.log
  if ! (cd "$root" && cmake --preset "$preset" "${options[@]}") >"$log" 2>&1; then
    cat "$log" >&2
    say "build: cmake could not configure the preset $preset, for the reason above"
    exit "$environment_failed"
  fi
}

# build PRESET [TARGET]: everything without a target.
build() {
  local preset=$1 folder target=()
  folder=$(build_folder "$preset")
  if (($# > 1)); then target=(--target "$2"); fi
  say "build: $preset into ${folder#"$root"/}/"
  configure "$preset"
  cmake --build "$folder" --parallel "$(nproc)" "${target[@]}" >&2
}

# Not by grep -q: that ends at the first match, and a broken pipe would count as no target.
has_target() { cmake --build "$(build_folder release)" --target help | grep "$1" >/dev/null; }

# The command, and the suite that an engine of one's own is to pass, where GoogleTest is there.
build_commands() {
  build release dictbench
  if has_target conformance; then build release conformance; fi
}

# A Debian package of what is installed (cmake/Install.cmake).
build_package() {
  if ! command -v dpkg-shlibdeps >/dev/null; then
    say "package: dpkg-shlibdeps is not installed; apt-get install dpkg-dev"
    exit "$environment_failed"
  fi
  build_commands
  if has_target dictbench_micro; then build release dictbench_micro; fi
  say "package:"
  (cd "$(build_folder release)" && cpack -G DEB) | sed -n 's/^CPack: - package: \(.*\) generated\.$/\1/p'
}

# ThreadSanitizer of g++ 12 and 13 stops where the kernel randomises addresses by more bits than it knows.
# Containers may forbid to turn that off: then it is left to luck.
without_address_randomisation() {
  if setarch -R true 2>/dev/null; then setarch -R "$@"; else "$@"; fi
}

test_with_sanitizers() {
  local preset
  for preset in asan tsan; do
    # The build runs the test programs as well, to list their cases.
    configure "$preset"
    say "build: $preset into build-$preset/"
    without_address_randomisation cmake --build "$(build_folder "$preset")" --parallel "$(nproc)" >&2
    (cd "$root" && without_address_randomisation ctest --preset "$preset" --parallel "$(nproc)")
  done
}

# Both suites run whatever the first one finds, so that one call tells everything.
test_release() {
  local status=0
  build release
  (cd "$root" && ctest --preset release --parallel "$(nproc)") || status=1
  if "$python" -c 'import pytest' 2>/dev/null; then
    (cd "$root" && "$python" -m pytest tests -q) || status=1
  else
    say "test: the Python tests need pytest; apt-get install python3-pytest"
    ((status)) || status=$environment_failed
  fi
  exit "$status"
}

# shellcheck shell=bash
# Installs the originals, packages that only the Python package index has, into build/originals; sourced by run_all.sh.
#
# All of it is optional: what cannot be had is told, and its rows in the Python tier say `unavailable`.

# One package, without what it needs if that is given too. $1: pip; $2...: names.
install_original() {
  local pip=$1
  shift
  if timeout 300 "$pip" install --quiet --timeout 20 --retries 1 --prefer-binary "$@" >&2; then
    say "originals: $* installed"
  else
    say "originals: $* cannot be had here; going on without"
  fi
}

# pyshmht's extension is written for Python 2: its source is adapted on the way (setup/originals/shmht.sed).
install_shmht() {
  local folder=$1 packages=$2 source
  source=$folder/source
  rm -rf "$source"
  mkdir -p "$source"
  if timeout 300 "$folder/bin/pip" download --quiet --timeout 20 --retries 1 --no-deps --no-build-isolation --no-binary :all: \
      --dest "$source" pyshmht >&2 && tar -xzf "$source"/pyshmht-*.tar.gz -C "$source" --strip-components 1 &&
    sed -f "$root/setup/originals/shmht.sed" "$source/shmht.c" >"$source/shmht3.c" &&
    gcc -O2 -DNDEBUG -shared -fPIC -w "-I$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')" \
      "$source/shmht3.c" "$source/hashtable.c" -o "$packages/shmht.so"; then
    say "originals: pyshmht's binding shmht built"
  else
    say "originals: pyshmht cannot be had here; going on without"
  fi
}

install_originals() {
  local folder=$root/build/originals packages
  if ! "$python" -m venv --system-site-packages "$folder" >&2; then
    say "originals: no virtual environment; apt-get install python3-venv"
    exit "$environment_failed"
  fi
  packages=$("$folder/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["platlib"])')
  # shared_lock=True needs the other two.
  install_original "$folder/bin/pip" UltraDict atomics psutil
  install_original "$folder/bin/pip" shared-memory-dict
  install_shmht "$folder" "$packages"
  say "originals: mpdict is not in the index; built from its repository into $packages it is measured as well"
}

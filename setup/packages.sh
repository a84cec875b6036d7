# shellcheck shell=bash
# Installs what is missing of packages.txt; sourced by run_all.sh, which sets `root` and `say`.
#
# With everything there, one dpkg-query is all that happens. Without root or sudo the missing packages are told
# with the line that installs them, and the caller goes on with what is there.

readonly server_packages=" redis-server valkey-server memcached "

# Lines of packages.txt without comments: NAME or NAME|OTHER.
listed_packages() {
  sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$root/packages.txt"
}

# The lines of packages.txt of which no alternative is installed.
missing_lines() {
  local lines installed line name names found
  mapfile -t lines < <(listed_packages)
  IFS='|' read -r -d '' -a names < <(printf '%s|' "${lines[@]}") || true
  # dpkg-query fails when it does not know one of the names, and tells about the others all the same.
  installed=" $(dpkg-query -W -f='${db:Status-Abbrev}${Package} ' "${names[@]}" 2>/dev/null || true)"
  for line in "${lines[@]}"; do
    found=no
    IFS='|' read -r -a names <<<"$line"
    for name in "${names[@]}"; do
      if [[ $installed == *" ii $name "* ]]; then found=yes; fi
    done
    if [[ $found == no ]]; then echo "$line"; fi
  done
}

distribution_has() {
  [[ $(apt-cache policy "$1" 2>/dev/null) == *"Candidate: "[!\(]* ]]
}

# For each line given, the first alternative that the distribution has; what it has not goes to stderr.
first_available() {
  local line name names
  for line in "$@"; do
    IFS='|' read -r -a names <<<"$line"
    for name in "${names[@]}"; do
      if distribution_has "$name"; then
        echo "$name"
        continue 2
      fi
    done
    say "no package ${line//|/ or } in this distribution (Ubuntu: is 'universe' enabled?); going on without it" >&2
  done
}

# Runs a command as root: directly or through sudo (without asking when there is nobody to ask).
as_root() {
  if ((EUID == 0)); then
    "$@"
  elif [[ -t 0 ]]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

can_be_root() {
  ((EUID == 0)) || { command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; }
}

apt_install() {
  # RUNLEVEL=1 keeps a System V init from starting the servers that are installed.
  as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends "$@"
}

# Debian starts and enables a server as soon as it is installed; dictbench only needs the programs. While the
# packages are set up systemd's units are masked (in /run: nothing stays after a reboot), then disabled. Servers that
# were there before are left alone.
install_without_starting() {
  local units=() name status=0
  for name in "$@"; do
    if [[ $server_packages == *" $name "* ]]; then units+=("$name.service"); fi
  done
  if [[ ! -d /run/systemd/system || ${#units[@]} -eq 0 ]]; then
    apt_install "$@"
    return
  fi
  as_root systemctl --quiet mask --runtime "${units[@]}" || true
  apt_install "$@" || status=$?
  as_root systemctl --quiet unmask --runtime "${units[@]}" || true
  as_root systemctl --quiet disable "${units[@]}" || true
  say "set-up: ${units[*]} installed, neither started nor enabled"
  return "$status"
}

# Whether apt's lists were fetched within a day: then what they do not name does not exist, and fetching them again at
# every call would only take time.
lists_are_fresh() {
  compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null && [[ -n $(find /var/lib/apt/lists/partial -maxdepth 0 -mmin -1440) ]]
}

install_lines() {
  local wanted
  mapfile -t wanted < <(first_available "$@" 2>/dev/null)
  if ((${#wanted[@]} < $#)) && ! lists_are_fresh; then as_root apt-get update -q; fi
  mapfile -t wanted < <(first_available "$@")
  if ((${#wanted[@]} == 0)); then return 0; fi
  say "set-up: installing ${wanted[*]}"
  # A package list that is too old names files which are gone: fetch it anew and try once more.
  install_without_starting "${wanted[@]}" || { as_root apt-get update -q && install_without_starting "${wanted[@]}"; }
}

set_up() {
  local lines
  if ! command -v dpkg-query >/dev/null; then
    say "set-up: no dpkg here; the libraries to install are named in packages.txt; going on with what is there"
    return 0
  fi
  mapfile -t lines < <(missing_lines)
  if ((${#lines[@]} == 0)); then return 0; fi
  if ! can_be_root; then
    say "set-up: missing: ${lines[*]}"
    say "set-up: neither root nor sudo; this installs them: apt-get install --no-install-recommends ${lines[*]%%|*}"
    say "set-up: going on with what is there"
    return 0
  fi
  say "set-up: missing: ${lines[*]}"
  install_lines "${lines[@]}" >&2 || say "set-up: apt-get could not install everything; going on with what is there"
}

"""The machine and the build, told as harness/meters/host.cc tells them, so that records of both tiers lie in one file."""

import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_CPU0 = Path("/sys/devices/system/cpu/cpu0")


def _first_line(path: Path) -> str:
    try:
        return path.read_text().split("\n", 1)[0]
    except OSError:
        return f"unavailable: {path} is not there"


def _field(path: Path, name: str) -> str:
    """Value of the first line of a "name : value" file whose name matches."""
    try:
        for line in path.read_text().splitlines():
            if line.startswith(name):
                return line.replace("=", ":", 1).split(":", 1)[1].strip(' \t"')
    except OSError:
        pass
    return f"unavailable: no '{name}' in {path}"


def _virtualization() -> str:
    if " hypervisor" not in _field(Path("/proc/cpuinfo"), "flags"):
        return "none seen"
    vendor = _first_line(Path("/sys/class/dmi/id/sys_vendor"))
    return "virtual machine" if vendor.startswith("unavailable") else f"virtual machine ({vendor})"


def _cpu_model() -> str:
    """Arm has no model name: who made the core and which it is."""
    cpuinfo = Path("/proc/cpuinfo")
    model, maker, part = (_field(cpuinfo, name) for name in ("model name", "CPU implementer", "CPU part"))
    if model.startswith("unavailable") and not (maker + part).count("unavailable"):
        return f"CPU implementer {maker} part {part}"
    return model


def facts() -> dict:
    cpuinfo = Path("/proc/cpuinfo")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return {
        "cpu_model": _cpu_model(),
        "cpu_stepping": _field(cpuinfo, "stepping"),
        "cpu_mhz": _field(cpuinfo, "cpu MHz"),
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.1f} GiB",
        "governor": _first_line(_CPU0 / "cpufreq/scaling_governor"),
        "architecture": platform.machine(),
        "kernel": platform.release(),
        "os": _field(Path("/etc/os-release"), "PRETTY_NAME"),
        "virtualization": _virtualization(),
        "load_average": f"{os.getloadavg()[0]:.2f}",
    }


def warnings(most_processes: int) -> list[str]:
    cpus, load, found = os.cpu_count() or 1, os.getloadavg()[0], []
    governor = _first_line(_CPU0 / "cpufreq/scaling_governor")
    if not governor.startswith("unavailable") and governor != "performance":
        found.append(f"the CPU governor is '{governor}': clock rates will wander; "
                     "run: sudo cpupower frequency-set -g performance")
    if load > 0.5 * cpus:
        found.append(f"load average {load:.1f} on {cpus} CPUs: something else is running; stop it or expect wide intervals")
    if most_processes > cpus:
        found.append(f"{most_processes} processes on {cpus} CPUs: they take turns")
    return found


def build() -> dict:
    """What stands in a run record for the compiler: the interpreter that ran the tier."""
    return {"compiler": f"{platform.python_implementation()} {platform.python_version()}", "flags": "",
            "build_type": platform.python_compiler()}


def commit() -> tuple[str, bool]:
    """(commit, whether files differ from it) of the tree; "unknown" outside a checkout."""
    def git(*arguments: str) -> str:
        return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True).stdout
    try:
        return git("rev-parse", "HEAD").strip(), bool(git("status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.CalledProcessError):
        return "unknown", False


def python_version() -> str:
    return sys.version.split()[0]

"""dictbench completion: bash's is run, the others are read by their shells; each tells what the command has."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time

import pytest


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    from locations import COMMAND

    if not COMMAND.exists():
        pytest.skip(f"{COMMAND} is not built: ./run_all.sh build")
    return subprocess.run([COMMAND, "completion", "bash"], capture_output=True, text=True, check=True).stdout


def complete(script, tmp_path, *words):
    """What bash offers for the last of `words`, after `dictbench`."""
    quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in ("dictbench", *words))
    lines = f"COMP_WORDS=({quoted})\nCOMP_CWORD={len(words)}\n_dictbench\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    result = subprocess.run(["bash", "--norc"], input=script + lines, capture_output=True, text=True, cwd=tmp_path, timeout=20)
    assert result.returncode == 0 and result.stderr == "", result.stderr
    return result.stdout.split()


def test_commands(script, tmp_path):
    assert complete(script, tmp_path, "to") == ["torture"]
    assert {"run", "list", "choose", "render", "completion"} <= set(complete(script, tmp_path, ""))


def test_every_command_and_option_of_the_help(script, tmp_path, dictbench):
    help_of = lambda *words: dictbench(*words, "--help").stdout
    commands = re.findall(r"^  (\w[\w-]*)  +\w", help_of().split("Subcommands:")[1], re.M)
    assert set(complete(script, tmp_path, "")) - {"--help", "--version"} == set(commands)
    for command in commands:
        told = set(re.findall(r"--[a-z][a-z0-9-]*", "\n".join(
            line for line in help_of(command).splitlines() if re.match(r"  -", line)
        )))
        options = {name for name in told if name in set(complete(script, tmp_path, command, "--"))}
        first = {re.search(r"--[a-z][a-z0-9-]*", line).group() for line in help_of(command).splitlines()
                 if re.match(r"  -", line)}
        assert first <= options, command


@pytest.mark.parametrize(
    "words, offered",
    [
        (["run", "--engine", "lock"], ["lockfree"]),
        (["run", "--out", "x.jsonl", "--engine", "sq"], ["sqlite-wal"]),
        (["run", "--workload", "zipf"], ["zipf-95-5"]),
        (["table", "blob"], ["blob-growth"]),
        (["table", "needs", "--format", "j"], ["json"]),
        (["torture", "--faults", "kill,sto"], ["kill,stop"]),
        (["choose", "--must", "shared,dur"], ["shared,durable"]),
        (["list", "w"], ["workloads"]),
        (["completion", "z"], ["zsh"]),
        (["run", "--processes", ""], []),
        (["nosuch", ""], []),
    ],
)
def test_values(script, tmp_path, words, offered):
    assert complete(script, tmp_path, *words) == offered


def test_files_where_files_are_meant(script, tmp_path):
    (tmp_path / "page.md").touch()
    (tmp_path / "zipf-own.toml").touch()
    assert complete(script, tmp_path, "render", "pa") == ["page.md"]
    assert complete(script, tmp_path, "run", "--out", "pa") == ["page.md"]
    assert complete(script, tmp_path, "run", "--workload", "zipf") == ["zipf-95-5", "zipf-own.toml"]


def test_scripts_are_sound(dictbench, tmp_path):
    checks = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}
    for shell, check in checks.items():
        result = dictbench("completion", shell)
        assert result.returncode == 0
        file = tmp_path / f"script.{shell}"
        file.write_text(result.stdout)
        if shutil.which(check[0]):
            checked = subprocess.run([*check, file], capture_output=True, text=True, timeout=20)
            assert checked.returncode == 0 and checked.stderr == "", checked.stderr
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", "-s", "bash", tmp_path / "script.bash"], check=True, timeout=30)


def test_fish_offers_engines(dictbench, tmp_path):
    if not shutil.which("fish"):
        pytest.skip("needs fish")
    (tmp_path / "s.fish").write_text(dictbench("completion", "fish").stdout)
    offered = subprocess.run(
        ["fish", "--no-config", "-c", "source s.fish; complete -C 'dictbench run --engine lock'"],
        cwd=tmp_path, capture_output=True, text=True, timeout=20,
    )
    assert "lockfree" in offered.stdout, offered.stderr
    offered = subprocess.run(
        ["fish", "--no-config", "-c", "source s.fish; complete -C 'dictbench torture --faults kill,sto'"],
        cwd=tmp_path, capture_output=True, text=True, timeout=20,
    )
    assert "kill,stop" in offered.stdout, offered.stderr


@pytest.mark.parametrize("line, offered", [("run --engine lockf", "lockfree"), ("torture --faults kill,sto", "kill,stop"),
                                           ("run --workload zipf-9", "zipf-95-5"), ("table need", "needs")])
def test_zsh_completes_in_a_terminal(dictbench, tmp_path, line, offered):
    if not shutil.which("zsh"):
        pytest.skip("needs zsh")
    (tmp_path / "_dictbench").write_text(dictbench("completion", "zsh").stdout)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        os.execvpe("zsh", ["zsh", "-f", "-i"], {"TERM": "dumb", "PATH": "/usr/bin:/bin", "PS1": "", "HOME": str(tmp_path)})
    try:
        os.write(terminal, b"fpath=($PWD $fpath); autoload -U compinit; compinit -u -D; print rea''dy\n")
        assert "ready" in read_until(terminal, "ready")
        os.write(terminal, f"dictbench {line}\t".encode())
        assert offered in read_until(terminal, offered)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)


def read_until(terminal, text, limit_s=15):
    """What the terminal shows until `text` does, or the time is over."""
    shown, end = "", time.monotonic() + limit_s
    while text not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 65536).decode(errors="replace")
    return shown


def test_an_unknown_shell_is_refused(dictbench):
    result = dictbench("completion", "tcsh")
    assert result.returncode == 2 and "bash" in result.stderr


def test_the_manual_is_sound(dictbench, tmp_path):
    text = dictbench("manual").stdout
    for command in ("run", "choose", "render"):
        assert f".SS {command}\n" in text
    if shutil.which("man"):
        (tmp_path / "dictbench.1").write_text(text)
        read = subprocess.run(["man", "-l", "--warnings", "dictbench.1"], cwd=tmp_path, capture_output=True, text=True,
                              env={"PATH": "/usr/bin:/bin", "MANPAGER": "cat", "LC_ALL": "C.UTF-8"}, timeout=20)
        assert read.returncode == 0 and read.stderr == "", read.stderr

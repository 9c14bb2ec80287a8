"""The completion scripts in the shells they are for."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import project
from fake_agent import FakeAgent
from polling import Unmet, wait_for

STATUS = json.loads((Path(__file__).parent / "screens/healthy.json").read_text())
# What stands before the cursor, and what is offered there; the last word is being typed.
CASES = [
    ("", ["status", "runners", "jobs", "why", "logs", "doctor", "hook", "config", "completion"]),
    ("st", ["status"]),
    ("--s", ["--socket"]),
    ("status --w", ["--watch"]),
    ("runners ", ["list", "show", "drain", "hold", "resume", "hook"]),
    ("runners show acme", ["acme-widgets.build-01", "acme-widgets.build-02"]),
    ("status acme-widgets.build-02", ["acme-widgets.build-02"]),
    ("--socket status runners l", ["list"]),
    ("runners hook install acme", ["acme-widgets.build-01", "acme-widgets.build-02"]),
    ("logs ", ["status", "test", "follow"]),
    ("logs follow --l", ["--level"]),
    ("logs follow --level ", ["critical", "error", "warning", "info", "debug"]),
    ("logs follow --runner acme", ["acme-widgets.build-01", "acme-widgets.build-02"]),
    ("completion ", ["bash", "zsh", "fish"]),
    ("config check agent", ["agent.toml"]),
    ("config show --socket agent", ["agent.toml"]),
]
BASH = """
source <(pawsctl completion bash)
complete -p pawsctl >&2
COMP_WORDS=(pawsctl "$@") COMP_CWORD=$#
_pawsctl
((${#COMPREPLY[@]} == 0)) || printf '%s\\n' "${COMPREPLY[@]}"
"""
# The completion system of zsh needs a terminal; these stand for the four parts of it in use.
ZSH = """
compdef() { registered="$*" }
_describe() { [[ $1 == -o ]] && shift; print -rl -- "${(@)${(@P)2}%%:*}" }
_files() { print -rl -- *(N) }
compadd() { print -rl -- "${(@P)2}" }
source <(pawsctl completion zsh)
[[ $registered == "_pawsctl pawsctl" ]] || exit 1
words=(pawsctl "$@") CURRENT=$(( $# + 1 ))
_pawsctl
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A directory with one file, and the pawsctl under test first in PATH."""
    directory = tmp_path_factory.mktemp("completion")
    (directory / "agent.toml").touch()
    with FakeAgent(lambda *_: STATUS) as agent:
        yield {**os.environ, "PATH": f"{project.build()}/bin:{os.environ['PATH']}",
               "PAWS_SOCKET": str(agent.path), "HOME": str(directory), "PWD": str(directory),
               "LC_ALL": "C.UTF-8"}


def run(command, environment):
    done = subprocess.run(command, env=environment, cwd=environment["PWD"], capture_output=True,
                          text=True, timeout=30, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def is_offered(offered, shown):
    """Names come from the agent, for which a shell waits a second: a slow machine tries again."""
    wait_for(lambda: (seen := shown()) == offered or Unmet(seen), 30, f"{offered} is offered")


def needs(shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")


@pytest.mark.parametrize("line, offered", CASES)
def test_bash(environment, line, offered):
    is_offered(offered, lambda: run(["bash", "-c", BASH, "bash", *line.split(" ")], environment))


@pytest.mark.parametrize("line, offered", CASES)
def test_zsh(environment, line, offered):
    needs("zsh")
    typed = line.split(" ")[-1]

    def matching():
        shown = run(["zsh", "-fc", ZSH, "zsh", *line.split(" ")], environment)
        return [word for word in shown if word.startswith(typed)
                and (typed.startswith("-") or not word.startswith("-"))]

    is_offered(offered, matching)


def test_the_completion_system_of_zsh_takes_the_script(environment):
    needs("zsh")
    script = "autoload -U compinit; compinit -D; source <(pawsctl completion zsh)"
    assert run(["zsh", "-fc", f"{script}; print $_comps[pawsctl]"], environment) == ["_pawsctl"]


@pytest.mark.parametrize("line, offered", CASES)
def test_fish(environment, line, offered):
    needs("fish")
    if line.startswith("--socket status"):
        pytest.skip("fish's own functions take the value of an option for a verb")
    script = "pawsctl completion fish | source; complete -C $argv[1]"
    command = ["fish", "--no-config", "-c", script, f"pawsctl {line}"]
    is_offered(sorted(offered),
               lambda: sorted(row.partition("\t")[0] for row in run(command, environment)))


def test_what_an_agent_calls_a_runner_is_never_run(environment, tmp_path):
    names = [f"$(touch {tmp_path}/pwned)", f"`touch {tmp_path}/pwned`", "a;b", "a b", "*"]
    status = {**STATUS, "runners": [{"name": name} for name in names]}
    with FakeAgent(lambda *_: status) as agent:
        there = {**environment, "PAWS_SOCKET": str(agent.path)}
        shown = wait_for(lambda: run(["bash", "-c", BASH, "bash", "status", ""], there), 30, "words")
        assert len(shown) == len(names)
        quoted = run(["bash", "-c", f"printf '%s\\n' {' '.join(shown)}"], environment)
        assert quoted == names
    assert not (tmp_path / "pwned").exists()


def test_without_an_agent_completion_is_quiet(environment):
    assert run(["bash", "-c", BASH, "bash", "runners", "show", ""],
               {**environment, "PAWS_SOCKET": "/nonexistent"}) == []

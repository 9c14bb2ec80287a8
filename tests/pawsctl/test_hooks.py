"""The verbs around job hooks and `doctor`, away from any host that has them installed."""

import json
import os
import subprocess
import time

import pytest

import project
from fake_agent import FakeAgent, refusal
from pty_process import PtyProcess

HOOKS = "".join(f"ACTIONS_RUNNER_HOOK_JOB_{event.upper()}=/usr/libexec/paws-agent/job-{event}.sh\n"
                for event in ("started", "completed"))


def pawsctl(*arguments, **environment):
    return subprocess.run([project.binary("pawsctl"), *map(str, arguments)], text=True,
                          capture_output=True, stdin=subprocess.DEVNULL, timeout=20,
                          env={**os.environ, "PAWS_SOCKET": "/nowhere", **environment})


def runner_in(tmp_path, environment=None):
    (tmp_path / "run.sh").touch()
    if environment is not None:
        (tmp_path / ".env").write_text(environment)
    return tmp_path


def hook(verb, root, *arguments):
    return pawsctl("runners", "hook", verb, "--root", root, *arguments)


def test_a_hook_exits_with_0_and_soon_whatever_the_host_is_like():
    for event in ("job-started", "job-completed"):
        begin = time.monotonic()
        done = pawsctl("hook", event, GITHUB_REPOSITORY="a/b", GITHUB_RUN_ID="1")
        assert (done.returncode, done.stdout) == (0, "")
        assert time.monotonic() - begin < 10
        assert "ghs_" not in done.stderr


def test_a_script_exits_with_0_where_there_is_no_pawsctl():
    for event in ("started", "completed"):
        script = project.SOURCE / f"packaging/hooks/job-{event}.sh"
        for shell in (["bash", "-e"], ["sh", "-e"]):
            done = subprocess.run([*shell, script], timeout=10, stderr=subprocess.DEVNULL)
            assert done.returncode == 0


def test_hooks_are_shown_and_removed_and_other_lines_stay(tmp_path):
    root = runner_in(tmp_path, f"LANG=C\r\n{HOOKS}# end")
    (root / ".env").chmod(0o640)
    assert hook("show", root).stdout == (
        "job-started: /usr/libexec/paws-agent/job-started.sh\n"
        "job-completed: /usr/libexec/paws-agent/job-completed.sh\n")
    shown = json.loads(hook("show", root, "--json").stdout)
    assert [one["state"] for one in shown["hooks"]] == ["installed", "installed"]
    dry = hook("remove", root, "--dry-run")
    assert dry.returncode == 0 and dry.stdout.count("\n- ACTIONS_RUNNER_HOOK") == 2
    assert HOOKS in (root / ".env").read_text()
    assert hook("remove", root).returncode == 64  # nobody to ask, and no --yes
    assert HOOKS in (root / ".env").read_text()
    done = hook("remove", root, "--yes")
    assert done.returncode == 0 and "systemctl restart" in done.stdout
    assert (root / ".env").read_bytes() == b"LANG=C\r\n# end"
    assert (root / ".env").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in root.iterdir()) == [".env", "run.sh"]
    assert "nothing to change" in hook("remove", root, "--yes").stdout


@pytest.mark.parametrize("answer, code", [(b"\n", 64), (b"n\n", 64), (b"\x04", 64), (b"y\n", 0)])
def test_at_a_terminal_it_asks_and_takes_only_a_yes(tmp_path, answer, code):
    root = runner_in(tmp_path, HOOKS)
    command = [project.binary("pawsctl"), "runners", "hook", "remove", "--root", root]
    with PtyProcess(command, PAWS_SOCKET="/nowhere") as asked:
        asked.wait_for(b"Change it? [y/N] ")
        assert (root / ".env").read_text() == HOOKS
        asked.type(answer)
        assert asked.finish() == code
    assert (root / ".env").read_text() == ("" if code == 0 else HOOKS)


def test_a_foreign_hook_is_shown_as_such(tmp_path):
    root = runner_in(tmp_path, "ACTIONS_RUNNER_HOOK_JOB_STARTED=/opt/x\x1b[2J.sh\n")
    shown = hook("show", root).stdout
    assert "(not ours)" in shown and "\x1b" not in shown
    assert json.loads(hook("show", root, "--json").stdout)["hooks"][1] == {
        "event": "job-completed", "state": "absent", "script": None}


def test_hooks_whose_scripts_are_missing_are_not_installed(tmp_path):
    if os.path.exists("/usr/libexec/paws-agent/job-started.sh"):
        return  # the package is installed here
    root = runner_in(tmp_path)
    done = hook("install", root, "--yes")
    assert done.returncode == 2 and "fails every job" in done.stderr
    assert not (root / ".env").exists()


def test_a_link_in_place_of_env_is_not_followed(tmp_path):
    root = runner_in(tmp_path)
    (tmp_path / "elsewhere").write_text(HOOKS)
    (root / ".env").symlink_to("elsewhere")
    done = hook("remove", root, "--yes")
    assert done.returncode == 2 and "symlink" in done.stderr
    assert (tmp_path / "elsewhere").read_text() == HOOKS


def test_a_directory_that_is_no_runners_is_refused(tmp_path):
    done = hook("show", tmp_path)
    assert done.returncode == 2 and "no runner is there" in done.stderr


def test_without_the_agent_the_way_around_it_is_told():
    done = pawsctl("runners", "hook", "show", "build-01")
    assert done.returncode == 69 and "--root DIR" in done.stderr
    assert pawsctl("runners", "hook", "show").returncode == 64


def test_a_runner_without_a_known_directory_is_not_taken_for_the_root_of_the_host():
    runner = {"name": "acme.build-01", "unit": "u.service", "root": None}
    with FakeAgent(lambda verb, arguments: runner) as agent:
        done = pawsctl("runners", "hook", "show", "build-01", "--socket", agent.path)
    assert done.returncode == 2 and "--root DIR" in done.stderr


def verdicts(done, subject="host"):
    return {one["check"]: one for one in json.loads(done.stdout)["checks"]
            if one["subject"] == subject}


def test_doctor_tells_an_agent_that_is_away_and_how_to_start_it():
    done = pawsctl("doctor", "--json")
    assert done.returncode == 2
    agent = verdicts(done)["agent"]
    assert agent["verdict"] == "failed" and agent["fix"] == "systemctl enable --now paws-agent"


def test_doctor_looks_into_the_directory_that_the_agent_names(tmp_path):
    (tmp_path / "bin").mkdir()
    root = runner_in(tmp_path, "GITHUB_ACTIONS_RUNNER_TLS_NO_VERIFY=1\n" + HOOKS)
    runner = {"name": "acme.build-01", "unit": None, "root": str(root), "version": "2.336.0",
              "time": "2026-11-23T15:00:00Z", "trace": {"error": None},
              "files": {"version_built": "2026-11-20T15:00:00Z"}}
    status = {"version": 1, "time": "2026-11-23T15:00:00Z", "runners": [runner],
              "host": {"clock": {"synchronised": True}},
              "agent": {"version": "0.1.0", "collectors": [{"name": "journal", "success": True}]}}

    def answer(verb, arguments):
        return {"status": status, "runner": runner}.get(verb) or refusal("usage", "no such verb")

    with FakeAgent(answer) as agent:
        done = pawsctl("doctor", "--json", "--socket", agent.path)
        shown = pawsctl("doctor", "--socket", agent.path, COLUMNS="80", LC_ALL="C.UTF-8")
    assert done.returncode == shown.returncode == 2
    found = verdicts(done, "acme.build-01")
    assert found[".env"]["verdict"] == "failed" and "any server" in found[".env"]["what"]
    assert found["program"]["verdict"] == "failed" and "Runner.Listener" in found["program"]["what"]
    assert found["hooks"]["verdict"] == (
        "ok" if os.path.exists("/usr/libexec/paws-agent/job-started.sh") else "failed")
    assert found["_diag"]["verdict"] == "ok" and found["version"]["verdict"] == "ok"
    rows = shown.stdout.splitlines()
    assert max(len(row) for row in rows if not row.startswith("  →")) <= 80
    assert "✗ .env" in shown.stdout and "→ edit" in shown.stdout

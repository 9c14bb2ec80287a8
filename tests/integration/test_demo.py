"""./dev run --demo: a synthetic runner whose processes, journal lines and jobs are real."""

import signal
import subprocess
import sys
from pathlib import Path

import project
from agent_process import AgentProcess
from polling import Unmet, wait_for

NAME = "acme-widgets.demo-01"


def test_the_demo_shows_a_working_runner_and_cleans_up(tmp_path):
    drop_in = tmp_path / "demo.toml"
    demo = subprocess.Popen(
        [sys.executable, project.SOURCE / "tests/support/demo.py", "--build", project.build(),
         "--dir", tmp_path / "demo", "--drop-in", drop_in], stdout=subprocess.PIPE, text=True)
    try:
        assert demo.stdout.readline() == f"{drop_in}\n"
        with AgentProcess(drop_in.read_text()) as agent:
            wait_for(lambda: agent.metrics().state(NAME) == "idle", 30, "idle")
            wait_for(lambda: agent.metrics().state(NAME) == "busy", 30, "busy with its first job")
            wait_for(lambda: agent.metrics().value("paws_runner_jobs_total", runner=NAME,
                                                   result="succeeded") == 1, 30, "a job is done")
            shown = agent.pawsctl("status")
            assert NAME in shown.stdout or "demo-01" in shown.stdout
    finally:
        demo.send_signal(signal.SIGINT)
        code = demo.wait(40)
    assert code == 0
    assert not drop_in.exists()

    def left():
        return [entry for entry in Path("/proc").glob("[0-9]*/cmdline")
                if str(tmp_path / "demo").encode() in read(entry)]

    # Killed is not gone yet.
    wait_for(lambda: not (still := left()) or Unmet(still), 30, "nothing of it runs")


def read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""

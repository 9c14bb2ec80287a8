"""Runner directories that are closed, gone, garbled or huge: the operator is told which and why."""

import os

import pytest

from agent_process import AgentProcess
from polling import wait_for

ENTRY = '[[runners.static]]\nname = "{name}"\nroot = "{root}"\n'


@pytest.fixture
def roots(tmp_path):
    """Four runners by name, each with its fault."""
    found = {name: tmp_path / name / "runner" for name in ("closed", "gone", "garbled", "huge")}
    for name in ("closed", "garbled", "huge"):
        (found[name] / "bin").mkdir(parents=True)
    (found["garbled"] / ".runner").write_bytes(b'\xef\xbb\xbf{"agentId": 7, "agentNa')
    (found["huge"] / ".runner").write_bytes(b'{"agentName": "' + b"x" * 300_000 + b'"}')
    (tmp_path / "closed").chmod(0o000)
    yield found
    (tmp_path / "closed").chmod(0o700)


EXPECTED = {
    "gone": "the runner's directory is not there",
    "garbled": ".runner: ",
    "huge": ".runner",
}
if os.geteuid() != 0:  # root may look anywhere
    EXPECTED["closed"] = "setfacl -m u:paws-agent:x"


def test_each_fault_is_told_with_its_file(roots):
    drop_in = "[runners]\ndiscover = false\n" + "".join(
        ENTRY.format(name=name, root=root) for name, root in roots.items())
    with AgentProcess(drop_in) as agent:
        for name, words in EXPECTED.items():
            told = wait_for(lambda: files_evidence(agent.runner(name)), 30, f"{name} is told of")
            assert words in told, told
            shown = agent.pawsctl("runners", "show", name)
            assert "files: " in shown.stdout, shown.stdout
            assert agent.log().count(f"runner files runner={name} error=") == 1, agent.log()
            assert agent.runner(name)["health"] != "ok"
        wait_for(lambda: agent.metrics().value("paws_agent_collector_success",
                                               collector="runner_files") == 1, 30, "it works")


def files_evidence(runner):
    return next((one["value"] for one in runner["evidence"] if one["fact"] == "files"), None)

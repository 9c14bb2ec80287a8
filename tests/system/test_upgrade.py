"""From one version to the next and back, under load: no runner, no job and no log line suffers.

PAWS_OLDER_PACKAGE: the .deb of an older build to begin with. Without it, this build under an older
number.
"""

import os
import re
from pathlib import Path

import pytest

import project
from agent_unit import UNIT, AgentUnit
from fake_loki import FakeLoki
from nspawn import BootedHost, in_network_of
from polling import Unmet
from runner_unit import RunnerUnit

NEW, OLD = "/root/new.deb", "/root/old.deb"
OLDER = os.environ.get("PAWS_OLDER_PACKAGE")
# Builds of one day have one number; the way from one to the other is what is tested.
MAKE_OLD = f"""
dpkg-deb --raw-extract /root/older.deb /root/old
sed -i 's/^Version: .*/Version: 0.0.1/' /root/old/DEBIAN/control
dpkg-deb --root-owner-group --build /root/old {OLD}
"""
LINES = 400
DATABASE = "/var/lib/paws-agent/paws.db"
USER_VERSION_AT = 60  # sqlite.org/fileformat.html: four bytes, the highest first
CHATTER = f"for n in $(seq {LINES}); do echo line $n; sleep 0.01; done\n"


@pytest.fixture(scope="module")
def host():
    with BootedHost("upgrade", {project.build() / "bin": "/srv/bin",
                                project.SOURCE / "tests/support": "/srv/support"}) as host:
        new = next(iter((project.SOURCE / "build/package").glob("*.deb")))
        host.copy_in(new, NEW)
        host.copy_in(Path(OLDER) if OLDER else new, "/root/older.deb")
        host.run(["sh", "-ec", MAKE_OLD], timeout=60)
        host.write("/root/chatter", CHATTER)
        yield host


@pytest.fixture(scope="module")
def agent(host):
    return AgentUnit(host)


def install(host, package):
    host.run(["env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "-i", package], timeout=120)


def version(host):
    return host.run(["dpkg-query", "-W", "-f", "${Version}", "paws-runner-agent"]).stdout


@pytest.fixture(scope="module")
def loki(host, agent):
    with in_network_of(host.leader, FakeLoki) as loki:
        install(host, OLD)
        host.write("/etc/paws-agent/conf.d/logs.toml",
                   f'[logs]\nloki_url = "{loki.url}"\nbatch_wait = "100ms"\n')
        host.run(["systemctl", "restart", UNIT])
        yield loki


@pytest.fixture(scope="module")
def runner(host, agent, loki):
    runner = RunnerUnit(host, "worked").install(FAKE_RELAUNCH_MS="300").start()
    agent.wait_for_state(runner.name, "idle")
    return runner


def said(loki, unit):
    return [row.line for row in loki.held() if f'unit="{unit}"' in row.labels and row.line.startswith("line ")]


@pytest.mark.parametrize("way, package", [("forth", NEW), ("back", OLD), ("again", NEW)])
def test_nothing_is_lost_on_the_way(host, agent, loki, runner, way, package):
    unit = f"chatter-{way}.service"
    jobs = agent.metrics().sum("paws_runner_jobs_total", runner=runner.name)
    agent_pid, runner_pid = agent.pid(), runner.main_pid()
    runner.tell("job through the upgrade 15 Succeeded")
    agent.wait_for_state(runner.name, "busy")
    host.run(["systemd-run", f"--unit={unit}", "sh", "/root/chatter"])
    install(host, package)
    assert version(host) == host.run(["dpkg-deb", "-f", package, "Version"]).stdout.strip()
    assert agent.pid() not in (0, agent_pid) and runner.main_pid() == runner_pid
    host.wait_for(lambda: agent.runner(runner.name), 30, "the new agent answers")

    host.wait_for(lambda: len(said(loki, unit)) >= LINES, 30, "all lines are there")
    assert said(loki, unit) == [f"line {number}" for number in range(1, LINES + 1)]
    host.wait_for(lambda: agent.metrics().sum("paws_runner_jobs_total", runner=runner.name)
                  == jobs + 1, 30, "the job is counted once")
    last = agent.ask("jobs")["result"]["jobs"][0]
    assert last["name"] == "through the upgrade" and last["result"] == "succeeded"
    assert last["usage"]["cpu_seconds"] is not None


def documented():
    """The commands of docs/upgrade.md: those before an upgrade, and those of the way back."""
    text = (project.SOURCE / "docs/upgrade.md").read_text().split("## Go back")[1]
    before, back = re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[:2]
    assert "apt install" in back and "./OLDER.deb" in back
    return before, back.replace("apt install", "apt-get --yes install").replace("./OLDER.deb", OLD)


def make_the_database_a_newer_ones(host):
    assert host.run(f"test -s {DATABASE}-wal", check=False).returncode != 0, "an agent has it open"
    with open(host.path(DATABASE), "r+b") as file:
        file.seek(USER_VERSION_AT)
        file.write((99).to_bytes(4, "big"))


def error_of_store(agent):
    collectors = agent.ask("status")["result"]["agent"]["collectors"]
    return next((one["error"] or "" for one in collectors if one["name"] == "store"), "")


def jobs_of(agent, runner):
    return agent.metrics().sum("paws_runner_jobs_total", runner=runner.name)


def test_the_documented_way_back_goes_on_from_the_copy(host, agent, loki, runner):
    before, back = documented()
    install(host, OLD)
    host.wait_for(lambda: agent.runner(runner.name), 30, "the older agent answers")
    jobs = jobs_of(agent, runner)
    assert jobs >= 3
    host.run(["sh", "-ec", before], timeout=60)
    install(host, NEW)
    agent.wait_for_state(runner.name, "idle")
    runner.tell("job after the copy 1 Succeeded")
    host.wait_for(lambda: jobs_of(agent, runner) == jobs + 1, 60, "the job is counted")
    agent.stop()
    make_the_database_a_newer_ones(host)
    agent.start()
    host.wait_for(lambda: "is of a newer paws-agent" in (seen := error_of_store(agent)) or Unmet(seen), 30,
                  "it refuses the database")
    agent.stop()
    host.run(["systemd-run", "--wait", "--unit=chatter-meanwhile.service", "sh", "/root/chatter"], timeout=60)
    # As slowly as somebody types: an agent that ran in between would ship lines and note its place.
    host.run(["sh", "-ec", back.replace("\n", "\nsleep 2\n")], timeout=120)
    assert version(host) == host.run(["dpkg-deb", "-f", OLD, "Version"]).stdout.strip()
    assert host.show(UNIT, "ActiveState", "UnitFileState") == {"ActiveState": "active", "UnitFileState": "enabled"}
    agent.wait_for_collectors("store")
    host.wait_for(lambda: jobs_of(agent, runner) == jobs + 1, 30, "the job is read from the journal again")
    names = [job["name"] for job in agent.ask("jobs")["result"]["jobs"]]
    assert names.count("after the copy") == 1 and names.count("through the upgrade") == 3
    host.wait_for(lambda: len(said(loki, "chatter-meanwhile.service")) >= LINES, 30, "all lines are there")
    assert said(loki, "chatter-meanwhile.service") == [f"line {number}" for number in range(1, LINES + 1)]

"""The .rpm on a booted host, by dnf: what it needs, its files and its scripts. The host's files are Debian's
(rpm_host.py), so nothing can be said here of SELinux or of what a RHEL-like calls its packages."""

import contextlib
import subprocess

import pytest

import project
import rpm_host
from agent_unit import UNIT, USER, AgentUnit
from rpm_host import dnf, rpm
from runner_unit import RunnerUnit

PACKAGE = "paws-runner-agent"
NEWER, NEWEST = "99.0.0", "99.0.1"
# What the next version's authors changed in the settings that it ships.
CHANGE = """
file(GLOB_RECURSE settings "${CPACK_TEMPORARY_DIRECTORY}/*/paws-agent/agent.toml")
foreach(file IN LISTS settings)
  file(APPEND "${file}" "# of the newer version\n")
endforeach()
"""


@pytest.fixture(scope="module")
def package():
    packages = list((project.SOURCE / "build/package").glob("*.rpm"))
    assert len(packages) == 1, "./dev package makes it"
    return f"/srv/package/{packages[0].name}"


BINDS = {project.SOURCE / "build/package": "/srv/package", project.build() / "bin": "/srv/bin",
         project.SOURCE / "tests/support": "/srv/support"}


@pytest.fixture(scope="module")
def host():
    with rpm_host.boot("rpm", BINDS) as host:
        yield host


@pytest.fixture(scope="module")
def newer(tmp_path_factory):
    return as_version(NEWER, tmp_path_factory.mktemp("newer"))


@pytest.fixture(scope="module")
def newest(tmp_path_factory):
    return as_version(NEWEST, tmp_path_factory.mktemp("newest"))


def as_version(version, folder):
    """The same programs as a later version."""
    (folder / "change.cmake").write_text(CHANGE)
    scripts = f"{project.SOURCE}/packaging/before_packing.cmake;{folder}/change.cmake"
    made = subprocess.run(
        ["cpack", "-G", "RPM", "-D", f"CPACK_PACKAGE_VERSION={version}",
         "-D", f"CPACK_PACKAGE_DIRECTORY={folder}", "-D", f"CPACK_PRE_BUILD_SCRIPTS={scripts}"],
        cwd=project.build(), capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stdout + made.stderr
    return next(folder.glob("*.rpm"))


@pytest.fixture(scope="module")
def agent(host):
    return AgentUnit(host)


def is_ready(agent):
    with contextlib.suppress(OSError):  # it does not listen yet
        return agent.get("/-/ready").status == 200
    return False


def test_a_host_that_is_too_old_is_refused_by_name(package):
    with rpm_host.boot("rpm-old", BINDS, systemd="251") as host:
        refused = dnf(host, "install", package, check=False)
        assert refused.returncode != 0
        assert "nothing provides systemd >= 252 needed by paws-runner-agent" in refused.stdout + refused.stderr
        assert host.run("ls /usr/bin/paws-agent", check=False).returncode != 0


def test_it_is_enabled_started_and_useful(host, agent, package):
    dnf(host, "install", package)
    host.wait_for(lambda: is_ready(agent), 30, "the agent is ready")
    assert host.show(UNIT, "UnitFileState")["UnitFileState"] == "enabled"
    assert agent.metrics().value("paws_host_cpus") > 0
    assert host.run("ps -o user:20= -C paws-agent").stdout.split() == [USER]
    assert host.run(["stat", "-c", "%U:%G %a", "/etc/paws-agent/secrets"]).stdout.split() == [
        f"root:{USER}", "750"]
    assert rpm(host, "--verify", PACKAGE) == ""


def version(host):
    return rpm(host, "--query", "--queryformat", "%{VERSION}", PACKAGE)


def test_an_upgrade_restarts_the_agent_and_no_runner(host, agent, newer):
    runner = RunnerUnit(host, "upgraded").install(FAKE_RELAUNCH_MS="300").start()
    agent_pid, runner_pid = agent.pid(), host.main_pid(runner.unit)
    own = "[agent]\nlog_level = \"debug\"\n"
    host.write("/etc/paws-agent/agent.toml", own)
    host.copy_in(newer, "/srv/newer.rpm")
    dnf(host, "upgrade", "/srv/newer.rpm")
    assert version(host) == NEWER
    host.wait_for(lambda: agent.pid() not in (0, agent_pid), 30, "a new agent")
    host.wait_for(lambda: is_ready(agent), 30, "it is ready")
    assert host.main_pid(runner.unit) == runner_pid
    assert host.read("/etc/paws-agent/agent.toml") == own
    assert host.read("/etc/paws-agent/agent.toml.rpmnew").endswith("# of the newer version\n")


def test_an_agent_that_was_disabled_stays_so_on_the_way_back_too(host, package):
    host.run(["systemctl", "disable", "--now", UNIT])
    dnf(host, "downgrade", package)
    assert version(host) != NEWER
    shown = host.show(UNIT, "UnitFileState", "ActiveState")
    assert shown == {"UnitFileState": "disabled", "ActiveState": "inactive"}
    host.run(["systemctl", "enable", "--now", UNIT])


def test_an_agent_that_a_fault_kept_from_starting_is_started_by_the_next_version(host, agent, newer, newest):
    good = host.read("/etc/paws-agent/agent.toml")
    host.write("/etc/paws-agent/agent.toml", "[web]\nlisen = [\":1\"]\n")
    upgraded = dnf(host, "upgrade", "/srv/newer.rpm")
    said = upgraded.stdout + upgraded.stderr
    assert version(host) == NEWER and "paws-agent --check-config" in said
    assert "/etc/paws-agent/agent.toml:2:1: [web] 'lisen'" in said
    assert host.show(UNIT, "ActiveState")["ActiveState"] == "failed"
    host.write("/etc/paws-agent/agent.toml", good)
    host.copy_in(newest, "/srv/newest.rpm")
    dnf(host, "upgrade", "/srv/newest.rpm")
    assert version(host) == NEWEST
    host.wait_for(lambda: is_ready(agent), 30, "the agent is ready")


def test_an_agent_that_was_stopped_stays_so(host, package):
    host.run(["systemctl", "stop", UNIT])
    dnf(host, "downgrade", package)
    assert version(host) not in (NEWER, NEWEST)
    assert host.show(UNIT, "ActiveState", "UnitFileState") == {"ActiveState": "inactive", "UnitFileState": "enabled"}
    host.run(["systemctl", "start", UNIT])


def test_removed_it_leaves_what_it_knew_and_what_was_set(host):
    host.wait_for(lambda: host.run("test -s /var/lib/paws-agent/paws.db", check=False)
                  .returncode == 0, 30, "there is a database")
    host.run("mkdir -p /run/paws-inspect/a-runner")  # where an inspection leaves what it found
    host.run("pawsctl runners hook install upgraded --yes")
    removed = dnf(host, "remove", PACKAGE)
    assert "pawsctl runners hook remove acme-widgets.upgraded --yes" in removed.stdout + removed.stderr
    assert host.run("ls /run/paws-inspect", check=False).returncode != 0
    assert host.run("ps -C paws-agent", check=False).returncode != 0
    host.run("test -s /var/lib/paws-agent/paws.db && test -s /etc/paws-agent/agent.toml.rpmsave")
    assert host.run("ls /usr/bin/paws-agent", check=False).returncode != 0


def test_removed_where_no_systemd_runs_it_is_not_enabled_afterwards(host, package):
    link = "/etc/systemd/system/multi-user.target.wants/paws-agent.service"
    dnf(host, "install", package)
    host.run(["test", "-L", link])
    host.run(["systemctl", "stop", UNIT])
    host.run(["unshare", "--mount", "sh", "-ec", f"mount -t tmpfs none /run/systemd; rpm --erase {PACKAGE}"], timeout=60)
    assert host.run(["test", "-L", link], check=False).returncode != 0

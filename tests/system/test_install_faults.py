"""The .deb on hosts where something is amiss: it installs, says what is wrong and what to do, and the
agent is well as soon as that is mended. Each fault has a host of its own."""

import contextlib
import json

import pytest

import project
from agent_unit import UNIT, USER, AgentUnit
from nspawn import BootedHost
from polling import Unmet
from runner_unit import RunnerUnit

PACKAGE = "paws-runner-agent"
DEB = "/root/package.deb"
INSTALL = ["env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "-i", DEB]


@contextlib.contextmanager
def booted(label):
    with BootedHost(label, {project.build() / "bin": "/srv/bin",
                            project.SOURCE / "tests/support": "/srv/support"}) as host:
        host.copy_in(next(iter((project.SOURCE / "build/package").glob("*.deb"))), DEB)
        yield host, AgentUnit(host)


def state(host):
    return host.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", PACKAGE], check=False).stdout


def is_ready(agent):
    with contextlib.suppress(OSError):
        return agent.get("/-/ready").status == 200
    return False


def becomes_ready(host, agent, timeout=30):
    host.wait_for(lambda: is_ready(agent), timeout, "the agent is ready")


def check_of(host, name):
    """What `pawsctl doctor` says of the host under that name."""
    told = json.loads(host.run("pawsctl doctor --json", check=False).stdout)
    return next(one for one in told["checks"] if (one["subject"], one["check"]) == ("host", name))


def test_a_host_without_runners_is_well():
    with booted("bare") as (host, agent):
        host.run(INSTALL, timeout=120)
        becomes_ready(host, agent)
        status = host.run("pawsctl status", check=False)
        assert (status.returncode, status.stderr) == (0, ""), status.stdout
        assert status.stdout.startswith("all well on ") and "no runners" in status.stdout
        assert "No runner was found" in status.stdout
        told = check_of(host, "runners")
        assert told["verdict"] == "not_needed" and told["what"].startswith("none was found")
        for said in (" ".join(status.stdout.split()), told["what"]):
            assert said.endswith("run: sudo ./svc.sh install && sudo ./svc.sh start"), said


def test_without_polkit_it_observes_and_says_what_it_cannot_do():
    with booted("no-polkit") as (host, agent):
        host.run("dpkg --purge --force-depends polkitd", timeout=60)
        host.run(INSTALL, timeout=120)
        becomes_ready(host, agent)
        assert host.run("pawsctl status", check=False).returncode == 0
        runner = RunnerUnit(host).install().start()
        agent.wait_for_state(runner.name, "idle")
        host.run(["pawsctl", "runners", "drain", runner.name])
        shown = ["pawsctl", "runners", "show", runner.name]
        host.wait_for(lambda: "polkit running" in (text := host.run(shown).stdout) or Unmet(text), 40,
                      "it is said why nothing comes of it")
        assert agent.runner(runner.name)["state"] == "idle"
        told = check_of(host, "polkit")
        assert told["verdict"] == "degraded" and told["what"].startswith("is not installed"), told
        assert told["fix"] == "apt install polkitd || dnf install polkit"


def test_a_masked_polkit_is_told_and_works_again_by_the_command_that_is_printed():
    with booted("masked-polkit") as (host, agent):
        host.run(INSTALL, timeout=120)
        becomes_ready(host, agent)
        host.run("systemctl stop polkit")
        assert check_of(host, "polkit")["verdict"] == "ok"  # D-Bus starts it when it is asked
        host.run("systemctl mask polkit")
        runner = RunnerUnit(host).install().start()
        agent.wait_for_state(runner.name, "idle")
        told = check_of(host, "polkit")
        assert told["verdict"] == "degraded" and told["what"].startswith("is masked"), told
        host.run(["pawsctl", "runners", "drain", runner.name])
        host.run(told["fix"])
        assert check_of(host, "polkit")["verdict"] == "ok"
        agent.wait_for_state(runner.name, "stopped", timeout=60)


def test_without_a_journal_on_disk_it_reads_the_one_in_memory():
    with booted("volatile") as (host, agent):
        host.run("mkdir -p /etc/systemd/journald.conf.d && rm -rf /var/log/journal && "
                 "printf '[Journal]\\nStorage=volatile\\n' >/etc/systemd/journald.conf.d/v.conf && "
                 "systemctl restart systemd-journald")
        host.run(INSTALL, timeout=120)
        becomes_ready(host, agent)
        assert agent.metrics().value("paws_agent_collector_success", collector="journal") == 1
        runner = RunnerUnit(host).install().start()
        agent.wait_for_state(runner.name, "idle")  # which only its lines tell
        told = check_of(host, "journal")
        assert told["verdict"] == "degraded", told
        assert "Storage=volatile in /etc/systemd/journald.conf.d/v.conf" in told["what"]
        keeps_a_journal_by(host, agent, told["fix"])


def keeps_a_journal_by(host, agent, command):
    """The printed command, as it stands: what a runner says from then on is on disk, and the agent that runs
    knows it."""
    pid = agent.pid()
    host.run(["sh", "-c", command], timeout=60)
    runner = RunnerUnit(host, "kept").install().start()
    agent.wait_for_state(runner.name, "idle")
    on_disk = ["journalctl", "--directory=/var/log/journal", "-q", "-u", runner.unit]
    host.wait_for(lambda: "Listening for Jobs" in host.run(on_disk, check=False).stdout, 30, "it is kept")
    host.wait_for(lambda: (told := check_of(host, "journal"))["verdict"] == "ok" or Unmet(told), 30, "all is well")
    assert agent.pid() == pid


def test_a_journal_that_only_lacks_its_directory_is_kept_by_the_command_that_is_printed():
    with booted("auto") as (host, agent):
        host.run("rm -rf /var/log/journal && systemctl restart systemd-journald")
        host.run(INSTALL, timeout=120)
        becomes_ready(host, agent)
        told = check_of(host, "journal")
        assert told["verdict"] == "degraded" and told["fix"].startswith("mkdir -p /var/log/journal"), told
        keeps_a_journal_by(host, agent, told["fix"])


def test_without_any_journal_it_knows_of_no_runner_that_it_is_well():
    with booted("no-journal") as (host, agent):
        host.run("mkdir -p /etc/systemd/journald.conf.d && "
                 "printf '[Journal]\nStorage=none\n' >/etc/systemd/journald.conf.d/n.conf && "
                 "systemctl restart systemd-journald; rm -rf /var/log/journal /run/log/journal/*")
        host.run(INSTALL, timeout=120)
        becomes_ready(host, agent)
        runner = RunnerUnit(host).install().start()
        shown = agent.wait_for_state(runner.name, "unknown")
        assert "no journal line of the runner can be read" in str(shown)
        told = check_of(host, "journal")
        assert told["verdict"] == "failed", told
        assert "Storage=none in /etc/systemd/journald.conf.d/n.conf" in told["what"]
        keeps_a_journal_by(host, agent, told["fix"])


def test_a_port_that_is_taken_is_named_and_taken_over_when_it_is_free():
    with booted("port") as (host, agent):
        host.run("systemd-run --unit=other perl -MIO::Socket::INET -e "
                 "'my $s = IO::Socket::INET->new(LocalPort => 7297, Listen => 1); sleep 600'")
        host.wait_for(lambda: host.run("ss -ltn 'sport = :7297'").stdout.count("\n") > 1, 30, "taken")
        installed = host.run(INSTALL, timeout=120)
        assert state(host) == "installed"
        assert "journalctl -u paws-agent" in installed.stderr
        host.wait_for(lambda: "7297" in agent.log() and "ss -ltnp" in agent.log(), 30,
                      "it is said which port and how to find its owner")
        host.run(["systemctl", "stop", "other"])
        becomes_ready(host, agent)


FILL = "head -c 1G /dev/zero >/var/full 2>/dev/null; true"
SMALL_VAR = """
mkdir /mnt/var && mount -t tmpfs -o size=256M,mode=755 none /mnt/var
cp -a /var/. /mnt/var/ && mount --bind /mnt/var /var && systemctl restart systemd-journald
"""


def test_a_full_var_is_named_and_costs_no_job():
    with booted("full") as (host, agent):
        host.run(["sh", "-ec", SMALL_VAR], timeout=60)
        host.run(INSTALL, timeout=120)
        becomes_ready(host, agent)
        runner = RunnerUnit(host).install(FAKE_RELAUNCH_MS="300").start()
        agent.wait_for_state(runner.name, "idle")
        host.run(FILL)
        runner.tell("job meanwhile 1 Succeeded")
        host.wait_for(lambda: agent.metrics().value("paws_agent_collector_success", collector="store") == 0,
                      60, "it cannot keep what it knows")
        host.wait_for(lambda: agent.metrics().sum("paws_runner_jobs_total", runner=runner.name) == 1, 30,
                      "jobs are seen even so")
        said = "/var/lib/paws-agent/paws.db: its disk is full; run: df -h /var/lib/paws-agent"
        status = host.run("pawsctl status", check=False).stdout
        assert "failed (disk)" in status and said in status, status
        assert said in host.run("pawsctl doctor", check=False).stdout
        host.run("rm /var/full")
        host.wait_for(lambda: agent.metrics().value(
            "paws_agent_collector_success", collector="store") == 1, 90, "the history is kept")
        agent.restart()
        becomes_ready(host, agent)
        host.wait_for(lambda: agent.metrics().sum("paws_runner_jobs_total", runner=runner.name) == 1, 30,
                      "the job is known to the next one")


def test_on_a_full_var_dpkg_installs_nothing_and_all_when_there_is_room():
    with booted("full-install") as (host, agent):
        host.run(["sh", "-ec", SMALL_VAR], timeout=60)
        host.run(FILL)
        refused = host.run(INSTALL, check=False, timeout=120)
        assert refused.returncode != 0 and "No space left on device" in refused.stderr, refused
        assert host.run("ps -C paws-agent", check=False).returncode != 0
        assert state(host) != "installed" and not is_ready(agent)
        host.run("rm /var/full")
        host.run(INSTALL, timeout=120)
        becomes_ready(host, agent)
        assert state(host) == "installed"
        assert host.run(["dpkg", "--verify", PACKAGE]).stdout == ""


def test_a_full_var_does_not_keep_it_from_starting():
    with booted("full-before") as (host, agent):
        host.run(["sh", "-ec", SMALL_VAR], timeout=60)
        host.run(INSTALL, timeout=120)
        becomes_ready(host, agent)
        agent.stop()
        host.run("rm -rf /var/lib/paws-agent/* && " + FILL)
        agent.start()
        becomes_ready(host, agent)
        assert agent.metrics().value("paws_host_cpus") > 0
        host.wait_for(lambda: "its disk is full; run: df -h" in host.run("pawsctl status", check=False).stdout,
                      30, "it is said why nothing is kept")


KEEPING = [*INSTALL[:3], "--force-confold", *INSTALL[3:]]
BROKEN = "[agent]\nlog_level = \"debug\n"


def test_a_broken_configuration_that_is_there_before_is_named_and_kept():
    with booted("broken") as (host, agent):
        host.write("/etc/paws-agent/agent.toml", BROKEN)
        host.write("/etc/paws-agent/conf.d/own.toml", "[agent]\nkeep_jobs = \"30d\"\n")
        installed = host.run(KEEPING, timeout=120)
        assert state(host) == "installed"
        where = "/etc/paws-agent/agent.toml:2:"
        assert where in installed.stderr and "paws-agent --check-config" in installed.stderr
        assert where in agent.log()
        assert where in host.run("paws-agent --check-config", check=False).stderr
        assert host.show(UNIT, "ActiveState", "ExecMainStatus", "NRestarts") == {
            "ActiveState": "failed", "ExecMainStatus": "78", "NRestarts": "0"}
        assert host.read("/etc/paws-agent/agent.toml") == BROKEN
        host.write("/etc/paws-agent/agent.toml", BROKEN.replace("debug", "debug\""))
        host.run(["systemctl", "start", UNIT])
        becomes_ready(host, agent)
        shown = host.run("pawsctl config show").stdout
        assert 'log_level = "debug"' in shown and 'keep_jobs = "30d"' in shown


def test_a_configuration_that_may_not_be_read_is_named():
    with booted("denied") as (host, agent):
        host.run("mkdir -m 700 /etc/paws-agent && echo >/etc/paws-agent/agent.toml && "
                 "chmod 600 /etc/paws-agent/agent.toml")
        installed = host.run([*INSTALL[:3], "--force-confold", *INSTALL[3:]], timeout=120)
        assert state(host) == "installed"
        assert "paws-agent --check-config" in installed.stderr
        shown = host.show(UNIT, "ExecMainStatus", "NRestarts")
        assert shown == {"ExecMainStatus": "78", "NRestarts": "0"}
        said = ("/etc/paws-agent/agent.toml: Permission denied; the daemon's user must be able to read it; "
                "run: chgrp paws-agent /etc/paws-agent")
        assert said in agent.log() and said in installed.stderr
        for closed in ("/etc/paws-agent", "/etc/paws-agent/agent.toml"):
            checked = host.run("paws-agent --check-config", check=False)
            assert checked.returncode == 78, checked
            command = checked.stderr.strip().split("; run: ")[1]
            assert command.endswith(f" {closed}")
            host.run(["sh", "-c", command])
        host.run("paws-agent --check-config")
        host.run(f"systemctl start {UNIT}")
        becomes_ready(host, agent)


@pytest.mark.parametrize("directory", ["state", "runtime"])
def test_a_directory_that_may_not_be_written_is_named_with_the_next_command(directory):
    """By its rights, then by the unit's sandbox."""
    with booted("unwritable") as (host, agent):
        host.run(INSTALL, timeout=120)
        becomes_ready(host, agent)
        host.run("install -d -m 0755 /srv/own")
        agent.change_unit("[Service]\nReadWritePaths=/srv/own\n")
        host.write("/etc/paws-agent/conf.d/own.toml", f'[agent]\n{directory}_dir = "/srv/own"\n')
        host.run(["systemctl", "restart", UNIT], check=False, timeout=60)
        where, mending = f"[agent] {directory}_dir: ", f"chown {USER} /srv/own"
        said = f"{where}/srv/own: this user may not write to it; run: {mending}"
        host.wait_for(lambda: said in (log := agent.log()) or Unmet(log), 30, "the rights are told")
        host.run(mending)
        becomes_ready(host, agent)
        agent.change_unit("[Service]\nReadOnlyPaths=/srv/own\n")
        host.run(["systemctl", "restart", UNIT], check=False, timeout=60)
        said = f"{where}cannot write to /srv/own: Read-only file system; in the agent's unit ReadWritePaths=/srv/own"
        host.wait_for(lambda: said in (log := agent.log()) or Unmet(log), 30, "the sandbox is told")
        assert "(systemctl edit paws-agent)" in agent.log()
        agent.change_unit("[Service]\nReadWritePaths=/srv/own\n")
        becomes_ready(host, agent)


SECOND = ["timeout", "25", "paws-agent", "--config", "/srv/second.toml"]


@pytest.mark.parametrize("own", ["", "runtime_dir = '/tmp/run'", "state_dir = '/tmp/state'"])
def test_a_second_agent_on_the_same_directories_is_refused(own):
    with booted("two") as (host, agent):
        host.run(INSTALL, timeout=120)
        becomes_ready(host, agent)
        pid = agent.pid()
        host.write("/srv/second.toml",
                   f"[agent]\n{own}\n[web]\nlisten = [\"127.0.0.1:7298\"]\n")
        second = host.run_as(USER, SECOND, check=False)
        assert second.returncode == 69, second
        assert second.stderr.startswith("paws-agent: another paws-agent"), second.stderr
        assert "stop it" in second.stderr
        if "state_dir" not in own:  # nor as root, whose files the one that runs could not write to
            by_root = host.run(SECOND, check=False)
            assert by_root.returncode == 69 and "run: systemctl start paws-agent" in by_root.stderr
        assert agent.pid() == pid and is_ready(agent)


# The package with a script that stays where it is, the first time. Arguments: the script's name.
HELD_UP = f"""
dpkg-deb --raw-extract {DEB} /root/tree
script=/root/tree/DEBIAN/$0
test -e "$script" || echo '#!/bin/sh' >"$script"
sed -i '1a test -e /root/reached || {{ touch /root/reached; sleep 600; }}' "$script"
chmod 755 "$script"
dpkg-deb --root-owner-group --build /root/tree /root/held-up.deb
"""
INTERRUPTED = {"preinst": ("half-installed", INSTALL),
               "postinst": ("half-configured", ["dpkg", "--configure", "--pending"])}


def interrupt(host, script):
    """An installation that is killed when it has come to that script."""
    host.run(["sh", "-ec", HELD_UP, script], timeout=60)
    host.run(["systemd-run", "--unit=installs", *INSTALL[:-1], "/root/held-up.deb"])
    host.wait_for(lambda: host.run("test -e /root/reached", check=False).returncode == 0, 30,
                  f"dpkg is in {script}")
    host.run("systemctl kill --signal=KILL installs")
    host.wait_for(lambda: host.show("installs", "ActiveState")["ActiveState"] == "failed", 30, "it is gone")


@pytest.mark.parametrize("script", INTERRUPTED)
def test_an_interrupted_dpkg_is_completed_as_dpkg_says(script):
    left, complete = INTERRUPTED[script]
    with booted("cut") as (host, agent):
        interrupt(host, script)
        assert state(host) == left
        assert not is_ready(agent)
        host.run(complete, timeout=120)
        becomes_ready(host, agent)
        assert state(host) == "installed"
        assert host.run(["dpkg", "--verify", PACKAGE]).stdout == ""


@pytest.mark.parametrize("script", INTERRUPTED)
def test_an_interrupted_upgrade_loses_nothing(script):
    """The agent before it runs on, and what it knew is known to the one that comes."""
    left, complete = INTERRUPTED[script]
    with booted("cut-upgrade") as (host, agent):
        host.run(INSTALL, timeout=120)
        becomes_ready(host, agent)
        runner = RunnerUnit(host, "kept").install(FAKE_RELAUNCH_MS="300").start()
        agent.wait_for_state(runner.name, "idle")
        runner.tell("job before 1 Succeeded")
        host.wait_for(lambda: agent.metrics().sum("paws_runner_jobs_total", runner=runner.name) == 1, 30,
                      "its job is counted")
        agent_pid, runner_pid = agent.pid(), runner.main_pid()
        interrupt(host, script)
        assert state(host) == left
        assert agent.pid() == agent_pid and is_ready(agent)
        host.run(complete, timeout=120)
        host.wait_for(lambda: agent.pid() not in (0, agent_pid) and is_ready(agent), 30, "the new one runs")
        assert state(host) == "installed" and runner.main_pid() == runner_pid
        host.wait_for(lambda: agent.metrics().sum("paws_runner_jobs_total", runner=runner.name) == 1, 30,
                      "its job is known")


def test_unpacked_and_not_configured_the_old_agent_runs_on():
    with booted("unpacked") as (host, agent):
        host.run(INSTALL, timeout=120)
        becomes_ready(host, agent)
        pid = agent.pid()
        host.run(["dpkg", "--unpack", DEB], timeout=60)
        assert agent.pid() == pid and is_ready(agent)
        host.run("dpkg --configure --pending", timeout=60)
        host.wait_for(lambda: agent.pid() not in (0, pid) and is_ready(agent), 30, "the new one runs")

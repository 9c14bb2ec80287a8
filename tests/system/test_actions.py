"""The privileged actions: what a runner in a closed home shows through them, and what they refuse."""

import json
import subprocess
import threading
import time

import pytest

from agent_unit import UNIT, USER
from fake_loki import FakeLoki
from nspawn import in_network_of
from runner_unit import closed_runner

MIB = 1 << 20
LOGS = '[logs]\nloki_url = "{url}"\nbatch_wait = "200ms"\n'


@pytest.fixture(scope="module", autouse=True)
def other(host):
    """A user who has nothing to do with any runner."""
    host.run("useradd --create-home other; chmod 755 /home/other")


def said_by(host, verb, runner):
    """Lines of the action for this runner."""
    return host.messages("-u", f"paws-{verb}@{runner.name}.service", "-t", f"paws-{verb}")


def act(host, verb, name, check=True):
    """Starts the action as root does; its lines."""
    unit = f"paws-{verb}@{name}.service"
    before = len(host.messages("-u", unit, "-t", f"paws-{verb}"))
    done = host.run(["systemctl", "start", unit], check=check, timeout=90)
    return done.returncode, "\n".join(host.messages("-u", unit, "-t", f"paws-{verb}")[before:])


def kept(host):
    return int(host.show(UNIT, "NFileDescriptorStore")["NFileDescriptorStore"])


def test_a_runner_in_a_closed_home_shows_all_that_others_do(host, agent):
    loki = in_network_of(host.leader, FakeLoki)
    with loki:
        agent.configure(LOGS.format(url=loki.url))
        agent.stop()
        runner = closed_runner(host, "whole")
        host.run_as(runner.user, f"for name in _work _diag; do "
                                 f"head -c {MIB} /dev/zero >{runner.root}/$name/large; done")
        agent.start()
        runner.start()
        agent.wait_for_state(runner.name, "idle")
        host.wait_for(lambda: agent.may_look_into(runner.name), 30, "its directories are open")
        assert host.run_as(USER, ["ls", runner.root], check=False).returncode != 0
        runner.tell("job build 4 Succeeded")
        agent.wait_for_state(runner.name, "busy")
        host.wait_for(lambda: agent.metrics().value("paws_runner_job_lease_seconds",
                                                    runner=runner.name) is not None,
                      30, "its lease is known")
        for directory in ("work", "diag"):
            host.wait_for(lambda: (agent.metrics().value(
                "paws_runner_directory_bytes", runner=runner.name, directory=directory) or 0) >= MIB,
                30, f"the size of {directory} is known")
        host.wait_for(lambda: any("runner-diag" in row.labels and "Successfully renew job" in row.line
                                  for row in loki.held()), 30, "its traces are in Loki")
        labels, _ = next(agent.metrics().all("paws_runner_info", runner=runner.name))
        assert labels["agent_name"] == "whole" and labels["version"] == "2.336.0"
        assert said_by(host, "open", runner) == [
            f"done: handed over of {runner.root}: root diag work"]
        agent.configure("")
        agent.restart()
    runner.stop()


def test_what_is_open_outlives_the_agent_and_goes_with_the_runner(host, agent):
    runner = closed_runner(host, "kept").start()
    host.wait_for(lambda: agent.runner(runner.name) and agent.may_look_into(runner.name), 30, "it is open")
    others = kept(host) - 3
    agent.restart()
    agent.wait_for_state(runner.name, "idle")
    assert agent.may_look_into(runner.name) and kept(host) == others + 3
    assert len(said_by(host, "open", runner)) == 1
    runner.stop()
    host.run(f"systemctl disable --quiet {runner.unit}; rm /etc/systemd/system/{runner.unit}; "
             "systemctl daemon-reload")
    host.wait_for(lambda: kept(host) == others, 30, "its directories are let go")
    assert f"directories let go runner={runner.name}" in agent.log()


def test_a_directory_that_was_replaced_is_asked_for_again(host, agent):
    runner = closed_runner(host, "replaced").start()
    host.wait_for(lambda: agent.runner(runner.name) and agent.may_look_into(runner.name), 30, "it is open")
    runner.stop()
    host.run(f"mv {runner.root} {runner.root}.old")
    runner.install()
    runner.start()
    host.wait_for(lambda: len(said_by(host, "open", runner)) == 2, 45, "it is asked for again")
    host.wait_for(lambda: agent.may_look_into(runner.name), 30, "the new one is open")
    runner.stop()


def test_a_mount_in_a_closed_home_shows_its_space_and_its_traces_come_later(host, agent):
    """The root is a filesystem of its own, and `_diag` is made when it is open already."""
    runner = closed_runner(host, "mounted")
    host.run(f"mv {runner.root} {runner.root}.laid; install -d -o {runner.user} {runner.root}; "
             f"mount -t tmpfs -o size=64m,mode=755,uid=$(id -u {runner.user}) runner {runner.root}; "
             f"cp -a {runner.root}.laid/. {runner.root}; rm -r {runner.root}/_diag")
    try:
        agent.restart()
        host.wait_for(lambda: (agent.metrics().value("paws_filesystem_size_bytes",
                                                     mountpoint=runner.root) or 0) == 64 * MIB,
                      30, "its space is known")
        assert not said_by(host, "open", runner)[-1].endswith(" diag work")
        host.run_as(runner.user, f"mkdir -p {runner.root}/_diag")
        runner.start()
        agent.wait_for_state(runner.name, "idle")
        runner.tell("job build 2 Succeeded")
        host.wait_for(lambda: agent.metrics().value("paws_runner_job_lease_seconds",
                                                    runner=runner.name) is not None,
                      30, "its traces are read")
    finally:
        runner.stop()
        agent.stop()
        host.run(f"umount -l {runner.root}; systemctl disable --quiet {runner.unit}; "
                 f"rm /etc/systemd/system/{runner.unit}; systemctl daemon-reload")
        agent.start()


def test_what_is_closed_even_to_a_descriptor_is_inspected(host, agent):
    agent.stop()
    runner = closed_runner(host, "inside")
    host.run_as(runner.user, f"head -c {MIB} /dev/zero >{runner.root}/_work/large; "
                             f"chmod 700 {runner.root}/_work; chmod 600 {runner.root}/.runner")
    agent.start()
    runner.start()
    host.wait_for(lambda: (agent.metrics().value("paws_runner_directory_bytes", runner=runner.name,
                                                 directory="work") or 0) >= MIB, 30, "its size is known")
    labels, _ = next(agent.metrics().all("paws_runner_info", runner=runner.name))
    assert labels["agent_name"] == "inside"
    path = f"/run/paws-inspect/{runner.name}.json"
    assert host.run(["stat", "-c", "%U:%G %a", "/run/paws-inspect", path]).stdout.split("\n")[:2] == [
        f"root:{USER} 750", f"root:{USER} 644"]
    assert act(host, "inspect", runner.name)[0] == 0
    programs = [one["path"] for one in json.loads(host.read(path))["programs"]]
    assert f"{runner.root}/bin.2.336.0/Runner.Listener" in programs, programs
    assert len(said_by(host, "inspect", runner)) == 2
    runner.stop()


def unit_of(root, user, extra=""):
    return f"[Service]\nUser={user}\nWorkingDirectory={root}\nExecStart={root}/runsvc.sh\n{extra}"


def refused(host, name, verb="open"):
    code, said = act(host, verb, name, check=False)
    assert code != 0 and "done:" not in said, said
    return said


@pytest.mark.parametrize("verb", ["open", "inspect"])
def test_what_is_no_runner_is_refused(host, agent, verb):
    """By each thing that is asked of a unit and its directory, in turn."""
    host.run_as("other", "mkdir -p /home/other/r/_diag /home/other/r/_work /home/other/empty; "
                         "touch /home/other/r/.runner")

    def unit(name, text, directory="/etc/systemd/system", mode="644"):
        host.run(f"rm -f /*/systemd/system/actions.runner.no.{name}.service", check=False)
        host.write(f"{directory}/actions.runner.no.{name}.service", text, int(mode, 8))
        host.run("systemctl daemon-reload")
        return f"no.{name}"

    good = unit_of("/home/other/r", "other")
    assert act(host, verb, unit("good", good))[0] == 0
    assert "its unit is not-found" in refused(host, "no.unit", verb)
    assert "is neither in" in refused(host, unit("passing", good, "/run/systemd/system"), verb)
    assert "others than root may write" in refused(host, unit("written", good, mode="646"), verb)
    name = unit("owned", good)
    host.run(f"chown other /etc/systemd/system/actions.runner.{name}.service")
    assert "others than root may write" in refused(host, name, verb)
    assert "names no directory" in refused(
        host, unit("nowhere", "[Service]\nUser=other\nExecStart=/bin/true\n"), verb)
    assert "does not belong to the unit's user" in refused(
        host, unit("another", unit_of("/home/other/r", "build")), verb)
    assert "does not belong to the unit's user" in refused(
        host, unit("root", unit_of("/root", "other")), verb)
    assert "is no runner" in refused(
        host, unit("empty", unit_of("/home/other/empty", "other")), verb)
    host.run(["systemd-run", "--unit=actions.runner.no.made.service", "--uid=other",
              "--working-directory=/home/other/r", "sleep", "60"])
    assert "its unit is transient" in refused(host, "no.made", verb)
    host.run("systemctl stop actions.runner.no.made.service")


@pytest.mark.parametrize("verb", ["open", "inspect"])
def test_what_the_runners_user_puts_in_its_place_is_refused(host, agent, verb):
    runner = closed_runner(host, f"swaps-{verb}")
    assert act(host, verb, runner.name)[0] == 0

    def as_user(command):
        host.run_as(runner.user, f"set -e; cd /home/{runner.user}; {command}")

    for target in ("/root", "/etc", "..", "old", "/proc/1/root", "/home/other/r"):
        as_user(f"mv actions-runner old; ln -s {target} actions-runner")
        said = refused(host, runner.name, verb)
        assert "symlink" in said or "Not a directory" in said, (target, said)
        as_user("rm actions-runner; mv old actions-runner")
    as_user("mv actions-runner/.runner kept; mkfifo actions-runner/.runner; "
            "mv actions-runner/bin actions-runner/away")
    assert "is no runner" in refused(host, runner.name, verb)
    as_user("mv actions-runner/away actions-runner/bin; rm actions-runner/bin; "
            "mv actions-runner/bin.2.336.0 actions-runner/bin")
    assert act(host, verb, runner.name)[0] == 0, "a FIFO beside a listener is not waited for"
    as_user("rm actions-runner/.runner; mv kept actions-runner/.runner; "
            "mv actions-runner/_work work; ln -s /root actions-runner/_work")
    said = act(host, verb, runner.name)[1]
    if verb == "open":
        assert "root diag; left out: " in said and "symlink" in said
    else:
        found = json.loads(host.read(f"/run/paws-inspect/{runner.name}.json"))
        assert "work" not in found["directory_bytes"] and "symlink" in found["missing"]["work"]


TREASURE = "/srv/of-root"
SWAP = """cd /home/{user}; end=$(($(date +%s) + 6)); while [ $(date +%s) -lt $end ]; do
mv actions-runner/_work work; ln -s {treasure} actions-runner/_work; rm actions-runner/_work; mv work actions-runner/_work
mv actions-runner old; ln -s {treasure} actions-runner; rm actions-runner; mv old actions-runner; done"""
RUN = """for i in $(seq 150); do {program} {verb} {name} 2>&1; {after}; done"""


@pytest.mark.parametrize("verb", ["open", "inspect"])
def test_a_swap_in_the_very_moment_gains_nothing(host, agent, verb):
    """What the user puts there leads to what is root's, and is more than any runner of his has."""
    runner = closed_runner(host, f"races-{verb}")
    host.run(f"install -d -m 700 {TREASURE} {TREASURE}/_diag /run/paws-inspect; cd {TREASURE}; touch .runner; "
             f"head -c {64 * MIB} /dev/zero >_diag/large; ln _diag/large .")
    result = f"/run/paws-inspect/{runner.name}.json"
    after = f"ls -l /proc/{agent.pid()}/fd" if verb == "open" else f"cat {result} 2>/dev/null; echo"
    swapping = threading.Thread(
        target=lambda: host.run_as(runner.user, SWAP.format(user=runner.user, treasure=TREASURE),
                                    check=False, timeout=60))
    swapping.start()
    said = host.run(RUN.format(program="/usr/libexec/paws-agent/paws-action", verb=verb,
                               name=runner.name, after=after), timeout=90).stdout
    swapping.join()
    print(f"{said.count('done: ')} done, {said.count('refused: ')} refused")
    assert "done: " in said and "refused: " in said
    assert f"-> {TREASURE}" not in said
    for line in said.splitlines():
        if line.startswith("{"):
            assert sum(json.loads(line)["directory_bytes"].values()) < 64 * MIB, line
    host.run(f"rm -r {TREASURE}")


def test_an_action_that_refuses_leads_to_its_journal(host, agent):
    runner = closed_runner(host, "bare")
    host.run(f"rm {runner.root}/.runner {runner.root}/bin")
    agent.restart()
    unit = f"paws-open@{runner.name}.service"
    host.wait_for(lambda: f"{unit}: failed; see journalctl -u '{unit}'" in agent.log(), 30,
                  "the log leads there")
    assert "is no runner" in "\n".join(said_by(host, "open", runner))

    def told():
        return any("see journalctl" in one["value"] for one in agent.runner(runner.name)["evidence"])

    host.wait_for(told, 30, "the status leads there too")


def test_names_that_are_none_are_refused(host, agent):
    for name in ("..", "a..b", ".hidden", "a" * 230):
        assert "is no name of a runner" in refused(host, name)
    for name in ("a/b", "../x", "a%b", "a b", "", "a" * 300):
        done = host.run(["busctl", "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                         "org.freedesktop.systemd1.Manager", "StartUnit", "ss",
                         f"paws-open@{name}.service", "replace"], check=False)
        assert done.returncode != 0, name
    program = "/usr/libexec/paws-agent/paws-action"
    for name in ("../x", "a/b", "%i", "a\nb", ""):
        done = host.run([program, "open", name], check=False)
        assert done.returncode == 1 and "is no name of a runner" in done.stderr, name
    for words in ([], ["open"], ["clean", "x"], ["open", "x", "y"]):
        assert host.run([program, *words], check=False).returncode == 64
    assert "Usage: paws-action" in host.run([program, "--help"]).stdout


LISTEN = """
import os, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.bind("handover.sock")
os.chmod("handover.sock", 0o666)
os.setuid(int(sys.argv[1]))
server.listen()
print("listens", flush=True)
server.settimeout(60)
peer, _ = server.accept()
print(len(socket.recv_fds(peer, 9000, 8)[1]), flush=True)
"""


def test_nobody_else_gets_what_is_the_agents(host, agent):
    runner = closed_runner(host, "wanted")
    agent.stop()
    assert "paws-agent: No such file" in refused(host, runner.name)
    host.run(f"install -d -o {USER} -m 755 /run/paws-agent")
    listener = subprocess.Popen(["/usr/bin/python3", "-c", LISTEN, "12345"], text=True,
                                cwd=host.path("/run/paws-agent"), stdout=subprocess.PIPE)
    try:
        assert listener.stdout.readline() == "listens\n"
        assert "uid 12345 listens there, not the agent" in refused(host, runner.name)
        assert listener.stdout.readline().strip() == "0", "a descriptor was handed over"
    finally:
        listener.kill()
        listener.wait()
    host.run("chown other /run/paws-agent")
    assert "is not the agent's alone" in refused(host, runner.name)
    host.run("rm -r /run/paws-agent")
    agent.start()


def test_nobody_else_hands_anything_to_the_agent(host, agent):
    for user in ("other", USER):
        done = subprocess.run(
            ["/usr/bin/python3", "-c", GIVE, host.run(["id", "-u", user]).stdout.strip()],
            cwd=host.path("/run/paws-agent"), capture_output=True, text=True, timeout=30)
        assert done.stdout.strip() == "b''", done
    assert "acme.fake" not in agent.log()


GIVE = """
import os, socket, sys
os.setuid(int(sys.argv[1]))
client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
client.settimeout(10)
client.connect("handover.sock")
try:
    socket.send_fds(client, [b"acme.fake\\n/tmp\\nroot"], [os.open("/", os.O_RDONLY)])
    print(client.recv(100))
except OSError:
    print(b"")
"""


def test_a_million_files_are_walked_in_time(host, agent):
    runner = closed_runner(host, "large")
    host.run_as(runner.user, f"cd {runner.root}/_work; for d in $(seq 500); do mkdir $d; (cd $d; "
                             "seq 2000 | xargs touch); done", timeout=300)
    began = time.monotonic()
    assert act(host, "inspect", runner.name)[0] == 0
    print(f"a million files: {time.monotonic() - began:.1f} s")
    assert time.monotonic() - began < 60
    found = json.loads(host.read(f"/run/paws-inspect/{runner.name}.json"))
    assert "work" in found["directory_bytes"] or "time" in found["missing"]["work"]
    host.run(f"rm -r {runner.root}", timeout=120)


def test_an_action_that_takes_too_long_is_ended_and_tried_again(host, agent):
    slow = "/etc/systemd/system/paws-open@.service.d/slow.conf"
    host.write(slow, "[Service]\nExecStartPre=sleep 100\nTimeoutStartSec=1s\n")
    host.run("systemctl daemon-reload")
    runner = closed_runner(host, "slow")
    runner.start()
    unit = f"paws-open@{runner.name}.service"
    host.wait_for(lambda: any("timed out" in line for line in host.messages("-u", unit)), 30, "it is ended")
    assert agent.get("/-/ready").status == 200
    assert not agent.may_look_into(runner.name)
    host.run(f"rm {slow}; systemctl daemon-reload")
    host.wait_for(lambda: agent.may_look_into(runner.name), 90, "it is tried again")
    runner.stop()


@pytest.mark.parametrize("verb", ["open", "inspect"])
def test_its_unit_gives_it_little(host, agent, verb):
    unit = f"paws-{verb}@acme-widgets.x.service"
    verified = host.run(["systemd-analyze", "verify", "--man=no", unit])
    assert verified.stderr == "" and verified.stdout == ""
    rated = host.run(["systemd-analyze", "security", "--offline=yes", "--threshold=30",
                      f"/usr/lib/systemd/system/paws-{verb}@.service"], check=False)
    print(rated.stdout.strip().splitlines()[-1])
    assert rated.returncode == 0, rated.stdout
    shown = host.show(unit, "CapabilityBoundingSet", "NoNewPrivileges", "PrivateNetwork", "Slice",
                      "TimeoutStartUSec", "CollectMode")
    capabilities = {"cap_dac_read_search"} | ({"cap_sys_ptrace"} if verb == "inspect" else set())
    assert set(shown.pop("CapabilityBoundingSet").split()) == capabilities
    assert shown == {"NoNewPrivileges": "yes", "PrivateNetwork": "yes", "Slice": "paws.slice",
                     "TimeoutStartUSec": "20s" if verb == "open" else "1min",
                     "CollectMode": "inactive-or-failed"}

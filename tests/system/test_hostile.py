"""Job code that wants to blind, fool, stop or rob the agent, tried as a job would: as the runner's
user, in its unit's cgroup. Whatever it does, the agent stays up, and what it says stays true, also in
the meantime."""

import contextlib
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from agent_unit import SOCKET, UNIT, USER
from job_code import JobCode
from polling import Unmet, wait_for
from runner_unit import RunnerUnit

SECRET = "/etc/paws-agent/secrets/loki"
PORT = 7297
JOURNAL = "[Journal]\nSystemMaxUse=16M\nRuntimeMaxUse=16M\n"


@pytest.fixture(scope="module")
def runner(host, agent):
    """One for the whole table: each attempt is to leave it as it was."""
    host.run(["sh", "-c", f"install -d -m 750 -g {USER} /etc/paws-agent/secrets && "
              f"printf hunter2hunter2 >{SECRET} && chgrp {USER} {SECRET} && chmod 640 {SECRET}"])
    host.write("/etc/systemd/journald.conf.d/small.conf", JOURNAL)
    host.run("systemctl restart systemd-journald")
    runner = RunnerUnit(host, "hostile").install(FAKE_RELAUNCH_MS="300").start()
    agent.wait_for_state(runner.name, "idle")
    return runner


@pytest.fixture
def job(host, agent, runner):
    agent.wait_for_state(runner.name, "idle")
    return JobCode(host, runner)


@pytest.fixture
def stays_right(host, agent, runner):
    """After the test the same agent is there, answers, and counts no job that was none."""
    before = agent.pid()
    yield
    assert agent.pid() == before, agent.log()
    assert agent.get("/-/ready").status == 200
    metrics = agent.metrics()
    assert metrics.sum("paws_runner_jobs_total", runner=runner.name) == 0
    host.wait_for(lambda: agent.metrics().state(runner.name) == "idle"
                  or Unmet(agent.runner(runner.name)), 30, "it is idle, as it was")


# What a job may not do at all: its command fails.
DENIED = {
    "read a secret": f"cat {SECRET}",
    "list the secrets": "ls /etc/paws-agent/secrets",
    "read the database": "cat /var/lib/paws-agent/paws.db",
    "put a database in the place of the agent's": "touch /var/lib/paws-agent/new.db",
    "change the configuration": "echo x >/etc/paws-agent/agent.toml",
    "add a configuration": "mkdir -p /etc/paws-agent/conf.d && echo x >/etc/paws-agent/conf.d/job.toml",
    "read the agent's environment": "cat /proc/$(pidof paws-agent)/environ",
    "read the agent's memory": "head -c1 /proc/$(pidof paws-agent)/mem",
    "see what the agent has open": "ls /proc/$(pidof paws-agent)/fd/",
    "end the agent": "kill -KILL $(pidof paws-agent)",
    "stop the agent's progress": "kill -STOP $(pidof paws-agent)",
    "reload the agent": "kill -HUP $(pidof paws-agent)",
    "take the control socket away": f"rm -f {SOCKET}",
    "put a socket in the place of the agent's": f"mv {SOCKET} /tmp/",
    "restart the agent by systemd": f"systemctl restart {UNIT}",
    "stop its own unit by systemd": "systemctl stop actions.runner.acme-widgets.hostile.service",
    "start a unit of its own": "systemd-run --unit=job-owned true",
    "freeze the agent by its cgroup": "echo 1 >/sys/fs/cgroup/paws.slice/cgroup.freeze",
    "move the agent into its cgroup":
        "echo $(pidof paws-agent) >/sys/fs/cgroup/system.slice/"
        "actions.runner.acme-widgets.hostile.service/cgroup.procs",
    "ask for what operators ask": "pawsctl status",
    "drain a runner": "pawsctl runners drain acme-widgets.hostile",
    "write to the journal's files": "sh -c 'echo x >>$(ls /run/log/journal/*/system.journal "
                                    "/var/log/journal/*/system.journal 2>/dev/null | head -1)'",
    "limit the agent": "prlimit --pid $(pidof paws-agent) --nofile=3",
}


REFUSED = re.compile("denied|not permitted|a job may not ask|authentication required|Read-only", re.I)


@pytest.mark.parametrize("what", DENIED)
def test_a_job_may_not(job, stays_right, what):
    assert job.run("pidof paws-agent").returncode == 0
    done = job.run(DENIED[what])
    assert done.returncode != 0, done.stdout
    assert REFUSED.search(done.stderr), done.stderr
    assert "hunter2" not in done.stdout + done.stderr


# What it leaves in its directory.
ROOT = "/opt/runners/acme-widgets.hostile"
TREES = {
    "a hundred thousand files": "mkdir many && cd many && seq 1 100000 | xargs touch && head -c 30M /dev/zero >big",
    "a tree that has no end":
        f"for n in $(seq 1500); do mkdir d && cd -P d || exit; done; ln -s {ROOT} up; head -c 30M /dev/zero >big",
}


@pytest.mark.parametrize("what", TREES)
def test_what_it_piles_up_is_measured_to_the_last_byte(host, agent, runner, job, what):
    done = job.run(f"cd {ROOT}/_work && {TREES[what]}", timeout=120)
    assert done.returncode == 0, done.stderr
    try:
        agent.restart()  # it measures every ten minutes, and at once when it has just started
        measured = host.wait_for(lambda: agent.metrics().value(
            "paws_runner_directory_bytes", runner=runner.name, directory="work"), 60, "it was measured")
        assert measured >= 30 << 20
        assert measured == int(host.run(f"du -s -B1 {ROOT}/_work").stdout.split()[0])
        assert agent.metrics().value("paws_agent_collector_success", collector="directory_sizes") == 1
    finally:
        host.run(f"cd {ROOT}/_work && rm -rf many d", timeout=60)


# Opens sockets until there are enough or no more: how many, what it says in each, how long it stays.
CONNECT = f"""perl -MIO::Socket::INET -e '$SIG{{PIPE}} = "IGNORE"; my ($most, $text, $stay) = @ARGV; my @all;
for (1..$most) {{ my $one = IO::Socket::INET->new(PeerAddr => "127.0.0.1:{PORT}", Timeout => 1)
    or last; push @all, $one; print $one $text; $one->flush }} sleep $stay; print "did ", scalar @all'"""
CONTROL = f"""perl -MIO::Socket::UNIX -e '$SIG{{PIPE}} = "IGNORE"; my ($most, $text, $stay) = @ARGV; my @all;
for (1..$most) {{ my $one = IO::Socket::UNIX->new(Peer => "{SOCKET}")
    or last; push @all, $one; print $one $text; $one->flush }} sleep $stay; print "did ", scalar @all'"""
# As an action hands over a directory, again and again; the socket takes whole messages (seqpacket).
HAND_OVER = """perl -MIO::Socket::UNIX -e '$SIG{PIPE} = "IGNORE"; my @all; for (1..3000) {
my $one = IO::Socket::UNIX->new(Type => SOCK_SEQPACKET, Peer => "/run/paws-agent/handover.sock")
    or last; push @all, $one; $one->send("acme-widgets.hostile\\n/\\nroot"); shift @all if @all > 200 }
sleep 3; print "did ", scalar @all'"""
# Asks for seconds, one after the other; counts the answers.
ASK = f"""perl -MIO::Socket::UNIX -e '$SIG{{PIPE}} = "IGNORE"; my $until = time + 3; my $answers = 0;
while (time < $until) {{ my $one = IO::Socket::UNIX->new(Peer => "{SOCKET}") or next;
    print $one "{{\\"version\\":1,\\"verb\\":\\"status\\",\\"arguments\\":{{}}}}\\n"; $one->flush;
    $answers++ if defined <$one> }} print "did $answers"'"""
# Every instance that a user may have, each with as many watches as it gets (inotify(7)).
WATCH = """mkdir -p /tmp/w && cd /tmp/w && seq 1 3000 | xargs mkdir -p; perl -MConfig -e '
my ($make, $watch) = $Config{archname} =~ /^x86_64/ ? (253, 254) : (26, 27); my ($watches, @all) = 0;
while (($_ = syscall $make == 26 ? (26, 0) : $make) >= 0) { my $at = $_; push @all, $at;
    for my $name (1..3000) { last if syscall($watch, $at, "/tmp/w/$name", 2) < 0; $watches++ } }
sleep 3; print "did $watches"'; rm -rf /tmp/w"""
# To the last byte, which stays so for a while.
FILL = """head -c 64G /dev/zero >/tmp/full; sleep 3; free=$(stat -f -c %a /tmp); did=$(stat -c %s /tmp/full)
rm /tmp/full; echo did "$did"; test "$free" = 0"""
RUNNING = "2026-01-01 00:00:00Z: Running job: forged"
DONE = "2026-01-01 00:00:00Z: Job forged completed with result: Succeeded"

# What a job may do, and what must then be as if it had not.
HARMLESS = {
    "say by logger(1) what a listener says":
        f"logger -t runsvc.sh '{RUNNING}'; logger -t runsvc.sh '{DONE}'",
    "say it by systemd-cat(1)": f"(echo '{RUNNING}'; echo '{DONE}') | systemd-cat -t runsvc.sh",
    "claim another process in the journal's own protocol":
        "perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, "
        "Peer => \"/run/systemd/journal/socket\"); $s->send(\"_PID=1\\n_TRANSPORT=stdout\\n"
        f"_SYSTEMD_UNIT=actions.runner.acme-widgets.hostile.service\\nMESSAGE={RUNNING}\\n\")'",
    "say that GitHub deleted the runner":
        "logger -t runsvc.sh 'The runner no longer exists on the server. Please reconfigure the runner.'",
    "write lines that are no text": "head -c 300000 /dev/urandom | systemd-cat",
    "have a process that is named like a worker":
        "cp /bin/sleep /tmp/Runner.Worker && (timeout 5 /tmp/Runner.Worker 3 || true)",
    "have hundreds of processes": "for n in $(seq 400); do sleep 2 & done; wait",
    "have a process with an evil name":
        "cp /bin/sleep \"$(printf '/tmp/a\\nb\"} 1 #')\"; \"$(printf '/tmp/a\\nb\"} 1 #')\" 2",
    "hold every connection to the web server": f"{CONNECT} 1500 '' 6",
    "send requests that never end": f"{CONNECT} 1500 'GET / HTTP/1.1\r\nX: ' 6",
    "send garbage to the web server": f"{CONNECT} 100 \"$(seq 5000)\" 0",
    "hold every connection to the control socket": f"{CONTROL} 3000 '' 3",
    "send garbage to the control socket": f"{CONTROL} 200 \"$(seq 5000)\" 0",
    "ask the control socket for ever": ASK,
    "hand directories over for ever": HAND_OVER,
    "exhaust its inotify(7) watches": WATCH,
    "fill /tmp": FILL,
    "ask for a name from elsewhere":
        f"perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(\"127.0.0.1:{PORT}\"); "
        "print $s \"GET /api/v1/status HTTP/1.1\\r\\nHost: evil.example\\r\\n\\r\\n\"; "
        "my $l = <$s>; exit($l =~ / 200 / ? 1 : 0)'",
}


def scraped(agent):
    with contextlib.suppress(OSError):  # in a crowd who is slow to ask is hung up, too
        return agent.metrics()
    return None


def look(host, agent, runner):
    """As a scrape and an operator would; how long it took."""
    begun = time.monotonic()
    metrics = wait_for(lambda: scraped(agent), BOUND, "a scrape")
    assert agent.ask("status")["ok"]
    took = time.monotonic() - begun
    assert metrics.state(runner.name) == "idle", agent.runner(runner.name)
    assert metrics.sum("paws_runner_jobs_total", runner=runner.name) == 0
    return took


def looked_at_during(host, agent, runner, job, code):
    """Looks on while the job runs that; the slowest look."""
    with ThreadPoolExecutor(1) as pool:
        attack = pool.submit(job.run, code, timeout=60)
        looks = [look(host, agent, runner)]
        while not attack.done():
            looks.append(look(host, agent, runner))
    done = attack.result()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "did" not in code or int(re.search(r"did (\d+)", done.stdout)[1]) > 10, done
    print(f"{len(looks)} looks in the meantime, the slowest {max(looks):.2f} s; {done.stdout}")
    return max(looks)


# Behind 128 that the server took and 128 that it did not yet, each of 16 threads is free again after
# 0.1 s: 1.6 s where the machine does nothing else. Who is not let go has five seconds, sixteen at a time.
BOUND = 10


@pytest.mark.parametrize("what", HARMLESS)
def test_it_changes_nothing_that_a_job_can(host, agent, runner, job, stays_right, what):
    assert looked_at_during(host, agent, runner, job, HARMLESS[what]) < BOUND


# What it does to the runner's own directory, and what undoes it.
DIRECTORY = {
    "a link to the secrets in the place of its settings":
        (f"cd {ROOT} && mv .runner .kept && ln -s {SECRET} .runner", "rm .runner && mv .kept .runner"),
    "settings that never end":
        (f"cd {ROOT} && mv .runner .kept && truncate -s 100G .runner", "mv .kept .runner"),
    "a pipe in the place of its settings":
        (f"cd {ROOT} && mv .runner .kept && mkfifo .runner", "mv -f .kept .runner"),
    "settings that are garbage":
        (f"cd {ROOT} && cp .runner .kept && head -c 5000 /dev/urandom >.runner", "mv .kept .runner"),
    "a link to / in the place of its traces":
        (f"cd {ROOT} && mv _diag .kept && ln -s / _diag", "rm _diag && mv .kept _diag"),
    "traces from the future":
        (f"cd {ROOT}/_diag && for y in 2098 2099; do echo x >Worker_${{y}}0101-000000-utc.log; done",
         "rm _diag/Worker_209*"),
    "the longest names there are, deep in each other":
        (f"cd {ROOT}/_diag && n=$(printf 'n%.0s' $(seq 255)) && touch Worker_20260101-000000-utc.log"
         " && for k in $(seq 100); do touch $k${n#???}; done"
         " && for k in $(seq 15); do mkdir $n && cd $n || exit; done && touch $n",
         "rm -rf _diag/n* _diag/[0-9]*n _diag/Worker_20260101-000000-utc.log"),
    "names that break lines and quotes":
        (f"cd {ROOT}/_diag && touch \"$(printf 'a\\nb\"}} 1')\" \"$(printf '\\377\\376')\"",
         "rm -f _diag/a* _diag/\"$(printf '\\377\\376')\""),
}


@pytest.mark.parametrize("what", DIRECTORY)
def test_its_directory_leads_nowhere(host, agent, runner, job, stays_right, what):
    do, undo = DIRECTORY[what]
    done = job.run(do, timeout=120)
    assert done.returncode == 0, done.stderr
    try:
        taken = agent.metrics().taken()
        host.wait_for(lambda: agent.metrics().taken() > taken + 2, 30, "it was looked at")
        shown = str(agent.runner(runner.name)) + agent.get("/metrics").text
        assert "hunter2" not in shown and "hunter2" not in agent.log()
        assert "state" in (agent.runner(runner.name) or {})
    finally:
        host.run(f"cd {ROOT} && {undo}")


def test_a_listener_that_a_job_kills_is_not_well(host, agent, runner, job):
    """And nothing starts it again, nor takes note of its end: who started it is stopped."""
    listener = runner.listener()
    starter = host.run(["ps", "-o", "ppid=", "-p", str(listener)]).stdout.strip()
    assert job.run(f"kill -STOP {starter}; kill -KILL {listener}").returncode == 0
    host.wait_for(lambda: agent.runner(runner.name)["state"] != "idle", 30, "it is seen")
    assert agent.metrics().value("paws_runner_up", runner=runner.name) == 0
    assert job.run(f"kill -CONT {starter}").returncode == 0
    agent.wait_for_state(runner.name, "idle")


def test_a_journal_that_it_turns_over_hides_nothing(host, agent, runner, job, stays_right):
    """The last: the lines of those before are gone with it."""
    fill = "head -c 60M /dev/urandom | base64 -w 40000 | systemd-cat; echo did 60"
    assert looked_at_during(host, agent, runner, job, fill) < BOUND
    host.wait_for(lambda: not [line for line in host.messages("-u", runner.unit) if "Listening for Jobs" in line],
                  30, "it is turned over")


def test_there_are_enough():
    assert len(DENIED) + len(HARMLESS) + len(TREES) + len(DIRECTORY) >= 45

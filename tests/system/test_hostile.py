"""Job code that wants to blind, fool, stop or rob the agent, tried as a job would: as the runner's
user, in its unit's cgroup. Whatever it does, the agent stays up, and what it says stays true, also in
the meantime."""

import contextlib
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from attacks import (DENIED, FLOODS, FORGED, FORMS, HEIGHT, HOLD, PORT, ROOT, SECRET, SECRETS, SEEN,
                     forge, hide_secrets)
from fake_loki import FakeLoki
from job_code import JobCode
from nspawn import in_network_of
from polling import Unmet, wait_for
from runner_unit import RunnerUnit

JOURNAL = "[Journal]\nSystemMaxUse=16M\nRuntimeMaxUse=16M\n"


@pytest.fixture(scope="module")
def runner(host, agent):
    """One for the whole table: each attempt is to leave it as it was."""
    hide_secrets(host)
    host.write("/etc/systemd/journald.conf.d/small.conf", JOURNAL)
    host.run("systemctl restart systemd-journald")
    runner = RunnerUnit(host, "hostile").install(FAKE_RELAUNCH_MS="300").start()
    agent.wait_for_state(runner.name, "idle")
    return runner


@pytest.fixture
def job(host, agent, runner):
    runner.tell("listen")  # in this network nothing else is heard of GitHub
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


REFUSED = re.compile("denied|not permitted|a job may not ask|authentication required|Read-only"
                     "|Address already in use|No such device", re.I)


@pytest.mark.parametrize("what", DENIED)
def test_a_job_may_not(job, stays_right, what):
    assert job.run("pidof paws-agent").returncode == 0
    done = job.run(DENIED[what])
    assert done.returncode != 0, done.stdout
    assert REFUSED.search(done.stderr), done.stderr
    assert "hunter2" not in done.stdout + done.stderr


# What it leaves in its directory.
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


# What a job may do, and what must then be as if it had not: at its height, too.
HARMLESS = {
    "have a process that is named like a worker":
        f"cp /bin/sleep /tmp/Runner.Worker; /tmp/Runner.Worker 99 & {HOLD}; kill $!",
    "have a process with an evil name":
        f"""evil=$(printf '/tmp/a\\nb"}} 1 #'); cp /bin/sleep "$evil"; "$evil" 99 & {HOLD}; kill $!""",
    "ask for a name from elsewhere":
        f"perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(\"127.0.0.1:{PORT}\"); "
        "print $s \"GET /api/v1/status HTTP/1.1\\r\\nHost: evil.example\\r\\n\\r\\n\"; "
        f"my $l = <$s>; exit($l =~ / 200 / ? 1 : 0)' && {HOLD}",
}


def scraped(agent):
    with contextlib.suppress(OSError):  # in a crowd who is slow to ask is hung up, too
        return agent.metrics()
    return None


def look(agent, runner):
    """As a scrape and an operator would; how long it took."""
    begun = time.monotonic()
    metrics = wait_for(lambda: scraped(agent), BOUND, "a scrape")
    assert agent.ask("status")["ok"]
    took = time.monotonic() - begun
    assert metrics.state(runner.name) == "idle", agent.runner(runner.name)
    assert metrics.sum("paws_runner_jobs_total", runner=runner.name) == 0
    assert metrics.value("process_open_fds") < metrics.value("process_max_fds") / 4
    return took


def looked_at_during(host, agent, runner, job, code, at_height=lambda: None):
    """Looks on while the job runs that, three times at its height, where it waits for that; what it
    said. No look takes too long."""
    host.run(["rm", "-f", HEIGHT, SEEN])
    looks = []
    with ThreadPoolExecutor(1) as pool:
        attack = pool.submit(job.run, code, timeout=90)
        try:
            while not host.path(HEIGHT).exists() and not attack.done():
                looks.append(look(agent, runner))
            before = len(looks)
            if not attack.done():
                looks.extend(look(agent, runner) for _ in range(3))
                at_height()
                assert not attack.done(), attack.result()
        finally:
            host.run(["touch", SEEN])
    done = attack.result()
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(looks) == before + 3, f"it was over before it was seen: {done}"
    print(f"{before} looks before its height, the slowest of all {max(looks):.2f} s; {done.stdout}")
    assert max(looks) < BOUND
    return done.stdout


# Behind 128 that the server took and 128 that it did not yet, each of 16 threads is free again after
# 0.1 s: 1.6 s where the machine does nothing else. Who is not let go has five seconds, sixteen at a time.
BOUND = 10


def nothing(*_):
    pass


def sees_hundreds(host, agent, runner):
    group = host.show(runner.unit, "ControlGroup")["ControlGroup"]
    assert len(host.read(f"/sys/fs/cgroup{group}/cgroup.procs").split()) >= 400
    host.wait_for(lambda: (agent.metrics().value(
        "paws_runner_processes", runner=runner.name, process="job") or 0) >= 400, 30, "they are counted")


def sees_no_worker(host, agent, runner):
    assert len(host.run(["pgrep", "-x", "Runner.Worker"]).stdout.split()) == 1
    taken = agent.metrics().taken()
    host.wait_for(lambda: agent.metrics().taken() > taken, 30, "it looked again")
    assert not agent.metrics().value("paws_runner_processes", runner=runner.name, process="worker")


def sees_no_contact(host, agent, runner):
    """None of its connections leads to GitHub."""
    taken = agent.metrics().taken()
    host.wait_for(lambda: agent.metrics().taken() > taken, 30, "it looked again")
    assert not agent.metrics().value("paws_runner_github_socket_established", runner=runner.name)


AT_HEIGHT = {
    "have a process that is named like a worker": sees_no_worker,
    "have hundreds of processes": sees_hundreds,
    "have as many sockets as it may": sees_no_contact,
}


def at_height_of(what, *seen_by):
    return lambda: AT_HEIGHT.get(what, nothing)(*seen_by)


@pytest.mark.parametrize("what", HARMLESS)
def test_it_changes_nothing_that_a_job_can(host, agent, runner, job, stays_right, what):
    looked_at_during(host, agent, runner, job, HARMLESS[what], at_height_of(what, host, agent, runner))


@pytest.mark.parametrize("what", FLOODS)
def test_no_flood_changes_anything(host, agent, runner, job, stays_right, what):
    said = looked_at_during(host, agent, runner, job, FLOODS[what].code,
                            at_height_of(what, host, agent, runner))
    did, wanted, end = re.search(r"did (\d+) of (\d+):(.*)", said).groups()
    assert int(did) >= int(wanted) * 0.9 > 0, said
    assert FLOODS[what].ends in f":{end}", said
    if what == "hold every connection to the control socket":
        assert int(re.search(r"refused (\d+)", said)[1]) >= int(wanted) * 0.9, said


def shown_of(agent, runner):
    """What no line of a job may change."""
    shown = agent.runner(runner.name)
    return ({key: shown[key] for key in ("state", "since", "reason", "health", "problems", "job", "jobs")},
            agent.metrics().sum("paws_runner_jobs_total", runner=runner.name),
            agent.metrics().sum("paws_runner_listener_exits_total", runner=runner.name))


def errors(agent, runner):
    return agent.metrics().value("paws_runner_connect_errors_total", runner=runner.name) or 0


@pytest.mark.parametrize("how", FORMS)
def test_what_it_forges_is_in_the_journal_and_not_believed(host, agent, runner, job, stays_right, how):
    before, counted = shown_of(agent, runner), errors(agent, runner)
    cursor = host.journal("-n", "1")[0]["__CURSOR"]
    uid = host.run(["id", "-u", runner.user]).stdout.strip()

    def forged():
        """By the fields that journald gives."""
        return [entry["MESSAGE"] for entry in host.journal("--after-cursor", cursor, f"_UID={uid}")
                if entry.get("_SYSTEMD_UNIT") == runner.unit and entry["_TRANSPORT"] == FORMS[how][1]
                and entry["SYSLOG_IDENTIFIER"] == "runsvc.sh"]

    looked_at_during(host, agent, runner, job, forge(how), lambda: host.wait_for(
        lambda: (found := forged()) == list(FORGED) or Unmet(found), 20, "all are in the journal"))
    runner.tell("error behind what is forged")
    host.wait_for(lambda: errors(agent, runner) > counted, 30, "the runner's own line is read")
    assert errors(agent, runner) == counted + 1
    assert shown_of(agent, runner) == before
    assert agent.ask("jobs")["result"]["jobs"] == []
    runner.tell("reconnect")


def test_lines_that_are_no_text_change_nothing(host, agent, runner, job, stays_right):
    cursor = host.journal("-n", "1")[0]["__CURSOR"]
    looked_at_during(host, agent, runner, job, f"head -c 300000 /dev/urandom | systemd-cat -t noise; {HOLD}")
    noise = host.journal("--all", "--after-cursor", cursor, "-u", runner.unit, "-t", "noise")
    assert sum(len(entry["MESSAGE"]) for entry in noise if isinstance(entry["MESSAGE"], list)) >= 250_000


# What it does to the runner's own directory, what undoes it, and what is then said of `.runner`.
SETTINGS = {
    "a link to the secrets":
        (f"mv .runner .kept && ln -s {SECRET} .runner", "rm .runner && mv .kept .runner",
         "is or passes through a symlink; not followed"),
    "settings that never end":
        ("mv .runner .kept && truncate -s 100G .runner", "mv .kept .runner", "larger than 65536 bytes"),
    "a pipe": ("mv .runner .kept && mkfifo .runner", "mv -f .kept .runner", "is not a regular file"),
    "garbage":
        ("cp .runner .kept && head -c 5000 /dev/urandom >.runner", "mv .kept .runner", "is not JSON"),
}
TRACES = {
    "from the future":
        ("for y in 2098 2099; do head -c 3M /dev/zero >Worker_${y}0101-000000-utc.log; done", "rm Worker_209*"),
    "of the longest names there are, deep in each other":
        ("n=$(printf 'n%.0s' $(seq 255)) && touch Worker_20260101-000000-utc.log"
         " && for k in $(seq 100); do touch $k${n#???}; done"
         " && for k in $(seq 15); do mkdir $n && cd $n || exit; done && head -c 3M /dev/zero >$n",
         "rm -rf n* [0-9]*n Worker_20260101-000000-utc.log"),
    "whose names break lines and quotes":
        ("head -c 3M /dev/zero | tee \"$(printf 'a\\nb\"} 1')\" >\"$(printf '\\377\\376')\"",
         "rm -f a* \"$(printf '\\377\\376')\""),
}


def evidence(agent, runner, fact):
    return [one["value"] for one in agent.runner(runner.name)["evidence"] if one["fact"] == fact]


def tells_no_secret(agent, runner):
    shown = str(agent.runner(runner.name)) + agent.get("/metrics").text
    return "hunter2" not in shown and "hunter2" not in agent.log()


@contextlib.contextmanager
def done_by(host, job, folder, do, undo):
    done = job.run(f"cd {folder} && {do}", timeout=120)
    assert done.returncode == 0, done.stderr
    try:
        yield
    finally:
        host.run(f"cd {folder} && {undo}")


@pytest.mark.parametrize("what", SETTINGS)
def test_settings_that_are_none_are_told_and_those_before_hold(host, agent, runner, job, stays_right, what):
    do, undo, said = SETTINGS[what]
    before = dict(next(agent.metrics().all("paws_runner_info", runner=runner.name))[0])
    with done_by(host, job, ROOT, do, undo):
        host.wait_for(lambda: any(f"{ROOT}/.runner: {said}" in one for one in evidence(agent, runner, "files"))
                      or Unmet(agent.runner(runner.name)), 30, "it is told")
        assert dict(next(agent.metrics().all("paws_runner_info", runner=runner.name))[0]) == before
        assert agent.metrics().state(runner.name) == "idle"
        assert tells_no_secret(agent, runner)
    host.wait_for(lambda: not evidence(agent, runner, "files"), 30, "it is told no more")


@pytest.mark.parametrize("what", TRACES)
def test_traces_that_are_none_are_measured_and_tell_of_no_job(host, agent, runner, job, what):
    with done_by(host, job, f"{ROOT}/_diag", *TRACES[what]):
        agent.restart()  # it measures when it has just started
        agent.wait_for_state(runner.name, "idle")
        measured = host.wait_for(lambda: agent.metrics().value(
            "paws_runner_directory_bytes", runner=runner.name, directory="diag"), 60, "it was measured")
        assert measured >= 3 << 20
        assert measured == int(host.run(f"du -s -B1 {ROOT}/_diag").stdout.split()[0])
        agent.wait_for_collectors()
        assert agent.runner(runner.name)["job"] is None and agent.runner(runner.name)["health"] == "ok"
        assert agent.metrics().value("paws_runner_job_lease_seconds", runner=runner.name) is None


def test_traces_that_lead_elsewhere_are_not_measured_and_told_by_doctor(host, agent, runner, job):
    with done_by(host, job, ROOT, "mv _diag .kept && ln -s / _diag", "rm _diag && mv .kept _diag"):
        agent.restart()
        agent.wait_for_state(runner.name, "idle")
        host.wait_for(lambda: agent.metrics().value("paws_runner_directory_bytes", runner=runner.name,
                                                    directory="work") is not None, 60, "it measured")
        assert agent.metrics().value("paws_runner_directory_bytes", runner=runner.name,
                                     directory="diag") is None
        said = host.run(["pawsctl", "doctor"], check=False).stdout
        assert f"{ROOT}/_diag: is or passes through a symlink; not followed" in said
        assert f"→ ls -l {ROOT}/_diag" in said


@pytest.fixture
def loki(host, agent):
    with in_network_of(host.leader, FakeLoki) as loki:
        agent.configure(f'[logs]\nloki_url = "{loki.url}"\nbatch_wait = "200ms"\n')
        agent.restart()
        yield loki
        agent.configure("")
        agent.restart()


LINKS = {
    "a trace": (f"ln -sf {SECRET} _diag/Worker_$(date -u +%Y%m%d-%H%M%S)-utc.log", "rm _diag/Worker_*"),
    "the directory": (f"mv _diag .kept && ln -s {SECRETS} _diag", "rm _diag && mv .kept _diag"),
}


@pytest.mark.parametrize("what", LINKS)
def test_no_secret_is_shipped_by_a_link_to_it_and_that_is_told(host, agent, runner, job, loki, what):
    def trouble():
        return agent.ask("logs")["result"]["traces_trouble"] or ""

    agent.wait_for_state(runner.name, "idle")
    trace = f"{ROOT}/_diag/Worker_$(date -u +%Y%m%d-%H%M%S)-utc.log"
    assert job.run(f"echo its own >{trace}").returncode == 0
    host.wait_for(lambda: any(row.line == "its own" for row in loki.held()), 60, "traces are shipped")
    # By a name that is a trace's, wherever the link is.
    host.run(f"cp -p {SECRET} {SECRETS}/Worker_$(date -u +%Y%m%d-%H%M%S)-utc.log")
    with done_by(host, job, ROOT, *LINKS[what]):
        host.wait_for(lambda: "symlink; not followed" in trouble() or Unmet(trouble()), 60, "it is told")
        assert f"{runner.name}: {ROOT}/_diag" in trouble()
        said = job.run("logger after the link")
        assert said.returncode == 0, said.stderr
        host.wait_for(lambda: any(row.line == "after the link" for row in loki.held()), 60, "lines go on")
        assert not [row for row in loki.held() if "hunter2" in row.line]
    host.wait_for(lambda: not trouble(), 60, "it is told no more")


def test_a_listener_that_a_job_stops_is_not_well(host, agent, runner, job):
    """It lives, and systemd calls its unit active."""
    listener = runner.listener()
    assert job.run(f"kill -STOP {listener}").returncode == 0
    try:
        shown = agent.wait_for_state(runner.name, "offline")
        assert shown["reason"] == "the listener is stopped by a signal (process state T)"
        assert shown["health"] == "failed"
        assert agent.metrics().value("paws_runner_up", runner=runner.name) == 0
        assert host.show(runner.unit, "ActiveState")["ActiveState"] == "active"
    finally:
        host.kill(listener, "CONT")
    agent.wait_for_state(runner.name, "idle")


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
    fill = f"head -c 60M /dev/urandom | base64 -w 40000 | systemd-cat; {HOLD}"
    looked_at_during(host, agent, runner, job, fill)
    host.wait_for(lambda: not [line for line in host.messages("-u", runner.unit) if "Listening for Jobs" in line],
                  30, "it is turned over")


def test_there_are_enough():
    assert len(DENIED) + len(HARMLESS) + len(FLOODS) + len(FORMS) + len(SETTINGS) + len(TRACES) >= 55

"""The shipped unit: ready when it says so, unprivileged, hardened, watched, reloadable."""

import time

import exposition

from agent_unit import SOCKET, UNIT, USER


def status_of(host, pid):
    return dict(line.split(":\t", 1) for line in host.read(f"/proc/{pid}/status").splitlines()
                if ":\t" in line)


def test_it_is_active_and_ready(host, agent):
    shown = host.show(UNIT, "ActiveState", "SubState", "Type", "StatusText", "NRestarts", "Slice")
    assert shown["ActiveState"] == "active" and shown["SubState"] == "running"
    assert shown["Type"] == "notify" and shown["NRestarts"] == "0"
    assert shown["Slice"] == "paws.slice"
    assert agent.get("/-/healthy").status == 200
    assert agent.get("/-/ready").status == 200
    (labels, value), = agent.metrics().all("paws_agent_build_info")
    assert value == 1 and labels["version"] in host.run("paws-agent --version").stdout


def test_it_has_no_privileges(host, agent):
    status = status_of(host, agent.pid())
    uid = int(host.run(["id", "-u", USER]).stdout)
    assert uid != 0 and status["Uid"].split() == [str(uid)] * 4
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[kind], 16) == 0, f"{kind} is {status[kind]}"
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    journal = host.run(["getent", "group", "systemd-journal"]).stdout.split(":")[2]
    own = host.run(["id", "-g", USER]).stdout.strip()
    assert set(status["Groups"].split()) <= {journal, own}


def test_every_collector_that_can_succeed_does(host, agent):
    assert len(list(agent.metrics().all("paws_agent_collector_success"))) >= 14
    agent.wait_for_collectors()


def test_its_sandbox_makes_no_mount_look_broken(host, agent):
    """The unit has a /tmp of its own, on the tmpfs that the host has there."""
    assert host.run(["findmnt", "-no", "FSTYPE", "/tmp"]).stdout.strip() == "tmpfs"
    metrics = agent.metrics()
    assert metrics.value("paws_filesystem_readonly", mountpoint="/tmp") == 0
    errors = {own["mountpoint"]: value
              for own, value in metrics.all("paws_filesystem_device_error")}
    assert "/tmp" in errors and not any(errors.values()), errors


def test_anybody_may_ask_and_the_right_ones_are_answered(host, agent):
    host.run("id -u stranger >/dev/null 2>&1 || useradd stranger")
    refused = host.run_as("stranger", "pawsctl status", check=False)
    assert refused.returncode not in (0, 69) and "paws-agent" in refused.stderr
    answered = host.run("pawsctl status", check=False)
    assert answered.returncode in (0, 1, 2, 3) and answered.stdout
    host.run(f"usermod -aG {USER} stranger")
    joined = host.run_as("stranger", "pawsctl status --json", check=False)
    assert joined.returncode in (0, 1, 2, 3) and joined.stdout.startswith("{")
    assert host.run(["stat", "-c", "%a", SOCKET]).stdout.strip() == "666"


def test_sighup_takes_a_good_configuration_and_refuses_a_bad_one(host, agent):
    pid = agent.pid()
    agent.configure("[agent]\nlog_levle = \"debug\"\n")
    host.run(["systemctl", "reload", UNIT])
    host.wait_for(lambda: agent.metrics().value("paws_agent_config_last_reload_successful") == 0,
                  30, "the reload is refused")
    expected = ("/etc/paws-agent/agent.toml:2:1: [agent] 'log_levle' is not a setting; "
                "did you mean 'log_level'?")
    host.wait_for(lambda: expected in agent.log(), 30, "the log says why")
    agent.configure("[agent]\nlog_level = \"debug\"\n")
    host.run(["systemctl", "reload", UNIT])
    host.wait_for(lambda: agent.metrics().value("paws_agent_config_last_reload_successful") == 1,
                  30, "the reload is accepted")
    assert agent.pid() == pid
    host.run("rm /etc/paws-agent/agent.toml")
    host.run(["systemctl", "reload", UNIT])


def test_it_stops_within_a_second(host, agent):
    agent.wait_for_quick_stop(1)
    assert host.show(UNIT, "Result", "ExecMainStatus") == {
        "Result": "success", "ExecMainStatus": "0"}
    asked = host.run("pawsctl status", check=False)
    assert asked.returncode == 69 and len(asked.stderr.splitlines()) == 1
    assert "systemctl start paws-agent" in asked.stderr
    agent.start()


def test_it_does_not_start_with_a_bad_configuration(host, agent):
    agent.stop()
    agent.configure("[web]\nlisen = [\":1\"]\n")
    assert host.run(["systemctl", "start", UNIT], check=False, timeout=60).returncode != 0
    assert host.show(UNIT, "ActiveState", "ExecMainStatus", "NRestarts") == {
        "ActiveState": "failed", "ExecMainStatus": "78", "NRestarts": "0"}
    assert "agent.toml:2:1: [web] 'lisen' is not a setting; did you mean 'listen'?" in agent.log()
    host.run("rm /etc/paws-agent/agent.toml")
    agent.start()


def test_a_killed_agent_is_started_again_however_often(host, agent):
    for _ in range(7):  # systemd's own limit is five starts in ten seconds
        agent.restart()
    pid = agent.pid()
    host.kill(pid)
    host.wait_for(lambda: agent.pid() not in (0, pid), 30, "systemd starts it again")
    host.wait_for(lambda: host.show(UNIT, "ActiveState")["ActiveState"] == "active", 30, "ready")
    assert agent.metrics().value("paws_agent_config_last_reload_successful") == 1


def test_a_stuck_agent_is_killed_by_the_watchdog(host, agent):
    agent.change_unit("[Service]\nWatchdogSec=8s\n")
    agent.restart()
    pid = agent.pid()
    # Fed: it outlives the time twice over.
    time.sleep(17)
    assert agent.pid() == pid
    began = time.monotonic()
    host.kill(pid, "STOP")
    host.wait_for(lambda: agent.pid() not in (0, pid), 60, "systemd replaces it")
    print(f"a stopped agent was replaced after {time.monotonic() - began:.1f} s of a watchdog of 8 s")
    host.wait_for(lambda: host.show(UNIT, "ActiveState")["ActiveState"] == "active", 30, "ready")
    assert any("atchdog" in line for line in host.messages("_PID=1"))


def test_a_credential_of_systemd_is_a_secret_like_a_file(host, agent):
    """Of a file that root alone may read; in force from a start to the next."""
    source = "/etc/credentials/web-tokens"
    secret = "of-systemd-alone-0123456789"
    host.write(source, secret + "\n", 0o600)
    host.run("chmod 700 /etc/credentials")
    agent.change_unit(f"[Service]\nLoadCredential=web-tokens:{source}\n")
    agent.configure(f'[web]\ntoken_file = "/run/credentials/{UNIT}/web-tokens"\n')
    try:
        agent.restart()

        def status(token):
            return exposition.http_get(agent.connect, "/metrics", {"Authorization": f"Bearer {token}"}).status

        assert (status(secret), status("of-another")) == (200, 401)
        host.run("paws-agent --check-config")  # by the rights of the daemon's user
        # To nobody else: neither what systemd hands over nor what it is made of.
        host.run("id -u other >/dev/null 2>&1 || useradd other")
        for path in (source, f"/run/credentials/{UNIT}/web-tokens"):
            assert host.run_as("other", ["cat", path], check=False).returncode != 0
        assert secret not in agent.log() + host.run("pawsctl config show").stdout
        agent.configure(f'[web]\ntoken_file = "{source}"\n')
        refused = host.run("paws-agent --check-config", check=False)
        assert refused.returncode == 78 and "run: chgrp paws-agent /etc/credentials && " in refused.stderr, refused
    finally:
        host.run("rm /etc/paws-agent/agent.toml")
        agent.change_unit("")
        agent.restart()

"""A mount that never answers: whoever touches it hangs. The agent must not."""

import time

import pytest

import project
from agent_unit import UNIT

MOUNTPOINT = "/mnt/dead"
DROP_IN = "/etc/paws-agent/conf.d/dead.toml"
# A FUSE mount whose server never reads a request; it lives as long as that holds its descriptor.
DEAD = f"""[Service]
ExecStart=sh -c 'exec 3<>/dev/fuse; mount -i -t fuse \\
  -o fd=3,rootmode=40000,user_id=0,group_id=0,allow_other dead {MOUNTPOINT}; exec sleep 1000'
"""


@pytest.fixture(name="dead_mount")
def fixture_dead_mount(host):
    host.run(f"mkdir -p {MOUNTPOINT}; [ -e /dev/fuse ] || mknod /dev/fuse c 10 229")
    host.write("/etc/systemd/system/dead.service", DEAD)
    host.run("systemctl daemon-reload; systemctl start dead")
    try:
        host.wait_for(lambda: MOUNTPOINT in host.read("/proc/1/mountinfo"), 30, "it is mounted")
        held = host.run(f"timeout -s KILL 1 stat -f {MOUNTPOINT}", check=False)
        assert held.returncode == 137, "the mount is not dead"
        yield
    finally:
        host.run(f"systemctl stop dead; umount --lazy {MOUNTPOINT}", check=False)


def test_nothing_hangs_on_a_dead_mount(host, agent, dead_mount):
    host.wait_for(lambda: agent.metrics().value("paws_filesystem_device_error",
                                                mountpoint=MOUNTPOINT) == 1, 30,
                  "the agent shows it as one that does not answer")
    agent.wait_for_quick_scrapes(2 if project.is_sanitized() else 0.5)
    metrics = agent.metrics()
    assert metrics.value("paws_filesystem_size_bytes", mountpoint=MOUNTPOINT) is None
    assert metrics.value("paws_filesystem_avail_bytes", mountpoint="/run") > 0
    threads = len(host.run(f"ls /proc/{agent.pid()}/task").stdout.split())
    time.sleep(3)
    assert len(host.run(f"ls /proc/{agent.pid()}/task").stdout.split()) <= threads, (
        "threads gather at the dead mount")
    agent.wait_for_quick_stop(5 if project.is_sanitized() else 1)
    assert host.show(UNIT, "Result")["Result"] == "success"
    agent.start()
    host.run(f"systemctl stop dead; umount --lazy {MOUNTPOINT}")
    host.wait_for(lambda: agent.metrics().value("paws_filesystem_device_error",
                                                mountpoint=MOUNTPOINT) is None, 30, "it is gone")


def test_settings_that_name_a_file_on_it_are_refused_and_tried_again(host, agent, dead_mount):
    no_answer = f"'token_file' {MOUNTPOINT}/tokens: does not answer"
    before = agent.pid()
    host.write(DROP_IN, f'[web]\nlisten = ["127.0.0.1:7297"]\ntoken_file = "{MOUNTPOINT}/tokens"\n')
    try:
        host.run(["systemctl", "reload", UNIT])
        host.wait_for(lambda: no_answer in agent.log(), 30, "the reload is refused")
        host.wait_for(lambda: agent.metrics().value("paws_agent_config_last_reload_successful") == 0,
                      30, "metrics tell of it")
        assert agent.pid() == before
        began = time.monotonic()
        assert host.run(["systemctl", "restart", UNIT], check=False, timeout=60).returncode != 0
        assert time.monotonic() - began < 30
        shown = host.show(UNIT, "ExecMainStatus", "SubState")
        assert shown == {"ExecMainStatus": "69", "SubState": "auto-restart"}
    finally:
        host.run(["rm", DROP_IN])
    host.wait_for(lambda: host.show(UNIT, "ActiveState")["ActiveState"] == "active", 60,
                  "it has come up by itself")

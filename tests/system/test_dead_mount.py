"""A mount that never answers: whoever touches it hangs. The agent must not."""

import time

import project
from agent_unit import UNIT

MOUNTPOINT = "/mnt/dead"
# A FUSE mount whose server never reads a request; it lives as long as that holds its descriptor.
DEAD = f"""[Service]
ExecStart=sh -c 'exec 3<>/dev/fuse; mount -i -t fuse \\
  -o fd=3,rootmode=40000,user_id=0,group_id=0,allow_other dead {MOUNTPOINT}; exec sleep 1000'
"""


def test_nothing_hangs_on_a_dead_mount(host, agent):
    host.run(f"mkdir -p {MOUNTPOINT}; [ -e /dev/fuse ] || mknod /dev/fuse c 10 229")
    host.write("/etc/systemd/system/dead.service", DEAD)
    host.run("systemctl daemon-reload; systemctl start dead")
    try:
        host.wait_for(lambda: MOUNTPOINT in host.read("/proc/1/mountinfo"), 30, "it is mounted")
        held = host.run(f"timeout -s KILL 1 stat -f {MOUNTPOINT}", check=False)
        assert held.returncode == 137, "the mount is not dead"
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
    finally:
        host.run(f"systemctl stop dead; umount --lazy {MOUNTPOINT}")
    host.wait_for(lambda: agent.metrics().value("paws_filesystem_device_error",
                                                mountpoint=MOUNTPOINT) is None, 30, "it is gone")

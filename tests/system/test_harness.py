"""The harness itself: a booted host is a real one, and nothing of it is left behind."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guest import Guest
from nspawn import CGROUPS, BootedHost, is_init
from polling import NotInTime, wait_for

BOOT_AND_WAIT = """
import sys, time
sys.path[:0] = sys.argv[1:]
from nspawn import BootedHost
with BootedHost("killed") as host:
    print(host.leader, flush=True)
    time.sleep(60)
"""


def test_a_booted_host_runs_units_and_keeps_their_journal():
    with BootedHost("harness") as host:
        host.write("/etc/systemd/system/hello.service",
                   "[Service]\nExecStart=sh -c 'echo hello; exec sleep 1000'\n")
        host.run("systemctl daemon-reload && systemctl start hello")
        pid = host.main_pid("hello")
        assert pid > 1
        host.wait_for(lambda: "hello" in host.messages("-u", "hello"), 30, "its line is there")
        entry = host.journal("-u", "hello", "_TRANSPORT=stdout")[0]
        assert entry["_SYSTEMD_UNIT"] == "hello.service"
        host.kill(pid)
        host.wait_for(lambda: host.show("hello", "Result")["Result"] == "signal", 30, "it is killed")
        assert host.run_as("nobody", "id -un").stdout == "nobody\n"
        assert host.run("exit 3", check=False).returncode == 3


def test_a_host_leaves_nothing_behind():
    with BootedHost("gone") as host:
        assert is_init(host.leader)
        assert list(CGROUPS.glob(f"*/paws-test-{host.name}"))
    assert host.nspawn.poll() is not None
    assert not is_init(host.leader)
    assert not list(CGROUPS.glob(f"*/paws-test-{host.name}"))


def test_a_test_that_fails_stops_its_host_too():
    with pytest.raises(AssertionError, match="exit 1"):
        with BootedHost("failing") as host:
            host.run("false")
    assert host.nspawn.poll() is not None


def test_a_test_that_is_killed_stops_its_host_too():
    here = Path(__file__).parent
    test = subprocess.Popen(
        [sys.executable, "-c", BOOT_AND_WAIT, str(here), str(here.parent / "support")],
        stdout=subprocess.PIPE, text=True)
    leader = int(test.stdout.readline())
    assert is_init(leader)
    test.send_signal(signal.SIGKILL)
    test.wait(20)
    wait_for(lambda: not is_init(leader), 30, "the host of the killed test is gone")


def test_waiting_is_bounded():
    began = time.monotonic()
    with pytest.raises(NotInTime, match="pigs fly"):
        wait_for(lambda: False, 0.2, "pigs fly")
    assert 0.2 <= time.monotonic() - began < 15


def test_a_guest_enforces_limits_on_its_own_kernel():
    with Guest("limits") as guest:
        controllers = guest.read("/sys/fs/cgroup/cgroup.controllers").split()
        assert {"cpu", "io", "memory", "pids"} <= set(controllers)
        before = time.time()
        assert before - 5 < float(guest.run("date +%s.%N").stdout) < time.time() + 5
        guest.run("systemd-run --wait -q -p MemoryMax=20M -p MemorySwapMax=0 --unit=greedy "
                  "sh -c 'head -c 100M /dev/zero | tail'", check=False)
        assert guest.show("greedy", "Result")["Result"] == "oom-kill"
    assert guest.qemu.poll() is not None

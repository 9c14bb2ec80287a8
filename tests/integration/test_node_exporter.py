"""The agent and Debian's node_exporter, on the same host at the same moment, say the same."""

import os
import time

import pytest

import servers
from agent_process import AgentProcess
from polling import wait_for

TICK = 1 / os.sysconf("SC_CLK_TCK")
CPUS = os.cpu_count()


@pytest.fixture(scope="module")
def agent():
    with AgentProcess() as agent:
        yield agent


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with servers.NodeExporter(tmp_path_factory.mktemp("node")) as node:
        yield node


def sandwich(agent, node):
    """The exporter, the agent, the exporter again: the agent's facts lie between the two."""
    def try_once():
        before = node.metrics()
        began = time.time()
        ours = agent.metrics()
        after = node.metrics()
        return (before, ours, after) if ours.taken() >= began else None
    return wait_for(try_once, 60, "facts taken between two scrapes of node_exporter", every=0.3)


def holds(agent, node, compare):
    """Whether `compare` finds no difference in one of a few rounds: gauges move in between."""
    def try_once():
        differences.append([difference for difference in compare(*sandwich(agent, node))
                            if difference])
        return not differences[-1]
    differences = []
    try:
        wait_for(try_once, 60, "they agree")
    except AssertionError as error:
        raise AssertionError(f"they differ: {differences[-1]}") from error


def off(name, ours, before, after, absolute=0.0):
    """None when `ours` is within 2 % (or `absolute`) of the span from `before` to `after`."""
    assert ours is not None, f"the agent does not say {name}"
    assert before is not None and after is not None, f"node_exporter does not say {name}"
    low, high = sorted((before, after))
    slack = max(absolute, 0.02 * max(abs(low), abs(high)))
    return None if low - slack <= ours <= high + slack else (name, ours, before, after)


def between(name, ours, before, after, absolute=0.0):
    """For counters: `ours` lies in the span itself, give or take `absolute`."""
    assert ours is not None and before is not None and after is not None, name
    return None if before - absolute <= ours <= after + absolute else (name, ours, before, after)


def test_cpu(agent, node):
    def compare(before, ours, after):
        for mode in ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"):
            yield between(f"cpu {mode}", ours.value("paws_host_cpu_seconds_total", mode=mode),
                          before.sum("node_cpu_seconds_total", mode=mode),
                          after.sum("node_cpu_seconds_total", mode=mode), CPUS * TICK)
        count = len(list(before.all("node_cpu_seconds_total", mode="idle")))
        yield off("cpus", ours.value("paws_host_cpus"), count, count)
    holds(agent, node, compare)


def test_memory_and_load(agent, node):
    pairs = {
        "paws_host_memory_total_bytes": "node_memory_MemTotal_bytes",
        "paws_host_memory_available_bytes": "node_memory_MemAvailable_bytes",
        "paws_host_swap_total_bytes": "node_memory_SwapTotal_bytes",
        "paws_host_swap_free_bytes": "node_memory_SwapFree_bytes",
        "paws_host_load1": "node_load1",
        "paws_host_load5": "node_load5",
        "paws_host_load15": "node_load15",
        "paws_host_boot_timestamp_seconds": "node_boot_time_seconds",
    }

    def compare(before, ours, after):
        for own, theirs in pairs.items():
            # The kernel prints loads with two digits.
            yield off(own, ours.value(own), before.value(theirs), after.value(theirs), 0.01)
    holds(agent, node, compare)


def test_pressure_and_kills(agent, node):
    pairs = {
        ("cpu", "some"): "node_pressure_cpu_waiting_seconds_total",
        ("memory", "some"): "node_pressure_memory_waiting_seconds_total",
        ("memory", "full"): "node_pressure_memory_stalled_seconds_total",
        ("io", "some"): "node_pressure_io_waiting_seconds_total",
        ("io", "full"): "node_pressure_io_stalled_seconds_total",
    }

    def compare(before, ours, after):
        for (resource, kind), theirs in pairs.items():
            own = ours.value("paws_host_pressure_seconds_total", resource=resource, kind=kind)
            yield between(theirs, own, before.value(theirs), after.value(theirs), TICK)
        yield between("oom kills", ours.value("paws_host_oom_kills_total"),
                      before.value("node_vmstat_oom_kill"), after.value("node_vmstat_oom_kill"))
    holds(agent, node, compare)


def test_filesystems(agent, node):
    pairs = {
        "paws_filesystem_size_bytes": "node_filesystem_size_bytes",
        "paws_filesystem_avail_bytes": "node_filesystem_avail_bytes",
        "paws_filesystem_files": "node_filesystem_files",
        "paws_filesystem_files_free": "node_filesystem_files_free",
        "paws_filesystem_readonly": "node_filesystem_readonly",
    }

    def compare(before, ours, after):
        shown = [own["mountpoint"] for own, _ in ours.all("paws_filesystem_size_bytes")]
        assert "/" in shown
        shared = 0
        for mountpoint in shown:
            for own, theirs in pairs.items():
                values = [side.value(name, mountpoint=mountpoint) for side, name in (
                    (ours, own), (before, theirs), (after, theirs))]
                if values[1] is not None and values[2] is not None:
                    shared += 1
                    yield off(f"{own} of {mountpoint}", *values)
        assert shared >= len(pairs)
    holds(agent, node, compare)


def test_disks(agent, node):
    pairs = {
        "paws_disk_read_bytes_total": "node_disk_read_bytes_total",
        "paws_disk_written_bytes_total": "node_disk_written_bytes_total",
        "paws_disk_reads_completed_total": "node_disk_reads_completed_total",
        "paws_disk_writes_completed_total": "node_disk_writes_completed_total",
        "paws_disk_io_time_seconds_total": "node_disk_io_time_seconds_total",
    }
    compare_devices(agent, node, pairs)


def test_network(agent, node):
    pairs = {f"paws_network_{way}_{what}_total": f"node_network_{way}_{what}_total"
             for way in ("receive", "transmit") for what in ("bytes", "errs", "drop")}
    compare_devices(agent, node, pairs)


def compare_devices(agent, node, pairs):
    def compare(before, ours, after):
        # Debian's node_exporter leaves out lo, the agent leaves out what is no disk.
        own, theirs = next(iter(pairs.items()))
        devices = ({labels["device"] for labels, _ in ours.all(own)} &
                   {labels["device"] for labels, _ in before.all(theirs)})
        assert devices, f"no device in both {own} and {theirs}"
        for device in devices:
            for own, theirs in pairs.items():
                yield between(f"{own} of {device}", ours.value(own, device=device),
                              before.value(theirs, device=device),
                              after.value(theirs, device=device), TICK if "seconds" in own else 0)
    holds(agent, node, compare)

"""Exporter: a program that serves /metrics, run as a service of a booted host and scraped the way
Prometheus scrapes. What it costs is read from the service's cgroup and from /proc."""

import contextlib
import dataclasses
import gzip
import http.client
import re
import time

from agent_unit import PORT, UNIT, AgentUnit
from host import Host
from polling import wait_for

NODE_COLLECTORS = ["cpu", "loadavg", "meminfo", "pressure", "filesystem", "diskstats", "netdev",
                   "vmstat", "stat", "timex"]
SERVERS = "/srv/servers"
# What Prometheus 2.42 sends.
HEADERS = {
    "Accept": "application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
              "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "Accept-Encoding": "gzip",
    "User-Agent": "Prometheus/2.42.0",
}
SNAPSHOT_TIME = re.compile(rb"^paws_agent_snapshot_timestamp_seconds (\S+)", re.MULTILINE)
# The unit's cgroup counts every process and thread of it, those that ended too.
COST = 'cat "/sys/fs/cgroup$0/cpu.stat"; cat /proc/"$1"/task/*/schedstat'
MEMORY = re.compile(r"^(Rss|Pss): +(\d+) kB", re.MULTILINE)


@dataclasses.dataclass
class Round:
    latencies: list = dataclasses.field(default_factory=list)
    snapshots: list = dataclasses.field(default_factory=list)
    bytes: int = 0


class Exporter:
    name: str
    unit: str
    port: int

    def __init__(self, host: Host) -> None:
        self.host = host

    def begin(self) -> None:
        """Starts the service."""
        raise NotImplementedError

    def start(self) -> "Exporter":
        self.begin()
        shown = self.host.show(self.unit, "MainPID", "ControlGroup")
        self.pid, self.cgroup = shown["MainPID"], shown["ControlGroup"]
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self._connection.auto_open = 0  # it would open a connection of this machine's own
        wait_for(self._answers, 60, f"{self.name} answers", every=0.2)
        return self

    def stop(self) -> None:
        self._connection.close()
        self.host.run(["systemctl", "stop", self.unit])

    def _answers(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            self._connection.sock = self.host.connect(self.port, timeout=60)
            self.scrape(Round())
            return True
        return False

    def scrape(self, into: Round) -> None:
        started = time.perf_counter()
        self._connection.request("GET", "/metrics", headers=HEADERS)
        answer = self._connection.getresponse()
        body = answer.read()
        into.latencies.append(time.perf_counter() - started)
        if answer.status != 200:
            raise RuntimeError(f"{self.name} answered {answer.status}")
        text = gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body
        into.bytes = len(text)
        if found := SNAPSHOT_TIME.search(text):
            into.snapshots.append(float(found[1]))

    def cpu(self) -> tuple[float, float]:
        """CPU seconds since the start: of the unit's cgroup, and of the threads alive now."""
        said = self.host.run(["sh", "-ec", COST, self.cgroup, self.pid]).stdout.splitlines()
        usage = next(int(line.split()[1]) for line in said if line.startswith("usage_usec "))
        threads = [int(line.split()[0]) for line in said if re.fullmatch(r"\d+ \d+ \d+", line)]
        return usage / 1e6, sum(threads) / 1e9

    def memory(self) -> dict[str, int]:
        rollup = self.host.read(f"/proc/{self.pid}/smaps_rollup")
        return {f"{kind.lower()}_bytes": int(kib) * 1024 for kind, kib in MEMORY.findall(rollup)}


class Agent(Exporter):
    """As its package installs it, sandbox and all."""

    name, unit, port = "paws-agent", UNIT, PORT

    def begin(self) -> None:
        AgentUnit(self.host).start()


class DebianExporter(Exporter):
    """One of Debian's, as a plain service of root."""

    program: str
    arguments: list[str]

    def begin(self) -> None:
        self.host.run(["systemd-run", "--quiet", f"--unit={self.unit}", "--collect",
                       f"{SERVERS}/{self.program}", *self.arguments])


class NodeExporter(DebianExporter):
    name, unit, port = "node_exporter", "node-exporter.service", 9100
    program = "prometheus-node-exporter"
    arguments = [f"--web.listen-address=127.0.0.1:{port}", "--collector.disable-defaults",
                 *(f"--collector.{name}" for name in NODE_COLLECTORS)]


class ProcessExporter(DebianExporter):
    name, unit, port = "process_exporter", "process-exporter.service", 9256
    program = "prometheus-process-exporter"
    arguments = [f"-web.listen-address=127.0.0.1:{port}", "-config.path", "/etc/process_exporter.yml"]

    def begin(self) -> None:
        self.host.write("/etc/process_exporter.yml",
                        'process_names:\n  - name: "{{.Comm}}"\n    cmdline: [".+"]\n')
        super().begin()

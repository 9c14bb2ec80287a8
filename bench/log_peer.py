"""The peer of log shipping: syslog-ng, whose http destination a Loki takes, reads the same journal.

It is set up as well as it can be: pushes of a MiB, a queue that holds all, labels and metadata as the
agent's, and none of what the agent does besides (secrets, times, a place that is kept only for what
Loki has). `./dev bench logs` unpacks it under build/cache/peer. Its journal source reads that of the
machine, so it runs in a mount namespace where the bench's is in that place."""

import contextlib
import os
import subprocess
import tempfile
import time
from pathlib import Path

CONFIG = """@version: 3.38
options { stats-freq(0); keep-hostname(yes); use-dns(no); };
source journal { systemd-journal(read-old-records(yes) log-fetch-limit(5000) log-iw-size(50000)); };
destination loki {
  http(url("URL/loki/api/v1/push") method("POST") headers("Content-Type: application/json") workers(1)
       batch-bytes(1048576) batch-lines(20000) batch-timeout(100) log-fifo-size(1000000)
       body-prefix('{"streams":[') delimiter(',') body-suffix(']}')
       body('BODY'));
};
log { source(journal); destination(loki); flags(flow-control); };
"""
BODY = ('{"stream":{"host":"$HOST","unit":"${.journald._SYSTEMD_UNIT}","level":"$LEVEL"},'
        '"values":[["${S_UNIXTIME}000000000","$MESSAGE",{"pid":"$PID","identifier":"$PROGRAM"}]]}')
# Arguments: the journal, its place, the program and what it is told.
IN_ITS_PLACE = """mkdir -p /var/log/journal && mount -t tmpfs tmpfs /var/log/journal && mkdir "$2" &&
mount --bind "$1" "$2" && shift 2 && exec "$@" """


def is_there(root: Path) -> bool:
    return (root / "usr/sbin/syslog-ng").is_file()


def written(ctl: list, env: dict) -> int:
    """Lines that Loki took, as it counts them itself."""
    stats = subprocess.run(ctl, env=env, capture_output=True, text=True, check=False).stdout
    rows = [line.split(";") for line in stats.splitlines()]
    return next((int(row[-1]) for row in rows if row[0] == "dst.http" and row[-2] == "written"), 0)


@contextlib.contextmanager
def shipping(root: Path, journal: Path, url: str):
    """Its process, and how many lines Loki has of it."""
    libraries = [root / "usr/lib/syslog-ng", root / "usr/lib/x86_64-linux-gnu", root / "lib/x86_64-linux-gnu"]
    env = dict(os.environ, LD_LIBRARY_PATH=":".join(map(str, libraries)))
    with tempfile.TemporaryDirectory() as work:
        config, control = Path(work, "syslog-ng.conf"), Path(work, "ctl")
        config.write_text(CONFIG.replace("URL", url).replace("BODY", BODY))
        place = "/var/log/journal/" + Path("/etc/machine-id").read_text().strip()
        program = [root / "usr/sbin/syslog-ng", "--foreground", "--no-caps", f"--cfgfile={config}",
                   f"--module-path={next(root.glob('usr/lib/syslog-ng/3*'))}", f"--control={control}",
                   f"--persist-file={work}/persist", f"--pidfile={work}/pid"]
        space = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        process = subprocess.Popen([*space, "sh", "-c", IN_ITS_PLACE, "sh", journal, place, *program], env=env)
        try:
            ctl = [root / "usr/sbin/syslog-ng-ctl", "stats", f"--control={control}"]
            yield process, lambda: written(ctl, env)
        finally:
            process.terminate()
            process.wait(30)


def drain(root: Path, journal: Path, entries: int, url: str, cpu_seconds) -> dict:
    """It ships all of the journal; its start counts, as that of the agent does."""
    begun, sent = time.time(), 0
    with shipping(root, journal, url) as (process, sent_to):
        while sent < entries and time.time() - begun < 120 and process.poll() is None:
            time.sleep(0.2)
            sent = sent_to()
        wall, cpu = time.time() - begun, cpu_seconds(process.pid) if process.poll() is None else 0
    assert sent == entries, f"syslog-ng: {sent} of {entries} lines arrived"
    return {"cpu_us_per_line": cpu / entries * 1e6, "lines_per_second": entries / wall}

"""AnHour: an agent whose last hour had everything in it: each health, most states, gaps, full disks.

The page's files come from the real agent, with its headers; the documents are made here, in the
form that tests/exporter holds the agent to.
"""

import datetime
import http.server
import json
import math
import threading

from agent_process import AgentProcess

GAP = range(100, 118)  # steps in which nobody looked
HOSTILE = "<img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script> & \u202e'"
PASSED_ON = ("Content-Type", "Content-Security-Policy", "X-Content-Type-Options", "Cache-Control")


class AnHour:
    def __init__(self, agent: AgentProcess) -> None:
        self._agent = agent
        self.status = status()
        self.silent = False  # no document is given any more
        hour = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                documents = {"/api/v1/status": hour.status, "/api/v1/history": history()}
                status = 200
                if self.path in documents and hour.silent:
                    body, headers, status = b"Not now.", {}, 503
                elif self.path in documents:
                    body = json.dumps(documents[self.path]).encode()
                    headers = {"Content-Type": "application/json"}
                else:
                    answer = agent.get(self.path)
                    body = answer.body
                    headers = {name: answer.headers[name] for name in PASSED_ON}
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> "AnHour":
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def ago(seconds: float) -> str:
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds)
    return then.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def job(name: str, result: str | None, took: float, finished: float | None,
        identity: dict | None = None) -> dict:
    return {"name": name, "started": ago(took + (finished or 0)), "result": result,
            "identity": identity,
            "finished": None if finished is None else ago(finished)}


IDENTITY = {"repository": "acme-international-widgets/a-repository-with-a-rather-long-name",
            "workflow": "CI", "job": "package", "run_id": 7240953180, "run_attempt": 12}
JOBS = [
    job("build (ubuntu, gcc-13)", "succeeded", 412, 7600),
    job("test / unit: core", "succeeded", 98, 5400),
    job("test / \"integration\" with a name that is much longer than a card is wide", "failed",
        1260, 3800),
    job("lint", "succeeded_with_issues", 14, 1500),
    job("nightly / fuzz", "canceled", 600, 400),
]


def runner(short: str, state: str, since: float, health: str = "ok", reason: str = "",
           **more: object) -> dict:
    name = f"acme-widgets.{short}"
    evidence = [("unit", "active (running)", 1.2), ("listener", "process 4713, state S", 1.2),
                ("socket", "2 established, data 12 s ago", 0.4),
                ("journal", "Listening for Jobs", 300), ("api", HOSTILE, None)]
    return {"name": name, "agent_name": short, "unit": f"actions.runner.{name}.service",
            "scope": "acme/widgets", "version": "2.336.0", "state": state, "since": ago(since),
            "reason": reason, "health": health, "problems": [], "last_contact": ago(12),
            "evidence": [{"fact": fact, "value": value, "age_seconds": age}
                         for fact, value, age in evidence],
            "job": None, "jobs": [], **more}


def runners() -> list[dict]:
    return [
        runner("build-01", "idle", 7500, reason="listens, in contact", jobs=JOBS),
        runner("build-02", "busy", 190, "degraded",
               "its work directory is on /srv/jobs, which is 81 % used", problems=["disk"],
               job=job("package (ubuntu-22.04, gcc-13)", None, 192, None, IDENTITY), jobs=JOBS[:3]),
        runner("build-03", "hung", 540, "failed",
               "the listener is alive, GitHub has heard nothing from it for 9 min, and github.com "
               "answers this host", blame="runner", jobs=JOBS[1:4]),
        runner("build-04", "offline", 21540, "failed",
               "connect errors since 09:01: Resource temporarily unavailable "
               "(broker.actions.githubusercontent.com:443)", problems=["crash_loop"],
               blame="network"),
        runner("build-05", "stopped", 86400, reason="operator: stopped by systemctl"),
        runner("build-06", "draining", 100, reason="a drain was asked for; the job still runs",
               job=job("release", None, 900, None)),
        runner("build-07", "unknown", 60, "unknown", "no fact is younger than 30 s"),
        runner("deploy-08", "busy", 40, reason="runs a job", job=job(HOSTILE, None, 41, None),
               jobs=[job(HOSTILE, "lost", 3, 99)]),
    ]


def filesystem(mountpoint: str, size: float | None, avail: float | None, **more: object) -> dict:
    files = None if size is None else 3e7
    return {"mountpoint": mountpoint, "device": f"/dev/{mountpoint}", "fstype": "ext4",
            "read_only": False, "size_bytes": size, "avail_bytes": avail, "files": files,
            "files_free": files and 2.5e7, "full_in_seconds": None, "error": None, **more}


def stalls(percent: float) -> dict:
    some = {"avg10": percent, "avg60": percent * 0.8, "avg300": percent / 2, "total_seconds": 9}
    return {"some": some, "full": None}


def status() -> dict:
    working = [{"name": f"c{number}", "success": True, "duration_seconds": 0.001, "error": None}
               for number in range(15)]
    broken = {"name": "journal", "success": False, "duration_seconds": 0.1,
              "error": "the journal is not readable; run: usermod -aG systemd-journal paws-agent "
                       "&& systemctl restart paws-agent"}
    return {
        "version": 1, "time": ago(0),
        "host": {
            "name": "build-host", "health": "degraded", "problems": ["disk"], "cpus": 8,
            "cpu_busy": 0.42, "load": {"one": 3.52, "five": 2.41, "fifteen": 1.33},
            "memory": {"total_bytes": 16.8e9, "available_bytes": 9.7e9,
                       "swap_total_bytes": 2.15e9, "swap_free_bytes": 2.1e9},
            "pressure": {"cpu": stalls(4.4), "memory": stalls(0), "io": stalls(1.2)},
            "oom_kills": 0, "boot": ago(1e6),
            "filesystems": [
                filesystem("/srv/jobs", 5e11, 95e9, full_in_seconds=10800),
                filesystem("/", 1.2e11, 74.8e9),
                filesystem("/srv/full", 1e11, 3e9),
                filesystem("/mnt/cache", None, None, error="no answer within 2 s")],
            "clock": {"synchronised": True, "offset_seconds": -0.000125,
                      "behind_github_seconds": 0}},
        "agent": {
            "version": "0.1.0", "revision": "c7b854bde0a1", "pid": 99, "started": ago(11520),
            "snapshot_age_seconds": 0.4, "config_file": "/etc/paws-agent/agent.toml",
            "logs": {"state": "paused", "lag_seconds": 420.5,
                     "trouble": "Loki answers 401: no such token"},
            "config_reload_successful": False, "collectors": [*working, broken]},
        "runners": runners()}


def wave(middle: float, swing: float, period: float) -> list[float | None]:
    return [None if step in GAP else round(max(0.0, middle + swing * (
        math.sin(step / period) + math.sin(step * 1.7) / 3 + math.sin(step * 0.61) / 2)), 4)
        for step in range(360)]


def history() -> dict:
    name = "acme-widgets.build-0"
    return {
        "version": 1, "time": ago(0), "step_seconds": 10, "newest_age_seconds": 4.2,
        "gauges": {
            "cpu_busy": wave(0.4, 0.2, 21), "memory_used": wave(0.42, 0.02, 60),
            "swap_used": wave(0.02, 0, 1), "load1": wave(3, 1.1, 33),
            "pressure_cpu_percent": wave(4, 2, 17), "pressure_memory_percent": [0.0] * 360,
            "pressure_io_percent": wave(1.2, 0.8, 9),
            "receive_bytes_per_second": wave(2e6, 1e6, 14),
            "transmit_bytes_per_second": wave(3e5, 2e5, 28),
            "clock_offset_seconds": wave(-1e-4, 1e-5, 40)},
        "filesystems": {"/srv/jobs": [0.6 + 0.21 * step / 360 for step in range(360)],
                        "/": [0.38] * 360, "/srv/full": [0.97] * 360},
        "runners": {
            f"{name}1": [["idle", 60], ["busy", 40], [None, 18], ["idle", 242]],
            f"{name}2": [["busy", 100], [None, 18], ["idle", 112], ["busy", 100],
                         ["updating", 12], ["busy", 18]],
            f"{name}3": [["idle", 200], ["busy", 40], ["idle", 66], ["hung", 54]],
            f"{name}4": [["offline", 360]], f"{name}5": [["stopped", 360]],
            f"{name}6": [["idle", 250], ["busy", 100], ["draining", 10]],
            f"{name}7": [["idle", 350], ["unknown", 10]],
            "acme-widgets.deploy-08": [["idle", 354], ["busy", 6]]}}

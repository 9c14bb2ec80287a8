"""Servers: Debian's Prometheus and node_exporter, each on a free port of 127.0.0.1, and a proxy
that notes what Prometheus and the agent say to each other."""

import contextlib
import http.client
import http.server
import json
import shutil
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import exposition
from polling import wait_for
from ports import free_port


def program(name: str) -> str:
    found = shutil.which(name)
    assert found, f"{name} is missing: ./dev test unpacks it below build/cache"
    return found


class Server:
    """A program that answers HTTP on `port` once it is up."""

    ready_path = "/"

    def __init__(self, work: Path) -> None:
        self.work = work
        self.port = free_port()

    def command(self) -> list[str]:
        raise NotImplementedError

    def __enter__(self) -> "Server":
        self.work.mkdir(parents=True, exist_ok=True)
        with open(self.work / "log", "wb") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", *self.command()], stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for(self._answers, 60, f"{type(self).__name__} answers", every=0.1)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.read()

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.work / "log").read_text(errors="replace")
        with contextlib.suppress(OSError):
            self.get(self.ready_path)
            return True
        return False


class NodeExporter(Server):
    ready_path = "/metrics"

    def command(self) -> list[str]:
        return [program("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{self.port}"]

    def metrics(self) -> exposition.Metrics:
        return exposition.Metrics(self.get("/metrics").decode())


class Prometheus(Server):
    ready_path = "/-/ready"

    def __init__(self, work: Path, target_port: int, rules: list[Path]) -> None:
        super().__init__(work)
        self._config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rule) for rule in rules],
            "scrape_configs": [{"job_name": "paws-agent", "static_configs": [
                {"targets": [f"127.0.0.1:{target_port}"]}]}],
        }

    def command(self) -> list[str]:
        (self.work / "prometheus.yml").write_text(json.dumps(self._config))  # JSON is YAML
        return [program("prometheus"), f"--config.file={self.work}/prometheus.yml",
                f"--storage.tsdb.path={self.work}/data",
                f"--web.listen-address=127.0.0.1:{self.port}"]

    def query(self, expression: str) -> list[dict]:
        """An instant query's result vector; an expression that does not evaluate is an error."""
        path = "/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        try:
            answer = json.loads(self.get(path))
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{expression}: {error.read().decode()}") from error
        assert answer["status"] == "success", f"{expression}: {answer}"
        return answer["data"]["result"]

    def number(self, expression: str) -> float | None:
        """The value of an expression that yields one series; None when it yields none."""
        result = self.query(expression)
        assert len(result) <= 1, f"{expression} yields {len(result)} series"
        return float(result[0]["value"][1]) if result else None

    def api(self, path: str) -> dict:
        return json.loads(self.get("/api/v1/" + path))["data"]


class RecordingProxy:
    """Passes GET requests on to 127.0.0.1:port and keeps the headers of both sides."""

    def __init__(self, port: int) -> None:
        self.exchanges: list[tuple[dict[str, str], dict[str, str]]] = []  # asked, answered
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                upstream.request("GET", self.path, headers=dict(self.headers))
                answer = upstream.getresponse()
                body = answer.read()
                upstream.close()
                proxy.exchanges.append((dict(self.headers), dict(answer.headers)))
                self.send_response_only(answer.status)
                for name in ("Content-Type", "Content-Encoding"):
                    if name in answer.headers:
                        self.send_header(name, answer.headers[name])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def __enter__(self) -> "RecordingProxy":
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

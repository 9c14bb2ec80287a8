"""AgentProcess: the real agent on this machine, on a free port of 127.0.0.1, for one test."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Sequence

import control
import exposition
import project
from polling import wait_for
from ports import free_port

CONFIG = """[agent]
state_dir = "{work}/state"
runtime_dir = "{work}/run"
{agent}

[web]
listen = ["127.0.0.1:{port}"]
"""


class AgentProcess:
    def __init__(self, extra: str = "", agent: str = "", port: int | None = None,
                 arguments: Sequence[str] = (), **environment: str) -> None:
        """`extra` goes into a drop-in, `agent` into the [agent] table."""
        # Not pytest's tmp_path: the path of a unix socket is at most 107 bytes.
        self.work = Path(tempfile.mkdtemp(prefix="paws-"))
        self.port = port or free_port()
        self.state = self.work / "state"
        self.config = self.work / "agent.toml"
        self.config.write_text(CONFIG.format(work=self.work, port=self.port, agent=agent))
        self.drop_in = self.work / "conf.d/test.toml"
        self.drop_in.parent.mkdir()
        self.drop_in.write_text(extra)
        self.socket = self.work / "run/control.sock"
        self.arguments = list(arguments)
        self._environment = environment
        self._log = open(self.work / "log", "wb")
        self._notify = NotifySocket(self.work / "notify")
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "AgentProcess":
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        self._log.close()
        self._notify.close()
        shutil.rmtree(self.work)

    def start(self, ready: bool = True) -> None:
        self._notify.read()  # also what one that was killed has said
        self._notify.said.clear()
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", project.binary("paws-agent"), "--config", self.config,
             *self.arguments],
            env={**os.environ, "NOTIFY_SOCKET": str(self._notify.path), **self._environment},
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT)
        if ready:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        wait_for(self._is_ready, 60, "the agent says READY=1")

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, (
            f"the agent ended with {self.process.returncode}:\n{self.log()}")
        return "READY=1" in self.notifications()

    def stop(self) -> float:
        """Stops it as systemd does; the seconds it took. It must end with 0."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        took = time.monotonic() - began
        assert code == 0, f"after SIGTERM the agent ended with {code}:\n{self.log()}"
        return took

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def notifications(self) -> list[str]:
        """What it has told systemd since its start."""
        return self._notify.read()

    def log(self) -> str:
        return (self.work / "log").read_text(errors="replace")

    @property
    def pid(self) -> int:
        return self.process.pid

    # Asking it

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 20)

    def get(self, path: str, **headers: str) -> exposition.Answer:
        return exposition.http_get(self.connect, path, headers)

    def metrics(self) -> exposition.Metrics:
        return exposition.scrape(self.connect)

    def ask(self, verb: str, **arguments: object) -> dict:
        return control.ask(self.socket, verb, **arguments)

    def runner(self, name: str) -> dict:
        """One runner as the status shows it."""
        answer = self.ask("status")
        assert answer["ok"], answer
        return next(one for one in answer["result"]["runners"] if one["name"] == name)

    def pawsctl(self, *arguments: str, timeout: float = 40) -> subprocess.CompletedProcess[str]:
        return pawsctl(self.socket, *arguments, timeout=timeout)


def pawsctl(control_socket: Path, *arguments: str,
            timeout: float = 40) -> subprocess.CompletedProcess[str]:
    return subprocess.run([project.binary("pawsctl"), *arguments], capture_output=True, text=True,
                          env={**os.environ, "PAWS_SOCKET": str(control_socket)},
                          stdin=subprocess.DEVNULL, timeout=timeout)


class NotifySocket:
    """What systemd listens on for Type=notify (sd_notify(3))."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)

    def read(self) -> list[str]:
        while True:
            try:
                self.said += self._socket.recv(65536).decode().splitlines()
            except BlockingIOError:
                return self.said

    def close(self) -> None:
        self._socket.close()

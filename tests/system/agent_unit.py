"""AgentUnit: the agent as its package installs it on a booted host, from the repository's files."""

import time
from pathlib import Path

import project
import control
import exposition
from host import Host
from nspawn import BootedHost
from polling import Unmet, wait_for

UNIT = "paws-agent.service"
USER = "paws-agent"
PORT = 7297
SOCKET = "/run/paws-agent/control.sock"
FILES = project.SOURCE / "packaging/files.txt"


def boot(label: str, binds: dict[Path, str] | None = None, reboots: bool = False) -> BootedHost:
    """A host that sees what was built, with the programs where the package puts them."""
    return BootedHost(label, {
        project.build() / "bin": "/srv/bin",
        project.SOURCE / "tests/support": "/srv/support",
        project.binary("paws-agent"): "/usr/bin/paws-agent",
        project.binary("pawsctl"): "/usr/bin/pawsctl",
        project.binary("paws-action"): "/usr/libexec/paws-agent/paws-action",
        **(binds or {}),
    }, reboots)


class AgentUnit:
    def __init__(self, host: Host) -> None:
        self.host = host

    def install(self) -> "AgentUnit":
        for line in FILES.read_text().splitlines():
            if line and not line.startswith(("#", "build/")):  # the programs are there already
                source, place, mode = line.split()
                self.host.copy_in(project.SOURCE / source, f"/{place}", int(mode, 8))
        self.host.run("systemd-sysusers && systemctl daemon-reload && "
                      f"install -d -m 0750 -g {USER} /etc/paws-agent/secrets")  # as the package does
        return self

    def configure(self, toml: str) -> None:
        self.host.write("/etc/paws-agent/agent.toml", toml)

    def change_unit(self, text: str) -> None:
        """A drop-in of the operator."""
        self.host.write(f"/etc/systemd/system/{UNIT}.d/test.conf", text)
        self.host.run("systemctl daemon-reload")

    def start(self) -> "AgentUnit":
        """Starts it; returns when it has said READY=1."""
        started = self.host.run(["systemctl", "start", UNIT], check=False, timeout=60)
        assert started.returncode == 0, "\n".join(self.host.messages("-u", UNIT))
        return self

    def restart(self) -> None:
        self.host.run(["systemctl", "restart", UNIT], timeout=60)

    def stop(self) -> None:
        self.host.run(["systemctl", "stop", UNIT], timeout=60)

    def wait_for_quick_stop(self, bound: float) -> None:
        """Stops it, again if this machine had other things to do."""
        def took() -> float:
            self.start()
            began = time.monotonic()
            self.stop()
            return time.monotonic() - began

        wait_for(lambda: (seconds := took()) < bound or Unmet(seconds), 60, f"it stops in {bound} s")

    def pid(self) -> int:
        return self.host.main_pid(UNIT)

    def log(self) -> str:
        return "\n".join(self.host.messages("-u", UNIT))

    # Asking it

    def connect(self):
        return self.host.connect(PORT)

    def metrics(self) -> exposition.Metrics:
        return exposition.scrape(self.connect)

    def get(self, path: str) -> exposition.Answer:
        return exposition.http_get(self.connect, path)

    def wait_for_quick_scrapes(self, bound: float) -> None:
        """Ten in a row, some of which ask for new facts, and ticks that go on. What holds a scrape up
        holds up some of any ten; this machine may have other things to do."""
        def slowest() -> float:
            found = 0.0
            for _ in range(10):
                time.sleep(0.3)
                began = time.monotonic()
                self.metrics()
                found = max(found, time.monotonic() - began)
            return found

        wait_for(lambda: (found := slowest()) < bound or Unmet(found), 60, f"ten within {bound} s")
        wait_for(lambda: time.time() - self.metrics().taken() < 3, 30, "ticks go on")

    def wait_for_collectors(self, *names: str) -> None:
        """These, or all there are, succeed in one look: a busy machine lets one be late."""
        def failing() -> list[str]:
            return [own["collector"] for own, value in
                    self.metrics().all("paws_agent_collector_success")
                    if value != 1 and (not names or own["collector"] in names)]

        wait_for(lambda: not (found := failing()) or Unmet(found), 30, "collectors succeed")

    def ask(self, verb: str, **arguments: object) -> dict:
        """Over the control socket, as root of this machine. Only for hosts in nspawn."""
        return control.ask(self.host.path(SOCKET), verb, **arguments)

    def runner(self, name: str) -> dict | None:
        """One runner as the status on the control socket shows it."""
        answer = self.ask("status")
        assert answer["ok"], answer
        return next((one for one in answer["result"]["runners"] if one["name"] == name), None)

    def may_look_into(self, name: str) -> bool:
        """Whether the runner's directories are open to it."""
        evidence = (self.runner(name) or {}).get("evidence", [])
        return not any("may not look" in one["value"] for one in evidence)

    def wait_for_state(self, name: str, state: str, timeout: float = 30) -> dict:
        """Waits until the runner is in that state; it, as the status shows it."""
        def is_there() -> dict | Unmet:
            shown = self.runner(name) or {}
            return shown if shown.get("state") == state else Unmet(shown)

        return self.host.wait_for(is_there, timeout, f"{name} is {state}")

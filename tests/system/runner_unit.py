"""RunnerUnit: a runner of a booted host, installed and started the way svc.sh does it.

Its processes, lines and exit codes are those of GitHub's; see tests/support/fake_runner.h.
"""

import image
from host import Host

SUPPORT = "/srv/support"
FAKE_RUNNER = "/srv/bin/paws_fake_runner"
# The unit that svc.sh writes (actions/runner, Misc/layoutbin/actions.runner.service.template).
TEMPLATE = """[Unit]
Description=GitHub Actions Runner ({name})
After=network-online.target

[Service]
ExecStart={root}/runsvc.sh
User={user}
WorkingDirectory={root}
KillMode=process
KillSignal=SIGTERM
TimeoutStopSec=5min

[Install]
WantedBy=multi-user.target
"""
# Arguments: root, short name, repository, user, unit, the unit's text; .env lines come by stdin.
INSTALL = f"""
export PAWS_FAKE_RUNNER={FAKE_RUNNER}
{SUPPORT}/make_fake_runner "$0" "$1" "$2" >/dev/null
cat >>"$0/.env"
chown -R "$3:" "$0"
printf %s "$5" >"/etc/systemd/system/$4"
chmod 664 "/etc/systemd/system/$4"
systemctl daemon-reload
systemctl enable --quiet "$4"
"""


class RunnerUnit:
    def __init__(self, host: Host, short: str = "build-01", repository: str = "acme/widgets",
                 user: str = image.RUNNER_USER) -> None:
        self.host, self.short, self.repository, self.user = host, short, repository, user
        self.name = f"{repository.replace('/', '-')}.{short}"
        self.unit = f"actions.runner.{self.name}.service"
        self.root = f"/opt/runners/{self.name}"

    def install(self, **environment: str) -> "RunnerUnit":
        """Lays the runner out and enables its unit; `environment` goes into its .env too."""
        unit = TEMPLATE.format(name=self.name, root=self.root, user=self.user)
        for key, value in environment.items():
            unit = unit.replace("[Service]\n", f'[Service]\nEnvironment="{key}={value}"\n')
        lines = "".join(f"{key}={value}\n" for key, value in environment.items())
        self.host.run(["sh", "-ec", INSTALL, self.root, self.short, self.repository, self.user,
                       self.unit, unit], content=lines.encode(), timeout=120)
        return self

    def start(self) -> "RunnerUnit":
        self.host.run(["systemctl", "start", self.unit])
        self.host.wait_for(self.listener, 30, f"{self.name} has a listener")
        return self

    def stop(self) -> None:
        self.host.run(["systemctl", "stop", self.unit])

    def tell(self, *commands: str) -> None:
        """Commands to the listener (fake_runner_listener.cpp). It must be alive."""
        text = "".join(command + "\n" for command in commands)
        self.host.run(f"timeout 20 sh -c 'cat >{self.root}/.fake/control'", content=text.encode())

    def pids(self, program: str) -> list[int]:
        """Processes of this runner by their program's base name, oldest first."""
        found = self.host.run(["pgrep", "-f", f"^{self.root}/bin[^ ]*/{program} "], check=False)
        return [int(word) for word in found.stdout.split()]

    def listener(self) -> int | None:
        return next(iter(self.pids("Runner.Listener")), None)

    def worker(self) -> int | None:
        return next(iter(self.pids("Runner.Worker")), None)

    def main_pid(self) -> int:
        return self.host.main_pid(self.unit)


def closed_runner(host, short, user=None):
    """A runner in a home of its own that is 0700, as adduser makes homes on Debian."""
    user = user or short
    host.run(f"id {user} >/dev/null 2>&1 || useradd --create-home --shell /bin/sh {user}; "
             f"chmod 700 /home/{user}")
    runner = RunnerUnit(host, short, user=user)
    runner.root = f"/home/{user}/actions-runner"
    return runner.install(FAKE_RELAUNCH_MS="300", FAKE_RENEW_MS="500")

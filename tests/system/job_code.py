"""JobCode: what a job may run: any program, as the runner's user, in the cgroup of its unit."""

import subprocess

from host import Host
from runner_unit import RunnerUnit

# Arguments: cgroup, user, code.
RUN = """
set -e
mkdir -p "/sys/fs/cgroup$0"
echo $$ >"/sys/fs/cgroup$0/cgroup.procs"
exec setpriv --reuid="$1" --regid="$(id -g "$1")" --init-groups env HOME=/tmp sh -c "$2"
"""


class JobCode:
    def __init__(self, host: Host, runner: RunnerUnit) -> None:
        self._host, self._runner = host, runner

    def run(self, code: str, timeout: float = 30, below: str = "") -> subprocess.CompletedProcess[str]:
        """`below`: in a cgroup of that name in the unit's."""
        cgroup = self._host.show(self._runner.unit, "ControlGroup")["ControlGroup"]
        assert cgroup, f"{self._runner.unit} does not run"
        return self._host.run(["sh", "-c", RUN, f"{cgroup}/{below}", self._runner.user, code], check=False,
                              timeout=timeout)

"""The units' sandboxes, as systemd-analyze judges them."""

import json
import subprocess

import pytest

import project

UNITS = {path.name: path for path in sorted((project.SOURCE / "systemd").glob("*.service"))}
# Of 10, as low as each can be. What an action may have at most is 3.0.
EXPOSURE = {
    "paws-agent.service": 1.9,
    "paws-inspect@.service": 1.9,
    "paws-open@.service": 1.3,
}
# What the agent leaves open, and its unit says why.
OPEN = {
    "PrivateNetwork", "ProtectClock", "ProtectProc", "ProcSubset", "PrivateUsers",
    "RestrictAddressFamilies_AF_INET_INET6", "RestrictAddressFamilies_AF_NETLINK",
    "RestrictAddressFamilies_AF_UNIX", "IPAddressDeny", "RootDirectoryOrRootImage",
    "ProtectHome", "SystemCallFilter_clock", "SystemCallFilter_privileged",
}


def analyze(*words):
    return subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", *words],
                          capture_output=True, text=True, check=False)


def test_no_more_is_open_to_the_agent_than_its_unit_says():
    rows = json.loads(analyze("--json=short", str(UNITS["paws-agent.service"])).stdout)
    assert len(rows) > 50
    still_open = {row["json_field"] for row in rows
                  if row["exposure"] not in (None, "0", "0.0", 0)}
    assert still_open == OPEN


@pytest.mark.parametrize("unit", UNITS)
def test_its_exposure_is_no_higher_than_promised(unit):
    bound = round(EXPOSURE[unit] * 10)
    within = analyze(f"--threshold={bound}", str(UNITS[unit]))
    assert within.returncode == 0, within.stdout
    assert analyze(f"--threshold={bound - 1}", str(UNITS[unit])).returncode != 0, "lower the bound"

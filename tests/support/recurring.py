"""Recurring: what several tests on this machine ask again and again."""

from polling import Unmet, wait_for

GENERAL = """[journal]
directory = "{journal}"

[runners]
discover = false
"""
RUNNER = """
[[runners.static]]
name = "{name}"
root = "{root}"
unit = "{unit}"
"""


def config_of(runners, feed) -> str:
    """The drop-in by which the agent knows LocalRunners, or one, and their journal."""
    listed = runners if isinstance(runners, list) else [runners]
    return GENERAL.format(journal=feed.directory) + "".join(
        RUNNER.format(name=one.name, root=one.root, unit=one.unit) for one in listed)


def wait_for_state(agent, name: str, state: str, timeout: float = 30) -> None:
    wait_for(lambda: (seen := agent.metrics().state(name)) == state or Unmet(seen), timeout,
             f"{name} is {state}")

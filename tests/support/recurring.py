"""Recurring: what several tests on this machine ask again and again."""

from polling import wait_for

STATIC = """[journal]
directory = "{journal}"

[runners]
discover = false

[[runners.static]]
name = "{name}"
root = "{root}"
unit = "{unit}"
"""


def config_of(runner, feed) -> str:
    """The drop-in by which the agent knows a LocalRunner and its journal."""
    return STATIC.format(journal=feed.directory, name=runner.name, root=runner.root,
                         unit=runner.unit)


def wait_for_state(agent, name: str, state: str, timeout: float = 8) -> None:
    wait_for(lambda: agent.metrics().state(name) == state or None, timeout,
             f"{name} is {state}; it is {agent.metrics().state(name)}")

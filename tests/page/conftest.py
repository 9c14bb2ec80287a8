import pytest

from agent_process import AgentProcess
from browser import Browser
from journal_feed import JournalFeed
from local_runner import LocalRunner
from recurring import config_of


@pytest.fixture(scope="session")
def browser():
    with Browser() as browser:
        yield browser


@pytest.fixture
def feed(tmp_path):
    with JournalFeed(tmp_path / "journal") as feed:
        yield feed


@pytest.fixture
def runners(tmp_path, feed):
    """Two runners that are laid out and not started yet."""
    with LocalRunner(tmp_path / "r1", feed) as one, LocalRunner(tmp_path / "r2", feed, "build-02") as two:
        yield [one, two]


# How full this machine's disk is must not decide what is well.
NO_DISK = '\n[collectors.filesystem]\nexclude_mountpoints = ["/"]\n'


@pytest.fixture
def agent(runners, feed):
    """The agent, knowing those runners and their journal."""
    with AgentProcess(config_of(runners, feed) + NO_DISK) as agent:
        yield agent

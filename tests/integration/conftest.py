import pytest

from agent_process import AgentProcess
from journal_feed import JournalFeed
from local_runner import LocalRunner
from recurring import config_of


@pytest.fixture
def feed(tmp_path):
    with JournalFeed(tmp_path / "journal") as feed:
        yield feed


@pytest.fixture
def runner(tmp_path, feed):
    """A runner that is laid out and not started yet."""
    with LocalRunner(tmp_path / "runner", feed) as runner:
        yield runner


@pytest.fixture
def agent(runner, feed):
    """The agent, knowing that runner and its journal."""
    with AgentProcess(config_of(runner, feed)) as agent:
        yield agent

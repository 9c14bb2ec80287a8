import pytest

from agent_unit import UNIT, AgentUnit, boot
from nspawn import BootedHost
from runner_unit import RunnerUnit


@pytest.fixture(scope="module")
def host(request):
    """A booted host for the tests of one file."""
    with boot(request.module.__name__.removeprefix("test_").replace("_", "-")) as host:
        yield host


@pytest.fixture(scope="module")
def agent(host):
    """The agent on that host, installed and running."""
    return AgentUnit(host).install().start()


@pytest.fixture
def runner(host, agent, request):
    """A runner of its own for each test, installed and not started; stopped after it."""
    number = request.node.name.removeprefix("test_").replace("_", "-")[:40]
    runner = RunnerUnit(host, number).install(FAKE_RELAUNCH_MS="300")
    yield runner
    host.run(["systemctl", "kill", "--signal=KILL", runner.unit], check=False)
    host.run(["systemctl", "stop", runner.unit], check=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """What the agent and the runners said stands under a test that failed."""
    report = (yield).get_result()
    host = item.funcargs.get("host")
    if report.failed and isinstance(host, BootedHost):
        for unit in (UNIT, "actions.runner.*"):
            lines = host.run(["journalctl", "--no-pager", "-n", "60", "-u", unit], check=False)
            report.sections.append((f"journal of {unit}", lines.stdout))

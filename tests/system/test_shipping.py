"""Log shipping on a booted host: what journald itself says it did not take, and a name that resolves late."""

import pytest

from agent_unit import AgentUnit
from fake_loki import FakeLoki
from nspawn import in_network_of
from polling import Unmet

PORT = 3100
NAME = "loki.test"
LOGS = f'[logs]\nloki_url = "http://{NAME}:{PORT}"\nbatch_wait = "100ms"\n'
SUPPRESSED = "a596d6fe7bfa4994828e72309e95d61e"  # sd-messages.h: SD_MESSAGE_JOURNAL_DROPPED
LINES = 2000


@pytest.fixture(scope="module")
def agent(host):
    """Configured, and not running yet."""
    agent = AgentUnit(host).install()
    agent.configure(LOGS)
    return agent


@pytest.fixture
def loki(host):
    with in_network_of(host.leader, lambda: FakeLoki(address=("127.0.0.1", PORT))) as loki:
        yield loki


def name_resolves(host, does):
    """/etc/hosts is the only place where it could be found."""
    host.run(f"sed -i '/{NAME}/d' /etc/hosts; echo '{'127.0.0.1' if does else '#'} {NAME}' >>/etc/hosts")


def held(loki, unit):
    return [row.line for row in loki.held() if f'unit="{unit}"' in row.labels and row.line.startswith("line ")]


def counted(agent, name, **labels):
    return agent.metrics().value(f"paws_logs_{name}", **labels) or 0


def test_a_name_that_does_not_resolve_and_then_does(host, agent, loki):
    name_resolves(host, False)
    agent.start()
    host.run(["systemd-run", "--wait", "--unit=early.service", "seq", "--format=line %g", str(LINES)])
    host.wait_for(lambda: counted(agent, "push_failures_total", reason="network") > 2, 60, "it is counted")
    status = host.run("pawsctl logs status", check=False).stdout
    why = next(line for line in status.splitlines() if line.startswith("why "))
    assert NAME in why and "the name is not resolved" in status, status
    assert loki.connections == 0
    name_resolves(host, True)
    every_line = [f"line {number}" for number in range(1, LINES + 1)]
    host.wait_for(lambda: len(held(loki, "early.service")) >= LINES, 90, "all lines are there")
    assert held(loki, "early.service") == every_line and loki.repeats == 0


# Lines at once, then one now and then: with one that it takes again journald says what it did not.
FLOOD = f"""seq --format='line %g' {LINES}; n={LINES}
            while sleep 0.5; do n=$((n + 1)); echo "line $n"; done"""


def test_lines_that_journald_suppresses_are_counted_as_it_says(host, agent, loki):
    name_resolves(host, True)
    agent.start()
    host.run(["systemd-run", "--unit=flood.service", "--property=LogRateLimitBurst=20",
              "--property=LogRateLimitIntervalSec=2s", "sh", "-c", FLOOD])

    def suppressed():
        return [int(entry["N_DROPPED"]) for entry in host.journal(f"MESSAGE_ID={SUPPRESSED}")]

    host.wait_for(suppressed, 60, "journald says that it suppressed some")
    host.run("systemctl stop flood.service")
    said = sum(suppressed())
    taken = [line for line in host.messages("-u", "flood.service") if line.startswith("line ")]
    print(f"{said} lines were suppressed, {len(taken)} taken")
    assert len(taken) + said == int(taken[-1].removeprefix("line ")) and said > LINES / 2
    host.wait_for(lambda: held(loki, "flood.service") == taken, 60, "what it took arrives")
    host.wait_for(lambda: (seen := counted(agent, "dropped_total", reason="suppressed")) == said
                  or Unmet(seen), 30, "it is counted")
    assert counted(agent, "dropped_total", reason="vacuumed") == counted(agent, "journal_gaps_total") == 0

"""Two booted hosts on one network: what an agent tells the other, and what not."""

import pytest

from agent_unit import PORT, AgentUnit, boot
from cable import Cable
from exposition import http_get, scrape
from runner_unit import RunnerUnit


@pytest.fixture(scope="module")
def pair():
    with boot("first") as first, boot("second") as second:
        yield first, second


@pytest.fixture(scope="module")
def agents(pair):
    return tuple(AgentUnit(host).install().start() for host in pair)


@pytest.fixture(scope="module")
def cable(pair):
    return Cable(*pair)


def test_each_is_scraped_from_the_other_by_both_families(pair, agents, cable):
    runners = [RunnerUnit(host, name).install().start()
               for host, name in zip(pair, ("here", "there"))]
    for agent, runner in zip(agents, runners):
        agent.wait_for_state(runner.name, "idle")
    for start, other in ((pair[0], runners[1]), (pair[1], runners[0])):
        for v6 in (False, True):
            metrics = scrape(lambda: cable.connect(start, PORT, v6))
            assert metrics.state(other.name) == "idle"
            assert http_get(lambda: cable.connect(start, PORT, v6), "/-/healthy").status == 200


def test_what_is_for_operators_stays_on_its_host(pair, agents, cable):
    for path in ("/", "/api/v1/status", "/api/v1/runners", "/api/v1/jobs"):
        refused = http_get(lambda: cable.connect(pair[1], PORT), path)
        assert refused.status == 403, (path, refused.status)
        assert "acme" not in refused.text


def test_a_cut_cable_is_no_fault_of_either(pair, agents, cable):
    cable.cut()
    with pytest.raises(OSError):
        cable.connect(pair[1], PORT, timeout=1)
    for agent in agents:
        assert agent.get("/-/ready").status == 200
    cable.mend()
    pair[1].wait_for(lambda: scrape(lambda: cable.connect(pair[1], PORT)).taken() > 0, 30,
                     "it is scraped again")

"""A ghost listener, in real time and with the bounds that ship: it lives, systemd says active, it
logs nothing, and GitHub has lost it. Nightly: `./dev nightly`."""

import time
from pathlib import Path

import pytest

from broker import ADDRESS, Broker
from http_server import TestAuthority
from polling import wait_for
from runner_unit import RunnerUnit

CA = "/etc/paws-agent/test-ca.pem"
BOUND = 300  # seconds; four minutes of silence, a tick and one attempt


@pytest.fixture
def broker(host, agent, tmp_path):
    authority = TestAuthority(Path(tmp_path))
    host.copy_in(authority.file, CA)
    agent.change_unit(f"[Service]\nEnvironment=SSL_CERT_FILE={CA}\n")
    agent.restart()
    with Broker(host, pace=20, tls=authority.server(ADDRESS)) as broker:
        yield broker


def connected(host, agent, broker, short):
    """A runner whose listener polls the broker, and which the agent can reach by itself."""
    runner = RunnerUnit(host, short).install(FAKE_BROKER=broker.endpoint)
    host.run(f"sed -i 's#https://broker.actions.githubusercontent.com/#https://{ADDRESS}/#' "
             f"{runner.root}/.runner")
    runner.start()
    broker.wait_for_poll(short)
    agent.wait_for_state(runner.name, "idle")

    def reached():
        return [one["value"] for one in agent.runner(runner.name)["evidence"]
                if one["fact"] == "reach" and "answers this host" in one["value"]]
    wait_for(reached, 90, "this host reaches the broker")  # it tries once a minute
    return runner


def test_a_ghost_is_found_within_five_minutes_and_its_neighbour_is_not_blamed(host, agent, broker):
    ghost = connected(host, agent, broker, "ghost")
    well = connected(host, agent, broker, "well")
    began = time.monotonic()
    broker.ghost("ghost")
    wait_for(lambda: agent.runner(ghost.name)["state"] == "hung", BOUND + 60, "the ghost is hung", 1)
    took = time.monotonic() - began
    print(f"a ghost listener was found after {took:.0f} s")
    shown = agent.runner(ghost.name)
    assert took <= BOUND
    assert shown["blame"] == "runner" and shown["hung_signs"] == ["silent_sockets", "no_socket"]
    assert host.show(ghost.unit, "ActiveState")["ActiveState"] == "active" and ghost.listener()
    assert agent.runner(well.name)["state"] == "idle"


def test_an_outage_of_the_broker_is_no_hang(host, agent, broker):
    runner = connected(host, agent, broker, "outage")
    broker.outage()
    states = set()
    until = time.monotonic() + BOUND + 60
    while time.monotonic() < until:
        states.add(agent.runner(runner.name)["state"])
        time.sleep(2)
    assert "hung" not in states and "offline" in states
    shown = agent.runner(runner.name)
    assert shown["blame"] == "github", shown
    broker.back_to_normal()
    agent.wait_for_state(runner.name, "idle", 180)

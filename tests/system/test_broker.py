"""The broker in a booted host's own network, as the agent there sees a runner's connection to it."""

from broker import Broker
from polling import wait_for


def test_a_poll_is_a_contact_and_a_ghost_has_no_socket(host, agent, runner):
    with Broker(host, pace=2) as broker:
        host.run(f"printf 'FAKE_BROKER={broker.endpoint}\\n' >>{runner.root}/.env")
        runner.start()
        broker.wait_for_poll(runner.short)
        agent.wait_for_state(runner.name, "idle")

        def sockets():
            return agent.ask("runner", name=runner.name)["result"]["sockets"]
        wait_for(lambda: sockets()["established"] == 1, 30, "its connection is seen")
        polls = broker.session(runner.short).polls
        wait_for(lambda: broker.session(runner.short).polls > polls + 1, 30, "two more polls")
        wait_for(lambda: sockets()["last_received_seconds"] < 5, 30, "it has just received")

        broker.ghost(runner.short)
        wait_for(lambda: sockets()["established"] == 0, 30, "its connection is gone")
        assert runner.listener()
    assert broker.malformed == []

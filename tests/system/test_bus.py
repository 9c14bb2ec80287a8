"""Without D-Bus the agent goes on, says so, and recovers by itself."""

import concurrent.futures
import re
import time

import project


def test_the_bus_goes_and_comes_back(host, agent, runner):
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    pid = agent.pid()
    host.run("systemctl stop dbus.socket dbus.service")

    def units():
        return agent.metrics().value("paws_agent_collector_success", collector="units")

    host.wait_for(lambda: units() == 0, 30, "the units collector fails")
    agent.wait_for_collectors("cpu")
    assert agent.get("/-/healthy").status == 200
    host.wait_for(lambda: "collector=units" in agent.log()
                  and "systemctl status dbus.socket dbus.service" in agent.log(), 30,
                  "the log says so and where to look")
    # What was known stays known for a while, then it is not.
    host.wait_for(lambda: agent.runner(runner.name)["state"] == "unknown", 45, "its unit is unknown")
    host.run("systemctl start dbus.socket dbus.service")
    host.wait_for(lambda: units() == 1, 30, "the collector succeeds again")
    agent.wait_for_state(runner.name, "idle")
    assert agent.pid() == pid


# Units that end and are unloaded at once, a few at a time.
CHURN = """for round in $(seq 150); do
  for number in 1 2 3 4; do
    systemd-run --quiet --no-block --collect --unit=actions.runner.acme-churn.r$number true
  done
done 2>/dev/null; true"""
# In the properties of a unit, as busctl prints them.
GONE = re.compile(r'STRING "LoadState";\s+VARIANT "s" \{\s+STRING "not-found";')


def units_error(agent):
    collectors = agent.ask("status")["result"]["agent"]["collectors"]
    return next(one["error"] or "" for one in collectors if one["name"] == "units")


def test_units_that_vanish_while_they_are_asked_about(host, agent, runner):
    """Between their listing and the question for their properties. The bus itself is the witness
    that this happened: systemd answered for a unit that was not there any more."""
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    pid = agent.pid()
    host.run(["systemd-run", "--quiet", "--unit=witness", "-p", "StandardOutput=file:/run/witness",
              "busctl", "monitor", "--match=type='method_return'"])
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        churn = pool.submit(host.run, CHURN, timeout=300)
        looks = 0
        while not churn.done():
            assert agent.metrics().state(runner.name) == "idle"
            # That it is late is no fault of it on a machine with so much to do.
            assert re.fullmatch("|missed its deadline .*", units_error(agent)), agent.log()
            looks += 1
            time.sleep(0.05)
        churn.result()
    host.run(["systemctl", "stop", "witness"])
    vanished = len(GONE.findall(host.read("/run/witness")))
    print(f"{looks} scrapes, {vanished} questions about units that had vanished")
    assert looks > 10 and vanished > 0
    host.wait_for(lambda: "acme-churn" not in agent.metrics().text, 30, "nothing of them stays")
    assert agent.pid() == pid


def test_a_host_without_the_bus_at_start(host, agent):
    host.run("systemctl stop dbus.socket dbus.service")
    try:
        agent.restart()
        assert agent.metrics().value("paws_agent_collector_success", collector="units") == 0
    finally:
        host.run("systemctl start dbus.socket dbus.service")
    host.wait_for(lambda: agent.metrics().value("paws_agent_collector_success",
                                                collector="units") == 1, 30, "it finds the bus")


def test_a_bus_that_does_not_answer_holds_nothing_up(host, agent, runner):
    """A stopped daemon still accepts: calls to it hang, they do not fail. What systemd said last
    is trusted for half a minute before it is asked for again."""
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    daemon = host.main_pid("dbus.service")
    host.kill(daemon, "STOP")
    try:
        host.wait_for(lambda: agent.metrics().value("paws_agent_collector_success",
                                                    collector="units") == 0, 45,
                      "the units collector misses its deadline")
        agent.wait_for_quick_scrapes(2 if project.is_sanitized() else 0.5)
        agent.wait_for_collectors("cpu")
    finally:
        host.kill(daemon, "CONT")
    host.wait_for(lambda: agent.metrics().value("paws_agent_collector_success",
                                                collector="units") == 1, 30, "it succeeds again")

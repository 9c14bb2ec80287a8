"""Bad input and bad circumstances: a clear word, the right exit code, and nothing is lost."""

import re
import signal
import socket
import subprocess

import project
from agent_process import AgentProcess, pawsctl
from polling import Unmet, wait_for


def run_to_its_end(agent, *arguments):
    return subprocess.run(
        [project.binary("paws-agent"), "--config", agent.config, *arguments],
        capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)


def test_a_port_that_is_taken_is_named():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        agent = AgentProcess(port=other.getsockname()[1])
        try:
            ended = run_to_its_end(agent)
            assert ended.returncode not in (0, -signal.SIGABRT, -signal.SIGSEGV)
            assert str(agent.port) in ended.stderr
            assert re.search("in use|taken", ended.stderr), ended.stderr
        finally:
            agent.__exit__()


def test_a_typo_in_the_configuration_is_shown_where_it_is():
    agent = AgentProcess("[web]\nlisen = [\":1\"]\n\n[agnet]\n")
    try:
        for arguments in ((), ("--check-config",)):
            ended = run_to_its_end(agent, *arguments)
            assert ended.returncode == 78
            assert (f"{agent.drop_in}:2:1: [web] 'lisen' is not a setting; did you mean 'listen'?"
                    in ended.stderr)
            assert (f"{agent.drop_in}:4:2: [agnet] is not a setting; did you mean [agent]?"
                    in ended.stderr)
        agent.drop_in.write_text("")
        assert run_to_its_end(agent, "--check-config").returncode == 0
    finally:
        agent.__exit__()


def test_a_bad_reload_keeps_the_old_configuration():
    with AgentProcess() as agent:
        assert agent.metrics().value("paws_agent_config_last_reload_successful") == 1
        agent.drop_in.write_text("[web]\nlisen = 1\n")
        agent.reload()
        wait_for(lambda: agent.metrics().value("paws_agent_config_last_reload_successful") == 0, 30,
                 "the reload is refused")
        assert re.search("reload refused fault=.*lisen", agent.log()), agent.log()
        assert agent.get("/-/healthy").status == 200
        agent.drop_in.write_text("")
        agent.reload()
        wait_for(lambda: agent.metrics().value("paws_agent_config_last_reload_successful") == 1, 30,
                 "the reload is accepted")


def test_without_an_agent_pawsctl_says_how_to_start_it(tmp_path):
    asked = pawsctl(tmp_path / "no.sock", "status")
    assert asked.returncode == 69
    assert asked.stdout == ""
    assert len(asked.stderr.strip().splitlines()) == 1
    assert f"no agent listens at {tmp_path}/no.sock" in asked.stderr and "start" in asked.stderr


def test_sigterm_ends_it_within_a_second():
    with AgentProcess() as agent:
        def stopped_in_time():
            if agent.process.poll() is not None:
                agent.start()
            with agent.connect() as idle, agent.connect() as half:
                half.sendall(b"GET /metrics HTTP/1.1\r\n")
                took = agent.stop()
                assert "STOPPING=1" in agent.notifications()
                print(f"stopped in {took * 1000:.0f} ms")
                assert idle.fileno() >= 0
            assert not agent.socket.exists()
            return took < (5 if project.is_sanitized() else 1) or Unmet(took)

        # What else this machine does is not the agent's: once it is to be so.
        wait_for(stopped_in_time, 30, "it stops within a second")


def test_the_watchdog_is_fed_by_ticks():
    with AgentProcess(WATCHDOG_USEC="2000000") as agent:
        wait_for(lambda: agent.notifications().count("WATCHDOG=1") >= 2, 30, "two feedings")

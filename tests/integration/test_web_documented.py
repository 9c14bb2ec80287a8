"""docs/access.md as it stands: its commands, its configuration, and Debian's Prometheus with its own."""

import subprocess

import pytest

import servers
from agent_process import AgentProcess
from documented_access import Documented, blocks
from polling import wait_for
from web_agent import GENERAL, Curl

class DocumentedPrometheus(servers.Prometheus):
    def __init__(self, documented, port, without=""):
        super().__init__(documented.work / f"server{len(without)}", port, [])
        scrapes = documented.here(blocks("yaml")[0]).replace("localhost:7297", f"localhost:{port}")
        assert without in scrapes
        self._text = "global: {scrape_interval: 1s}\n" + scrapes.replace(without, "")

    def command(self):
        command = super().command()
        (self.work / "prometheus.yml").write_text(self._text)
        return command


@pytest.fixture(scope="module")
def documented(tmp_path_factory):
    documented = Documented(tmp_path_factory.mktemp("documented"))
    documented.set_up()
    return documented


@pytest.fixture(scope="module")
def agent(documented):
    (documented.work / "journal").mkdir()
    agent = AgentProcess(GENERAL.format(journal=documented.work / "journal"))
    (agent.drop_in.parent / "web.toml").write_text(documented.here(blocks("toml")[0]))
    with agent:
        yield agent


def ask(agent, documented, client=None, token=None):
    command = ["curl", "-sSi", "--max-time", "20", "--cacert", documented.home / "ca.pem"]
    command += ["--cert", client.cert, "--key", client.key] if client else []
    command += ["-H", f"Authorization: Bearer {token}"] if token else []
    return Curl(subprocess.run([*map(str, command), f"https://localhost:{agent.port}/metrics"],
                               capture_output=True, timeout=30))


def three_more_scrapes(prometheus):
    before = prometheus.number("sum_over_time(up[5m])")
    wait_for(lambda: prometheus.number("sum_over_time(up[5m])") >= before + 3, 60,
             "three more scrapes", every=0.5)


def test_the_documented_prometheus_scrapes(agent, documented):
    with DocumentedPrometheus(documented, agent.port) as prometheus:
        wait_for(lambda: (prometheus.number('count_over_time(up{job="paws-agent"}[1m])') or 0) >= 5,
                 60, "five scrapes", every=0.5)
        wait_for(lambda: prometheus.number("up") == 1, 30, "it is up", every=0.5)
        assert prometheus.number("scrape_samples_scraped") > 50
        left = prometheus.number(
            "paws_agent_web_certificate_expiry_timestamp_seconds - time()")
        assert 364 * 86400 < left < 366 * 86400
        # Another token, then the same on both sides: nothing is restarted.
        renewed = "0123456789abcdef" * 4
        tokens = documented.etc / "secrets/web.tokens"
        tokens.write_text(documented.token + "\n" + renewed + "\n")
        (documented.prometheus / "prometheus.token").write_text(renewed)
        three_more_scrapes(prometheus)  # with the other one
        tokens.write_text(renewed + "\n")
        three_more_scrapes(prometheus)
        # A scrape that this machine is too slow for is none either; none was refused.
        assert prometheus.number("sum(paws_agent_web_refused_total)") == 0
        wait_for(lambda: prometheus.number("up") == 1, 30, "it is up", every=0.5)
        tokens.write_text(documented.token + "\n")


@pytest.mark.parametrize("without", ["    authorization:\n      credentials_file: {}/"
                                     "prometheus.token\n",
                                     "      cert_file: {0}/prometheus.pem\n      key_file: {0}/"
                                     "prometheus.key\n"])
def test_a_prometheus_that_lacks_a_key_scrapes_nothing(agent, documented, without):
    lacking = without.format(documented.prometheus)
    with DocumentedPrometheus(documented, agent.port, lacking) as prometheus:
        wait_for(lambda: (prometheus.number('count_over_time(up{job="paws-agent"}[1m])') or 0) >= 2,
                 60, "two scrapes", every=0.5)
        assert prometheus.number("max_over_time(up[1m])") == 0


def test_each_row_of_the_table_needs_both(agent, documented):
    client, token = documented.client, documented.token
    assert ask(agent, documented, client, token).status == 200
    assert ask(agent, documented, client).status == 401
    assert ask(agent, documented, None, token).status == 0
    assert (documented.etc / "tls/web.key").stat().st_mode & 0o777 == 0o640
    assert (documented.etc / "secrets/web.tokens").stat().st_mode & 0o777 == 0o640

"""Debian's real Prometheus scrapes the real agent, and every shipped expression works in it."""

import contextlib
import json
import re
import subprocess

import pytest

import project
import servers
from agent_process import AgentProcess
from exposition import OPENMETRICS, Metrics
from journal_feed import JournalFeed
from local_runner import LocalRunner
from polling import NotInTime, wait_for
from recurring import config_of

RULES = sorted((project.SOURCE / "alerts").glob("*.rules.yml"))
DASHBOARDS = sorted((project.SOURCE / "grafana").glob("*.json"))


@pytest.fixture(scope="module")
def scraped(tmp_path_factory):
    """An agent with a runner, behind a recording proxy, scraped by Prometheus for 10 s."""
    work = tmp_path_factory.mktemp("scraped")
    with (JournalFeed(work / "journal") as feed, LocalRunner(work / "runner", feed) as runner,
          AgentProcess(config_of(runner, feed)) as agent,
          servers.RecordingProxy(agent.port) as proxy,
          servers.Prometheus(work / "prometheus", proxy.port, RULES) as prometheus):
        runner.start()
        runner.tell("job scraped 1 Succeeded")
        wait_for(lambda: (prometheus.number("count_over_time(up[1m])") or 0) >= 10, 60,
                 "ten scrapes", every=0.5)
        yield agent, proxy, prometheus


def test_it_is_up_and_quick(scraped):
    _, _, prometheus = scraped
    # It waits a second at most, and this machine may have other things to do.
    wait_for(lambda: prometheus.number('up{job="paws-agent"}') == 1, 30, "it is up", every=0.5)
    assert prometheus.number('avg_over_time(up{job="paws-agent"}[30s])') > 0.5
    usual = prometheus.number("quantile_over_time(0.3, scrape_duration_seconds[30s])")
    print(f"three of ten scrapes that Prometheus has seen took at most {usual * 1000:.1f} ms")
    assert usual < (1 if project.is_sanitized() else 0.05)
    assert prometheus.number("scrape_samples_scraped") > 100


def test_prometheus_itself_negotiates_openmetrics(scraped):
    _, proxy, _ = scraped
    asked, answered = proxy.exchanges[-1]
    assert "application/openmetrics-text" in asked["Accept"]
    assert answered["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert asked["Accept-Encoding"] == "gzip" and answered["Content-Encoding"] == "gzip"


def test_the_openmetrics_form_is_strictly_right(scraped):
    agent, _, _ = scraped
    answer = agent.get("/metrics", Accept=OPENMETRICS)
    assert answer.headers["Content-Type"].startswith(OPENMETRICS)
    assert answer.text.endswith("# EOF\n")
    strict = Metrics(answer.text, openmetrics=True)
    assert strict.value("paws_agent_snapshot_timestamp_seconds") is not None
    assert strict.names() >= agent.metrics().names() - {"paws_agent_build_info"}


def test_promtool_finds_no_fault(scraped):
    agent, _, _ = scraped
    checked = subprocess.run([servers.program("promtool"), "check", "metrics"],
                             input=agent.get("/metrics").body, capture_output=True, timeout=30)
    assert checked.returncode == 0, checked.stderr.decode()
    assert checked.stderr == b"" and checked.stdout == b""


def test_alert_rules_load_evaluate_and_stay_quiet(scraped):
    _, _, prometheus = scraped
    def rules_of():
        return [rule for group in prometheus.api("rules")["groups"] for rule in group["rules"]]

    # A scrape that this machine was too slow for begins an alert, which ends with the next.
    with contextlib.suppress(NotInTime):
        wait_for(lambda: {rule["state"] for rule in rules_of()} == {"inactive"}, 30, "all is quiet")
    rules = rules_of()
    assert len(rules) >= len(RULES) > 0
    for rule in rules:
        assert rule["health"] == "ok", rule
        assert rule["state"] == "inactive", f"{rule['name']} is {rule['state']} on a healthy agent"


def expressions(panels):
    for panel in panels:
        yield from expressions(panel.get("panels", []))
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def shipped_expressions():
    for dashboard in DASHBOARDS:
        for title, expression in expressions(json.loads(dashboard.read_text())["panels"]):
            yield pytest.param(expression, id=f"{dashboard.stem}: {title}: {expression[:60]}")


# Variables as Grafana would fill them in.
VARIABLES = {"job": "paws-agent", "instance": ".+", "runner": ".+", "environment": ".+",
             "__rate_interval": "5s", "__interval": "5s", "__range": "30s"}


def filled_in(expression):
    def value_of(match):
        return VARIABLES[match[1] or match[2]]
    return re.sub(r"\$(?:\{(\w+)[^}]*\}|(\w+))", value_of, expression)


@pytest.mark.parametrize("expression", shipped_expressions())
def test_every_panel_shows_data(scraped, expression):
    _, _, prometheus = scraped
    assert wait_for(lambda: prometheus.query(filled_in(expression)), 30, "it returns data",
                    every=0.5)

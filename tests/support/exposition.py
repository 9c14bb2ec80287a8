"""Exposition: what the agent answers on /metrics, read with Prometheus' own Python parser."""

import http.client
import socket
import time
from typing import Callable, Iterator

from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics)
from prometheus_client.parser import text_string_to_metric_families as parse_text

Connect = Callable[[], socket.socket]
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Answer:
    """A finished HTTP answer."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.body = response.read()
        self.status = response.status
        self.headers = response.headers

    @property
    def text(self) -> str:
        return self.body.decode()


def http_get(connect: Connect, path: str, headers: dict[str, str] | None = None) -> Answer:
    client = http.client.HTTPConnection("127.0.0.1")
    client.sock = connect()
    try:
        client.request("GET", path, headers=headers or {})
        return Answer(client.getresponse())
    finally:
        client.close()


class Metrics:
    """One scrape: values by name and labels."""

    def __init__(self, text: str, openmetrics: bool = False) -> None:
        parse = parse_openmetrics if openmetrics else parse_text
        self.text = text
        self.families = {family.name: family for family in parse(text)}
        self._samples: dict[str, list[tuple[dict[str, str], float]]] = {}
        for family in self.families.values():
            for sample in family.samples:
                self._samples.setdefault(sample.name, []).append((sample.labels, sample.value))

    def all(self, name: str, **labels: str) -> Iterator[tuple[dict[str, str], float]]:
        """Every sample whose labels include these."""
        for own, value in self._samples.get(name, []):
            if labels.items() <= own.items():
                yield own, value

    def value(self, name: str, **labels: str) -> float | None:
        """The one sample that matches, or None."""
        found = [value for _, value in self.all(name, **labels)]
        assert len(found) <= 1, f"{name}{labels} matches {len(found)} series"
        return found[0] if found else None

    def sum(self, name: str, **labels: str) -> float:
        return sum(value for _, value in self.all(name, **labels))

    def series(self) -> set[tuple[object, ...]]:
        """What there is, by name and labels."""
        return {(name, *sorted(labels.items()))
                for name, samples in self._samples.items() for labels, _ in samples}

    def names(self) -> set[str]:
        return set(self._samples)

    # What many tests ask

    def state(self, runner: str) -> str | None:
        """The state whose series is 1."""
        found = [own["state"] for own, value in self.all("paws_runner_state", runner=runner) if value]
        assert len(found) <= 1, f"{runner} is in several states: {found}"
        return found[0] if found else None

    def problems(self, runner: str) -> set[str]:
        return {own["problem"] for own, value in self.all("paws_runner_problem", runner=runner)
                if value}

    def taken(self) -> float:
        """When the facts shown were taken, in Unix seconds."""
        value = self.value("paws_agent_snapshot_timestamp_seconds")
        assert value is not None, "no paws_agent_snapshot_timestamp_seconds"
        return value


def scrape(connect: Connect) -> Metrics:
    answer = http_get(connect, "/metrics")
    assert answer.status == 200, f"/metrics answered {answer.status}: {answer.text[:200]}"
    return Metrics(answer.text)


def timed_scrape(connect: Connect) -> tuple[Metrics, float]:
    """A scrape and the Unix time at which it had arrived."""
    answer = http_get(connect, "/metrics")
    arrived = time.time()
    assert answer.status == 200
    return Metrics(answer.text), arrived

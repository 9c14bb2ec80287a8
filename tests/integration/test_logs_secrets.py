"""No secret leaves the host with a log, nor is it written down, wherever a line goes."""

from fake_loki import FakeLoki
from fake_loki_limits import Limits
from log_ledger_check import ShippingAgent, Written, counted, kept, shipping, wait_for_count
from polling import wait_for

import project

CORPUS = project.SOURCE / "tests/forwarder/corpus/secrets.txt"
OWN = "[[logs.redact]]\nname = 'badge'\npattern = 'BADGE-[0-9]+'\n"
# Of a key that is logged line by line, as cat does.
KEY = ["-----BEGIN RSA " + "PRIVATE KEY-----", *(f"MIIEowIBAAKCAQEA{n:048}" for n in range(20)),
       "-----END RSA " + "PRIVATE KEY-----"]


def secrets_and_lines():
    for line in CORPUS.read_text().splitlines():
        _, secret, text = line.replace("{{}}", "").split("\t", 2)
        yield secret, text


def test_no_secret_is_in_loki_nor_in_the_database_nor_in_the_agents_log(feed):
    with FakeLoki(Limits(max_line_size=5000)) as loki, \
            ShippingAgent(shipping(feed, loki.url) + OWN) as agent:
        known = list(secrets_and_lines())
        assert len(known) >= 300
        for _, text in known:
            feed.write(text, _SYSTEMD_UNIT="leaky.service")
        for text in KEY:
            feed.write(text, _SYSTEMD_UNIT="key.service", _STREAM_ID="a" * 32)
        # By logger(1), a process for each line; in between others write, as containers do.
        for pid, text in enumerate(KEY, start=4000):
            feed.write(text.replace("AQEA", "AQEB"), _SYSTEMD_UNIT="docker.service", _PID=str(pid),
                       SYSLOG_IDENTIFIER="backup")
            for other in range(3):
                feed.write(f"GET /{pid} of another", _SYSTEMD_UNIT="docker.service", _PID="77",
                           SYSLOG_IDENTIFIER=f"c{other}")
        feed.write("a badge: BADGE-12345", _SYSTEMD_UNIT="leaky.service")
        feed.write("its name", _SYSTEMD_UNIT="leaky.service",
                   SYSLOG_IDENTIFIER="password=hunter2hunter2")
        feed.write("x" * 5000 + known[0][1], _SYSTEMD_UNIT="parked.service")
        after = Written(feed)
        after.lines(10)
        after.check(loki)
        told = "\n".join(f"{row.labels} {row.line} {row.metadata}" for row in loki.held())
        wait_for(lambda: kept(agent, "SELECT 1 FROM log_quarantine"), 30, "a line is parked")
        places = {"Loki": told, "the agent's log": agent.log(),
                  "the database": "".join(path.read_bytes().decode("latin-1")
                                          for path in agent.state.glob("paws.db*"))}
        keys = KEY[1:-1] + [line.replace("AQEA", "AQEB") for line in KEY[1:-1]]
        secrets = [secret for secret, _ in known] + keys + ["BADGE-12345", "hunter2hunter2"]
        for place, text in places.items():
            found = [secret for secret in secrets if secret in text]
            assert not found, f"{len(found)} secrets are in {place}: {found[:3]}"
        assert "a badge: [redacted:badge]" in told
        wait_for_count(agent, 1, "redactions_total", rule="badge")
        assert counted(agent, "redactions_total", rule="private_key") >= 1

"""The agent speaks TLS, and to whom, as curl and openssl see it."""

import contextlib
import os
import re
import socket
import ssl
import subprocess
import time

import pytest

from certificates import RSA, Authority, Pair
from polling import wait_for
from ports import free_port
from web_agent import WebAgent


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def clients(tmp_path_factory):
    """The authority of the clients, which is another than the server's."""
    return Authority(tmp_path_factory.mktemp("clients"), "clients")


@pytest.fixture(scope="module")
def server(authority):
    return authority.issue("server")


@pytest.fixture(scope="module")
def agent(tmp_path_factory, authority, server):
    work = tmp_path_factory.mktemp("tls")
    port = free_port()
    listen = [f"127.0.0.1:{port}", f"[::1]:{port}", f"unix:{work}/web.sock"]
    with WebAgent(work, tls=server, listen=listen, trusted=authority.cert) as agent:
        agent.port = port
        yield agent


@pytest.fixture(scope="module")
def closed_agent(tmp_path_factory, authority, server, clients):
    """Only for clients with a certificate."""
    with WebAgent(tmp_path_factory.mktemp("mtls"), tls=server, client_ca=clients.cert,
                  trusted=authority.cert) as agent:
        yield agent


def s_client(agent, *arguments):
    """All that openssl says of a connection."""
    ran = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{agent.port}",
                          *map(str, arguments)],
                         capture_output=True, stdin=subprocess.DEVNULL, timeout=30)
    return (ran.stdout + ran.stderr).decode(errors="replace")


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_tls_of_today_is_spoken(agent, version):
    answer = agent.curl("/-/healthy", "--tls-max", version, f"--tlsv{version}")
    assert (answer.status, answer.body) == (200, b"alive\n")


@pytest.mark.parametrize("version", ["tls1", "tls1_1"])
def test_older_tls_is_refused_by_an_alert(agent, version):
    said = s_client(agent, f"-{version}", "-cipher", "DEFAULT:@SECLEVEL=0")
    assert "alert protocol version" in said
    refused = agent.curl("/-/healthy", "--tls-max", "1.1", "--ciphers", "DEFAULT:@SECLEVEL=0")
    assert refused.code == 35 and refused.status == 0


@pytest.fixture(scope="module")
def rsa_agent(tmp_path_factory, authority):
    """Some ciphers are for keys of RSA alone."""
    with WebAgent(tmp_path_factory.mktemp("rsa"), tls=authority.issue("rsa", key=RSA),
                  trusted=authority.cert) as agent:
        yield agent


@pytest.mark.parametrize("cipher", [
    "AES128-GCM-SHA256", "AES256-SHA",  # without forward secrecy
    "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA384",  # with padding
    "ECDHE-RSA-NULL-SHA", "ECDHE-ECDSA-NULL-SHA", "NULL-SHA256",  # in the clear
    "AECDH-AES128-SHA",  # of nobody
])
def test_ciphers_that_are_weak_are_refused_by_the_server(agent, rsa_agent, cipher):
    asked = agent if "ECDSA" in cipher else rsa_agent
    said = s_client(asked, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
    assert "alert handshake failure" in said, said


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES256-GCM-SHA384",
                                    "ECDHE-ECDSA-CHACHA20-POLY1305",
                                    "ECDHE-RSA-AES128-GCM-SHA256"])
def test_ciphers_with_both_are_taken(agent, rsa_agent, cipher):
    asked = agent if "ECDSA" in cipher else rsa_agent
    assert f"Cipher is {cipher}" in s_client(asked, "-tls1_2", "-cipher", cipher)


def test_nothing_is_compressed_or_renegotiated(agent):
    # Ciphers must be known to renegotiate by TLS 1.2: R asks for it.
    ran = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{agent.port}", "-tls1_2"],
                         input=b"R\n", capture_output=True, timeout=30)
    said = (ran.stdout + ran.stderr).decode(errors="replace")
    assert "Compression: NONE" in said
    assert "no renegotiation" in said


@pytest.mark.parametrize("version", ["1_2", "1_3"])
def test_nothing_is_resumed(agent, version, tmp_path):
    """Tickets of TLS 1.3 come after the handshake: it stays until it is answered."""
    session = tmp_path / "session"
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{agent.port}", f"-tls{version}",
               "-ign_eof"]
    ask = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    for more in (["-sess_out", session], ["-sess_in", session]):
        if more[0] == "-sess_in" and not session.exists():
            return  # there is nothing to come back with
        ran = subprocess.run([*command, *more], input=ask, capture_output=True, timeout=30)
        said = ran.stdout.decode(errors="replace")
        assert "\nalive" in said, said
        assert "TLS session ticket:" not in said and "Reused, TLS" not in said, said


def test_a_client_that_trusts_another_authority_leaves(agent, clients):
    trusted, agent.trusted = agent.trusted, clients.cert
    try:
        assert agent.curl("/-/healthy").code == 60
    finally:
        agent.trusted = trusted


def test_plain_http_is_hung_up_on(agent):
    answer = agent.curl(f"http://127.0.0.1:{agent.port}/metrics")
    assert answer.status == 0 and answer.code == 52, answer  # a clean end, no reset
    assert b"paws" not in answer.body
    assert agent.curl("/-/healthy").status == 200


def test_both_families_speak_tls_and_a_unix_socket_does_not(agent):
    assert agent.curl(f"https://[::1]:{agent.port}/-/healthy").status == 200
    path = agent.files / "web.sock"
    assert agent.curl("http://x/api/v1/status", "--unix-socket", path).status == 200
    assert agent.curl("https://x/api/v1/status", "--unix-socket", path).status == 0
    assert path.stat().st_mode & 0o777 == 0o660


def test_tls_alone_locks_nothing(agent):
    assert agent.curl("/metrics").status == 200
    assert agent.curl("/api/v1/status").status == 200
    foreign = agent.curl("/api/v1/status", "-H", "Host: evil.example")
    assert foreign.status == 403 and b"evil.example" in foreign.body


def test_answers_that_are_long_come_whole(agent):
    for _ in range(20):
        packed = agent.curl("/metrics", "--compressed")
        plain = agent.curl("/metrics")
        assert plain.body.endswith(b"\n") and len(plain.body) > 10_000
        assert f"Content-Length: {len(plain.body)}" in plain.head
        assert packed.status == 200


def test_a_connection_is_kept_for_many_requests(agent):
    kept = subprocess.run(
        ["curl", "-sS", "--cacert", agent.trusted, "-w", "%{num_connects}\n", "-o/dev/null",
         "-o/dev/null", "-o/dev/null", agent.url("/metrics"), agent.url("/-/ready"),
         agent.url("/metrics")], capture_output=True, text=True, timeout=30)
    assert kept.stdout.split() == ["1", "0", "0"], kept


def test_a_client_must_show_a_certificate(closed_agent, clients):
    agent = closed_agent
    for path in ("/-/healthy", "/metrics", "/api/v1/status"):
        refused = agent.curl(path)
        assert refused.status == 0 and "certificate required" in refused.error, refused
        assert "handshake failure" in agent.curl(path, "--tls-max", "1.2").error
    one = clients.issue("good", "clientAuth")
    for path in ("/-/healthy", "/metrics", "/-/ready", "/api/v1/status", "/"):
        assert agent.curl(path, client=one).status == 200
    by_name = agent.curl(f"https://localhost:{agent.port}/api/v1/status", "-H",
                         "Host: ci01.example", client=one)
    assert by_name.status == 200


def test_a_certificate_of_others_or_of_yesterday_or_for_servers_opens_nothing(
        closed_agent, authority, clients, tmp_path):
    impostor = Authority(tmp_path / "impostor", "clients")  # the same name, another key
    for pair, why in ((authority.issue("foreign", "clientAuth"), "unknown ca"),
                      (impostor.issue("impostor", "clientAuth"), "unknown ca"),
                      (clients.issue("expired", "clientAuth", days=-1), "certificate expired"),
                      (clients.issue("a-server", "serverAuth"), "unsupported certificate")):
        for version in ("1.2", "1.3"):
            refused = closed_agent.curl("/metrics", "--tls-max", version, client=pair)
            # curl has a code of its own, and no word, for one that has expired.
            told = why in refused.error or (why == "certificate expired" and refused.code == 60)
            assert refused.status == 0 and told, f"{pair.cert.name}: {refused}"
    assert closed_agent.curl("/metrics", client=clients.issue("last", "clientAuth")).status == 200


def test_refused_handshakes_are_counted_by_reason_and_told(tmp_path, authority, server, clients):
    good = clients.issue("good-one", "clientAuth")
    with WebAgent(tmp_path / "web", tls=server, client_ca=clients.cert,
                  trusted=authority.cert) as agent:
        for version in ("1.2", "1.3"):
            for _ in range(2):
                agent.curl("/metrics", "--tls-max", version)
            agent.curl("/metrics", "--tls-max", version, client=authority.issue("o", "clientAuth"))
            agent.trusted = clients.cert
            agent.curl("/metrics", "--tls-max", version, client=good)
            agent.trusted = authority.cert
        s_client(agent, "-tls1", "-cipher", "DEFAULT:@SECLEVEL=0")
        s_client(agent, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA")
        socket.create_connection(("127.0.0.1", agent.port), 10).close()  # a probe is not refused
        agent.curl(f"http://127.0.0.1:{agent.port}/metrics")
        for reason, count in (("no_certificate", 4), ("certificate", 2), ("client", 2),
                              ("protocol", 2), ("other", 1)):
            wait_for(lambda: agent.scrape(client=good).value(
                "paws_agent_web_handshakes_refused_total", reason=reason) == count, 30,
                f"{reason} is {count}")
            assert agent.log().count(f"fault={reason} ") == 1
        assert re.search(r"a TLS client is refused peer=127\.0\.0\.1:\d+ fault=certificate "
                         r'reason="self-signed certificate in certificate chain"', agent.log())
        assert "reason=\"http request\"" in agent.log()


def test_an_authority_below_the_root_is_enough(tmp_path, authority, server):
    between = Authority(tmp_path / "ca", "between", Authority(tmp_path / "ca", "root"))
    other = Authority(tmp_path / "other", "other")
    with WebAgent(tmp_path / "web", tls=server, client_ca=between.cert,
                  trusted=authority.cert) as agent:
        assert agent.curl("/metrics", client=between.issue("one", "clientAuth")).status == 200
        assert agent.curl("/metrics", client=other.issue("two", "clientAuth")).status == 0


def test_the_certificates_end_is_told(agent, server):
    end = subprocess.run(["openssl", "x509", "-in", server.cert, "-noout", "-enddate"],
                         capture_output=True, text=True).stdout.strip().removeprefix("notAfter=")
    told = agent.scrape().value("paws_agent_web_certificate_expiry_timestamp_seconds")
    assert told == ssl.cert_time_to_seconds(end)
    assert agent.scrape().value("paws_agent_web_last_reload_successful", files="tls") == 1
    assert agent.scrape().value("paws_agent_web_last_reload_successful", files="tokens") is None


def test_clients_that_never_finish_their_handshake_keep_nobody_out(agent):
    stalled = [socket.create_connection(("127.0.0.1", agent.port), 10) for _ in range(100)]
    hello = bytes.fromhex("1603010200010001fc0303")  # begins a ClientHello and goes no further
    for one in stalled[::2]:
        one.sendall(hello)
    for _ in range(3):
        agent.wait_for_status(200, "/-/healthy")
    for one in stalled:
        one.close()


def test_a_handshake_that_stalls_is_ended(agent):
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", agent.port), 30) as one:
        one.sendall(bytes.fromhex("16030102"))
        assert one.recv(1) == b""
    assert 3 < time.monotonic() - began < 20


def test_clients_that_never_read_keep_nobody_out(agent):
    context = ssl.create_default_context(cafile=str(agent.trusted))
    deaf = []
    for _ in range(20):
        plain = socket.create_connection(("127.0.0.1", agent.port), 10)
        one = context.wrap_socket(plain, server_hostname="localhost")
        one.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 40)
        deaf.append(one)
    agent.wait_for_status(200, "/-/healthy")
    for one in deaf:
        one.close()


def test_garbage_breaks_nothing(agent):
    hello = bytes.fromhex("16030100f8010000f40303")
    for round_ in range(300):
        junk = os.urandom(1 + round_ % 97)
        with socket.create_connection(("127.0.0.1", agent.port), 10) as one:
            one.sendall((junk, hello + junk, b"\x16\x03\x01\xff\xff" + junk * 40,
                         b"\x80\x2e\x01\x03\x01" + junk)[round_ % 4])
            if round_ % 3 == 0:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_WR)
                    while one.recv(4096):
                        pass
    context = ssl.create_default_context(cafile=str(agent.trusted))
    for round_ in range(100):
        plain = socket.create_connection(("127.0.0.1", agent.port), 10)
        with context.wrap_socket(plain, server_hostname="localhost") as one:
            one.sendall(os.urandom(1 + 50 * round_) + b"\r\n\r\n")
    assert agent.curl("/-/healthy").status == 200
    assert agent.process.poll() is None


def test_it_stops_at_once_with_handshakes_under_way(tmp_path, authority, server):
    with WebAgent(tmp_path / "web", tls=server, trusted=authority.cert) as agent:
        stalled = [socket.create_connection(("127.0.0.1", agent.port), 10) for _ in range(8)]
        for one in stalled:
            one.sendall(bytes.fromhex("1603010200"))
        assert agent.curl("/-/healthy").status == 200
        assert agent.stop() < 4  # a handshake has five seconds
        for one in stalled:
            one.close()


def refused_start(tmp_path, **settings):
    """What the agent says that does not start, and its exit code."""
    agent = WebAgent(tmp_path / "web", **settings)
    try:
        return agent, agent_end(agent)
    finally:
        agent.__exit__()


def agent_end(agent):
    agent.start(ready=False)
    code = wait_for(lambda: agent.process.poll(), 30, "it ends")
    return code, agent.log()


def test_a_key_of_another_certificate_ends_the_start(tmp_path, authority, server):
    other = authority.issue("other")
    agent, (code, said) = refused_start(tmp_path, tls=Pair(server.cert, other.key))
    assert code == 78
    place = re.escape(str(agent.drop_in)) + r":\d+:\d+: \[web\] 'tls_key' "
    assert re.match(place + re.escape(str(agent.key)) + ": is not the key of the certificate", said)
    assert "BEGIN" not in said


def test_a_key_that_anybody_may_read_ends_the_start(tmp_path, server):
    agent = WebAgent(tmp_path / "web", tls=server)
    try:
        agent.key.chmod(0o644)
        code, said = agent_end(agent)
        assert code == 78 and f"run: chmod 0640 {agent.key}" in said
        checked = subprocess.run([agent.process.args[2], "--check-config", "--config",
                                  agent.config], capture_output=True, text=True, timeout=20)
        assert checked.returncode == 78 and checked.stderr == said
    finally:
        agent.__exit__()


def test_half_of_a_pair_ends_the_start(tmp_path):
    agent = WebAgent(tmp_path / "web")
    try:
        agent.drop_in.write_text("[web]\ntls_cert = '/etc/web.pem'\n")
        code, said = agent_end(agent)
        assert code == 78
        assert said == f"{agent.drop_in}:2:12: [web] 'tls_cert' needs 'tls_key'\n"
    finally:
        agent.__exit__()


def test_a_port_that_is_taken_is_named(tmp_path, agent, server):
    second = WebAgent(tmp_path / "web", tls=server, listen=[f"127.0.0.1:{agent.port}"])
    try:
        code, said = agent_end(second)
        assert code == 69
        assert f"`ss -ltnp 'sport = :{agent.port}'` shows by whom" in said
    finally:
        second.__exit__()

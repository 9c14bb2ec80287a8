"""Bearer tokens, and how much one client may ask of the agent's HTTP server."""

import errno
import http.client
import os
import re
import socket
import tempfile
import time
from pathlib import Path

import pytest

from certificates import Authority
from polling import wait_for
from ports import free_port
from web_agent import TOKEN, WebAgent

SECOND = "fedcba9876543210-second"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def agent(tmp_path_factory, authority):
    work = tmp_path_factory.mktemp("tokens")
    with WebAgent(work, tls=authority.issue("server"), trusted=authority.cert,
                  tokens=f"# first\n{TOKEN}\n\n  {SECOND}  \n") as agent:
        yield agent


@pytest.fixture
def open_agent(tmp_path):
    """Without any lock."""
    with WebAgent(tmp_path / "open") as agent:
        yield agent


def test_everything_but_healthy_needs_a_token(agent):
    for path in ("/", "/status.js", "/metrics", "/-/ready", "/api/v1/status", "/nowhere"):
        refused = agent.curl(path)
        assert refused.status == 401 and "\r\nWWW-Authenticate: Bearer\r\n" in refused.head
        assert agent.curl(path, token=TOKEN).status == (404 if path == "/nowhere" else 200)
        assert agent.curl(path, token=SECOND).status != 401
    assert agent.curl("/-/healthy").status == 200


def test_the_scheme_is_read_in_any_case_and_others_are_none(agent):
    for header, status in ((f"bearer {TOKEN}", 200), (f"BEARER   {TOKEN} ", 200),
                           (f"Basic {TOKEN}", 401), (TOKEN, 401), ("Bearer", 401),
                           (f"Bearer {TOKEN} {SECOND}", 401), (f"Bearer {TOKEN[:-1]}", 401)):
        assert agent.curl("/metrics", "-H", f"Authorization: {header}").status == status, header
    assert agent.curl(f"/metrics?token={TOKEN}").status == 401
    twice = agent.curl("/metrics", "-H", "Authorization: Basic x", token=TOKEN)
    assert twice.status == 401  # the first counts


def test_too_many_wrong_tokens_are_told_to_wait_and_a_right_one_is_taken(tmp_path, authority):
    with WebAgent(tmp_path / "web", tokens=TOKEN) as agent:
        statuses = [agent.curl("/metrics", token="wrong" * 5).status for _ in range(12)]
        assert statuses == [401] * 10 + [429] * 2
        waits = agent.curl("/metrics", token="wrong" * 5)
        wait = int(re.search(r"\r\nRetry-After: (\d+)\r\n", waits.head)[1])
        assert 0 < wait <= 60
        assert agent.curl("/metrics", token=TOKEN).status == 200
        assert agent.curl("/metrics").status == 401
        assert agent.curl("/-/healthy", token="wrong" * 5).status == 200
        for reason, count in (("no_token", 1), ("wrong_token", 10), ("too_many", 3)):
            wait_for(lambda: agent.scrape(token=TOKEN).value(
                "paws_agent_web_refused_total", reason=reason) == count, 30, f"{reason} is {count}")


def test_a_unix_socket_is_locked_by_its_mode(tmp_path, authority):
    work = tmp_path / "web"
    with WebAgent(work, tls=authority.issue("server"), client_ca=authority.cert, tokens=TOKEN,
                  listen=[f"unix:{work}/web.sock"]) as agent:
        path = work / "web.sock"
        answer = agent.curl("http://localhost/api/v1/status", "--unix-socket", path)
        assert answer.status == 200
        assert path.stat().st_mode & 0o777 == 0o660


def connect_as_nobody(path):
    """0, or the errno of connect(2)."""
    connection = socket.socket(socket.AF_UNIX)
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        os._exit(connection.connect_ex(str(path)))
    connection.close()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can come as another user")
def test_a_unix_socket_is_closed_to_strangers_by_nothing_but_its_mode():
    with tempfile.TemporaryDirectory() as directory:  # pytest's own are closed to others
        public = Path(directory)
        public.chmod(0o755)
        path = public / "web.sock"
        with WebAgent(public / "web", listen=[f"unix:{path}"]) as agent:
            assert agent.curl("http://localhost/-/healthy", "--unix-socket", path).status == 200
            assert connect_as_nobody(path) == errno.EACCES
            path.chmod(0o666)
            assert connect_as_nobody(path) == 0


def test_a_token_is_in_no_log_and_no_answer(agent):
    answer = agent.curl("/metrics", token="wrong-but-long-enough")
    assert b"wrong-but" not in answer.body
    shown = agent.pawsctl("config", "show")
    assert str(agent.tokens) in shown.stdout
    for text in (agent.log(), shown.stdout, agent.curl("/api/v1/status", token=TOKEN).body.decode(),
                 agent.scrape(token=TOKEN).text):
        assert TOKEN not in text and SECOND not in text and "wrong-but" not in text


def test_tokens_that_change_are_in_force_with_the_next_request(tmp_path):
    with WebAgent(tmp_path / "web", tokens=TOKEN) as agent:
        assert agent.curl("/metrics", token=SECOND).status == 401
        agent.write_tokens(f"{TOKEN}\n{SECOND}\n")
        agent.wait_for_status(200, "/metrics", token=SECOND)
        agent.write_tokens(SECOND)
        agent.wait_for_status(401, "/metrics", token=TOKEN)
        assert agent.log().count("tokens read anew") == 2


@pytest.mark.parametrize("text,mode,why", [
    ("short", 0o640, "line 1: a token of less than 16 characters can be guessed"),
    (SECOND, 0o644, "others may read or change this secret; run: chmod 0640"),
    (SECOND, 0o660, "others may read or change this secret; run: chmod 0640"),
    ("# nothing\n", 0o640, "holds no token"),
    (None, 0, "No such file or directory"),
])
def test_faulty_tokens_leave_those_before_in_force(tmp_path, text, mode, why):
    with WebAgent(tmp_path / "web", tokens=TOKEN) as agent:
        if text is None:
            agent.tokens.unlink()
        else:
            agent.write_tokens(text, mode)
        wait_for(lambda: agent.scrape(token=TOKEN).value(
            "paws_agent_web_last_reload_successful", files="tokens") == 0, 30, "the fault is told")
        assert agent.curl("/metrics", token=SECOND).status == 401
        assert agent.log().count("refused, those before stay in force") == 1
        assert f"{agent.tokens}: " in agent.log() and why in agent.log()
        agent.write_tokens(SECOND)
        wait_for(lambda: agent.scrape(token=SECOND).value(
            "paws_agent_web_last_reload_successful", files="tokens") == 1, 30, "all is well")


@pytest.mark.parametrize("text,mode,why", [
    ("x\n# y\nshort", 0o640, "line 1: a token of less than 16 characters"),
    (SECOND, 0o644, "others may read or change this secret; run: chmod 0640"),
])
def test_faulty_tokens_end_the_start(tmp_path, text, mode, why):
    agent = WebAgent(tmp_path / "web", tokens=text)
    try:
        agent.tokens.chmod(mode)
        agent.start(ready=False)
        assert wait_for(lambda: agent.process.poll(), 30, "it ends") == 78
        assert re.match(re.escape(str(agent.drop_in)) + r":\d+:\d+: \[web\] 'token_file' "
                        + re.escape(str(agent.tokens)), agent.log())
        assert why in agent.log() and SECOND not in agent.log()
    finally:
        agent.__exit__()


def test_tokens_in_the_clear_are_warned_of_where_others_can_listen(tmp_path, authority):
    warning = "tokens cross the network in the clear"
    for name, settings, warned in (
            ("all", {"tokens": TOKEN, "listen": [":{port}"]}, True),
            ("loopback", {"tokens": TOKEN, "listen": ["127.0.0.1:{port}", "[::1]:{port}"]}, False),
            ("tls", {"tokens": TOKEN, "listen": [":{port}"], "tls": authority.issue("server")},
             False),
            ("none", {"listen": [":{port}"]}, False)):
        listen = [one.format(port=free_port()) for one in settings.pop("listen")]
        with WebAgent(tmp_path / name, listen=listen, **settings) as agent:
            assert (warning in agent.log()) is warned, name


def raw(agent):
    return socket.create_connection(("127.0.0.1", agent.port), 10)


def answer_of(connection):
    answer = b""
    connection.settimeout(20)
    while chunk := connection.recv(65536):
        answer += chunk
    return answer


def test_bodies_and_long_heads_are_refused(open_agent):
    agent = open_agent
    assert agent.curl("/metrics", "-X", "GET", "-d", "x" * 1000).status == 413
    assert agent.curl("/metrics", "-d", "x" * 1000).status == 405
    assert agent.curl("/metrics", "-X", "GET", "-H", "Transfer-Encoding: chunked", "-d",
                      "x").status == 413
    assert agent.curl("/metrics", "-H", "X: " + "a" * 8000).status == 200
    assert agent.curl("/metrics", "-H", "X: " + "a" * 9000).status == 400
    assert agent.curl("/-/healthy").status == 200


def test_a_head_that_drips_in_is_cut_off(open_agent):
    began = time.monotonic()
    with raw(open_agent) as slow:
        slow.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        slow.settimeout(0.2)
        answer = None
        while answer is None and time.monotonic() - began < 20:
            try:
                slow.send(b"a")
                answer = slow.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                answer = b""
    assert time.monotonic() - began > 4
    assert answer is not None and (answer == b"" or answer.startswith(b"HTTP/1.1 400 "))


def test_as_many_as_like_may_connect_and_the_next_is_served(open_agent):
    crowd = [raw(open_agent) for _ in range(300)]
    for one in crowd[::2]:
        one.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n")
    began = time.monotonic()
    open_agent.wait_for_status(200, "/-/healthy")
    assert time.monotonic() - began < 16  # not after one another's five seconds
    for one in crowd:
        one.close()


def test_who_asks_too_often_waits_and_is_alone_with_that(open_agent):
    client = http.client.HTTPConnection("127.0.0.1", open_agent.port, timeout=20)

    def status(path):
        client.request("GET", path)
        answer = client.getresponse()
        answer.read()
        return answer.status

    asked = 0
    while status("/status.css") == 200:
        asked += 1
        assert asked < 2 * 3_000  # the minute may turn meanwhile
    assert asked >= 3_000 - 50  # the page's own files, and what the fixture has asked
    assert status("/api/v1/status") == 429
    assert [status(path) for path in ("/metrics", "/-/ready", "/-/healthy")] == [200] * 3
    assert open_agent.pawsctl("status").returncode in (0, 1), "the control socket answers on"
    wait_for(lambda: open_agent.scrape().value("paws_agent_web_refused_total", reason="too_often") >= 2,
             30, "it is counted")


def test_a_client_that_pipelines_is_answered_in_order(open_agent):
    with raw(open_agent) as one:
        one.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n" * 50
                    + b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = answer_of(one)
    assert answer.count(b"HTTP/1.1 200 ") == 50 and answer.count(b"HTTP/1.1 404 ") == 1


def test_garbage_breaks_nothing(open_agent):
    for round_ in range(300):
        junk = os.urandom(1 + round_ * 7 % 3000)
        with raw(open_agent) as one:
            one.sendall((junk, b"GET /" + junk.replace(b"\n", b"x") + b" HTTP/1.1\r\n\r\n",
                         b"GET / HTTP/1.1\r\nAuthorization: Bearer " + junk + b"\r\n\r\n",
                         b"GET / HTTP/1.1\r\nHost: " + junk + b"\r\n\r\n")[round_ % 4])
    assert open_agent.curl("/-/healthy").status == 200
    assert open_agent.process.poll() is None

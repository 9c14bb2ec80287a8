"""Certificates and keys that change are used by the next connection; nothing else is disturbed."""

import contextlib
import ctypes
import http.client
import os
import shutil
import ssl
import subprocess
import threading
import time

import pytest

from certificates import Authority, Pair
from polling import wait_for
from web_agent import TOKEN, WebAgent

GOOD = "paws_agent_web_last_reload_successful"
END = "paws_agent_web_certificate_expiry_timestamp_seconds"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def first(authority):
    return authority.issue("first")


@pytest.fixture(scope="module")
def second(authority):
    return authority.issue("second", days=40)


@pytest.fixture
def agent(tmp_path, authority, first):
    with WebAgent(tmp_path / "web", tls=first, trusted=authority.cert) as agent:
        yield agent


def test_the_next_connection_is_shown_the_new_certificate(agent, first, second):
    kept = client_of(agent)
    assert get(kept, "/-/healthy") == 200
    assert agent.shown() == first.cert.read_text()
    second.install(agent.cert, agent.key)
    agent.wait_for_shown(second)
    assert get(kept, "/metrics") == 200  # the open connection goes on
    end = ssl.cert_time_to_seconds(subprocess.run(
        ["openssl", "x509", "-in", second.cert, "-noout", "-enddate"], capture_output=True,
        text=True).stdout.strip().removeprefix("notAfter="))
    wait_for(lambda: agent.scrape().value(END) == end, 30, "the new end is told")
    assert agent.log().count("certificate, key and authorities read anew") == 1
    assert "refused" not in agent.log()


def test_a_symlink_that_is_led_elsewhere_is_a_new_pair(tmp_path, authority, first, second):
    """As Kubernetes' secrets and certbot's live directory are renewed."""
    for name, pair in (("1", first), ("2", second)):
        (tmp_path / name).mkdir()
        pair.install(tmp_path / name / "tls.crt", tmp_path / name / "tls.key")
    live = tmp_path / "..data"
    live.symlink_to("1")
    agent = WebAgent(tmp_path / "web", tls=first, trusted=authority.cert)
    for link, target in ((agent.cert, "tls.crt"), (agent.key, "tls.key")):
        link.unlink()
        link.symlink_to(live / target)
    with agent:
        assert agent.shown() == first.cert.read_text()
        fresh = tmp_path / "..fresh"
        fresh.symlink_to("2")
        os.replace(fresh, live)
        agent.wait_for_shown(second)


def faulty(kind, agent, authority, other):
    """Puts a pair in place of the agent's that cannot serve."""
    if kind == "another key":
        shutil.copy(other.key, agent.files / "fresh")
        os.replace(agent.files / "fresh", agent.key)
    elif kind == "garbage":
        agent.cert.write_bytes(os.urandom(500))
    elif kind == "half":
        whole = agent.cert.read_bytes()
        agent.cert.write_bytes(whole[:len(whole) // 2])
    elif kind == "empty":
        agent.key.write_text("")
    elif kind == "open":
        agent.key.chmod(0o644)
    elif kind == "gone":
        agent.cert.unlink()
    elif kind == "a client's":
        authority.issue("client", "clientAuth").install(agent.cert, agent.key)
    elif kind == "a small key":
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj",
                        "/CN=small", "-keyout", agent.key, "-out", agent.cert],
                       capture_output=True, check=True, timeout=60)
        agent.key.chmod(0o640)


@pytest.mark.parametrize("kind,setting,why", [
    ("another key", "key", "is not the key of the certificate; `openssl pkey -pubout -in"),
    ("garbage", "cert", "holds no certificate in PEM"),
    ("half", "cert", "holds something that is no certificate in PEM"),
    ("empty", "key", "is empty"),
    ("open", "key", "others may read or change this secret; run: chmod 0640"),
    ("gone", "cert", "No such file or directory"),
    ("a client's", "cert", "is no server's certificate by its extended key usage"),
    ("a small key", "cert", "cannot be used: ee key too small"),
])
def test_a_faulty_pair_leaves_the_one_before_in_force(agent, authority, first, second, kind,
                                                      setting, why):
    faulty(kind, agent, authority, second)
    wait_for(lambda: agent.scrape().value(GOOD, files="tls") == 0, 30, "the fault is told")
    assert agent.shown() == first.cert.read_text()
    for _ in range(5):
        assert agent.scrape().value(GOOD, files="tls") == 0
    assert agent.log().count("the certificate before stays in force") == 1, agent.log()
    file = agent.cert if setting == "cert" else agent.key
    assert f"{file}: {why}" in agent.log()
    assert "BEGIN" not in agent.log()
    second.install(agent.cert, agent.key)
    wait_for(lambda: agent.scrape().value(GOOD, files="tls") == 1, 30, "all is well again")
    agent.wait_for_shown(second)


def test_a_reload_with_a_faulty_pair_is_refused_as_a_restart_would_be(agent, second, first):
    shutil.copy(second.key, agent.key)
    agent.reload()
    agent.wait_for_log("reload refused")
    assert f"[web] 'tls_key' {agent.key}: is not the key of the certificate" in agent.log()
    assert agent.shown() == first.cert.read_text()


def test_who_may_come_changes_with_the_authorities(tmp_path, authority, first):
    old, new = Authority(tmp_path / "old", "old"), Authority(tmp_path / "new", "new")
    of_old, of_new = old.issue("c", "clientAuth"), new.issue("c", "clientAuth")
    with WebAgent(tmp_path / "web", tls=first, client_ca=old.cert,
                  trusted=authority.cert) as agent:
        assert agent.curl("/metrics", client=of_old).status == 200
        assert agent.curl("/metrics", client=of_new).status == 0
        fresh = agent.files / "fresh"
        fresh.write_text(old.cert.read_text() + new.cert.read_text())
        os.replace(fresh, agent.client_ca)
        agent.wait_for_status(200, "/metrics", client=of_new)
        assert agent.curl("/metrics", client=of_old).status == 200
        shutil.copy(new.cert, fresh)
        os.replace(fresh, agent.client_ca)
        agent.wait_for_status(0, "/metrics", client=of_old)
        assert agent.curl("/metrics", client=of_new).status == 200


def test_an_authority_that_is_taken_out_takes_its_clients_along(tmp_path, authority, first, second):
    old, new = Authority(tmp_path / "old", "old"), Authority(tmp_path / "new", "new")
    both = tmp_path / "both.pem"
    both.write_text(old.cert.read_text() + new.cert.read_text())
    with WebAgent(tmp_path / "web", tls=first, client_ca=both, trusted=authority.cert) as agent:
        leaves, stays = (client_of(agent, one.issue("c", "clientAuth")) for one in (old, new))
        assert get(leaves, "/metrics") == get(stays, "/metrics") == 200
        kept = stays.sock
        second.install(agent.cert, agent.key)  # of the server: it concerns neither
        wait_for(lambda: get(stays, "/metrics") == 200 and "read anew" in agent.log(), 30,
                 "the pair is read")
        assert get(leaves, "/metrics") == get(stays, "/metrics") == 200

        fresh = agent.files / "fresh"
        shutil.copy(new.cert, fresh)
        os.replace(fresh, agent.client_ca)
        wait_for(lambda: get(leaves, "/metrics") == 403, 30, "it has to leave")
        assert leaves.sock is None  # hung up
        with pytest.raises(OSError):
            get(leaves, "/metrics")
        assert get(stays, "/metrics") == 200 and stays.sock is kept


def client_of(agent, pair=None):
    context = ssl.create_default_context(cafile=str(agent.trusted))
    if pair:
        context.load_cert_chain(pair.cert, pair.key)
    return http.client.HTTPSConnection("127.0.0.1", agent.port, context=context, timeout=20)


def get(client, path):
    client.request("GET", path)
    answer = client.getresponse()
    body = answer.read()
    assert body.endswith(b"\n")
    return answer.status


@contextlib.contextmanager
def dead_mount(directory):
    """A file system whose process never answers: whoever asks for a file there waits."""
    directory.mkdir()
    device = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
    mounted = libc.mount(b"dead", os.fsencode(directory), b"fuse", 0, options.encode())
    assert mounted == 0, os.strerror(ctypes.get_errno())
    try:
        yield directory
    finally:
        os.close(device)  # ends every wait
        subprocess.run(["umount", "-l", directory], check=True, timeout=20)


@pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists("/dev/fuse"),
                    reason="needs root and /dev/fuse")
def test_files_on_a_dead_mount_keep_nobody_waiting(tmp_path, authority, first, second):
    with WebAgent(tmp_path / "web", tls=first, tokens=TOKEN, trusted=authority.cert) as agent:
        with dead_mount(tmp_path / "dead") as dead:
            for file in (agent.cert, agent.tokens):
                link = agent.files / "link"
                link.symlink_to(dead / file.name)
                os.replace(link, file)
            kept = []
            for _ in range(30):
                assert agent.curl("/-/healthy").status == 200
                began = time.monotonic()
                assert agent.curl("/metrics", token=TOKEN).status == 200
                kept.append(time.monotonic() - began)
            assert min(kept) < 0.4, "each waits for the files, half a second"
            for files in ("tls", "tokens"):
                wait_for(lambda: agent.scrape(token=TOKEN).value(GOOD, files=files) == 0, 30,
                         "it is told")
            assert agent.log().count("do not answer") == 1
            assert agent.log().count("does not answer") == 1
            for file in (agent.cert, agent.tokens):
                file.unlink()
            second.install(agent.cert, agent.key)
            agent.write_tokens(TOKEN)
        wait_for(lambda: agent.shown() == second.cert.read_text(), 30, "the next pair is in force")
        for files in ("tls", "tokens"):
            wait_for(lambda: agent.scrape(token=TOKEN).value(GOOD, files=files) == 1, 30,
                     "all is well again")


class Load:
    """Requests without a pause: on kept connections, and each on one of its own."""

    def __init__(self, agent, threads=4):
        self.done = 0
        self.failures = []
        self._agent = agent
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(one % 2 == 0,), daemon=True)
                         for one in range(threads)]

    def _run(self, keeps):
        client = client_of(self._agent)
        while not self._stop.is_set():
            try:
                if get(client, "/metrics") != 200:
                    self.failures.append("not 200")
            except Exception as failure:  # whatever it is, it is one too many
                self.failures.append(repr(failure))
                client.close()
            if not keeps:
                client.close()
            self.done += 1

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        wait_for(lambda: self.done > 20, 30, "the load runs")
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(30)


def test_no_request_fails_while_pairs_change_under_load(agent, first, second):
    late = 0
    with Load(agent) as load:
        for pair in (second, first) * 10:
            before = load.done
            began = time.monotonic()
            pair.install(agent.cert, agent.key)
            late += time.monotonic() - began > 2  # half a pair is a fault then
            agent.wait_for_shown(pair)
            wait_for(lambda: load.done > before + 10, 30, "the load goes on")
        told = agent.log().count("stays in force")
        shutil.copy(second.key, agent.key)  # and under a faulty one
        wait_for(lambda: agent.log().count("stays in force") > told, 30, "it is told")
        before = load.done
        wait_for(lambda: load.done > before + 50, 30, "the load goes on")
    print(f"{load.done} requests while 20 pairs came")
    assert load.failures == []
    assert agent.log().count("read anew") == 20
    assert told <= late and agent.log().count("stays in force") == told + 1


def test_pairs_that_come_by_and_by_never_break_a_handshake(agent, authority, first, second):
    """Key and certificate in either order, with time between them."""
    late = 0
    with Load(agent) as load:
        for pair in (second, first, second):
            began = time.monotonic()
            for source, target in ((pair.key, agent.key), (pair.cert, agent.cert)):
                shutil.copy(source, agent.files / "fresh")
                os.replace(agent.files / "fresh", target)
                time.sleep(0.3)
            late += time.monotonic() - began > 2  # half a pair is a fault then
            agent.wait_for_shown(pair)
    assert load.failures == []
    assert agent.log().count("refused") <= late


def test_an_expired_certificate_is_served_and_warned_of(tmp_path, authority):
    gone = authority.issue("gone", days=-1)
    with WebAgent(tmp_path / "web", tls=gone, trusted=authority.cert) as agent:
        assert "the certificate has expired, clients will refuse it" in agent.log()
        assert agent.curl("/-/healthy").code == 60
        assert agent.curl("/-/healthy", "-k").status == 200


def test_the_end_is_that_of_the_first_of_the_chain(tmp_path, authority):
    short = Authority(tmp_path / "short", "intermediate")  # 30 days
    pair = short.issue("long", days=300)
    chain = tmp_path / "chain.pem"
    chain.write_text(pair.cert.read_text() + short.cert.read_text())
    with WebAgent(tmp_path / "web", tls=Pair(chain, pair.key), trusted=short.cert) as agent:
        left = agent.scrape().value(END) - time.time()
        assert 29 * 86400 < left < 31 * 86400

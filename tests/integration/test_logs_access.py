"""Log shipping to a Loki that asks who comes: TLS both ways, basic, bearer, tenant."""

import contextlib
import ssl
import time

import pytest

from connect_proxy import ConnectProxy
from fake_loki import FakeLoki
from http_server import TestAuthority
from log_ledger_check import ShippingAgent, Written, counted, order_is_kept, shipping
from polling import wait_for


def secret(path, text):
    path.touch(mode=0o600)
    path.write_text(text)
    return f'"{path}"'


@pytest.fixture
def book(feed):
    return Written(feed)


def ships(loki, book, **settings):
    with loki, ShippingAgent(shipping(book.feed, loki.url, **settings)) as agent:
        book.lines(500)
        assert book.check(loki) == 0
        order_is_kept(loki)
        assert counted(agent, "push_failures_total") == 0
        return loki.held()


def test_basic(book, tmp_path):
    loki = FakeLoki()
    loki.api.basic = ("paws", "a: b")
    ships(loki, book, user='"paws"', password_file=secret(tmp_path / "password", "a: b\n"))


def test_bearer_and_a_tenant(book, tmp_path):
    loki = FakeLoki()
    loki.api.token, loki.api.auth_enabled = "t0k3n", True
    held = ships(loki, book, token_file=secret(tmp_path / "token", "t0k3n\n"), tenant='"blue"')
    assert {row.tenant for row in held} == {"blue"}


def test_tls_of_an_authority_of_our_own(book, tmp_path):
    authority = TestAuthority(tmp_path / "ca")
    ships(FakeLoki(tls=authority.server("127.0.0.1")), book, ca_file=f'"{authority.file}"')


def test_tls_both_ways(book, tmp_path):
    authority, of_clients = TestAuthority(tmp_path / "ca"), TestAuthority(tmp_path / "clients")
    certificate, key = of_clients.certificate("agent.example")
    key.chmod(0o600)
    context = authority.server("127.0.0.1")
    context.load_verify_locations(of_clients.file)
    context.verify_mode = ssl.CERT_REQUIRED
    ships(FakeLoki(tls=context), book, ca_file=f'"{authority.file}"',
          cert_file=f'"{certificate}"', key_file=f'"{key}"')


def test_who_is_not_who_it_says_gets_no_line(book, tmp_path):
    """A stranger's authority, another name, an old certificate, and a client without its own."""
    authority, stranger = TestAuthority(tmp_path / "ca"), TestAuthority(tmp_path / "stranger")
    asks = authority.server("127.0.0.1")
    asks.load_verify_locations(stranger.file)
    asks.verify_mode = ssl.CERT_REQUIRED
    contexts = [stranger.server("127.0.0.1"), authority.server("loki.example"),
                authority.server("127.0.0.1", days=-1), asks]
    trust = f'"{authority.file}"'
    with contextlib.ExitStack() as stack:
        pairs = []
        for context in contexts:
            loki = stack.enter_context(FakeLoki(tls=context))
            pairs.append((loki, stack.enter_context(ShippingAgent(
                shipping(book.feed, loki.url, ca_file=trust)))))
        good = stack.enter_context(FakeLoki(tls=authority.server("127.0.0.1")))
        book.lines(100)
        for loki, _ in pairs:
            wait_for(lambda: loki.connections > 1, 30, "it has tried")
        time.sleep(1)
        for loki, _ in pairs:
            assert loki.counts.pushes == 0 and loki.lines() == 0
        agent = pairs[-1][1]
        agent.drop_in.write_text(shipping(book.feed, good.url, ca_file=trust))
        agent.reload()
        assert book.check(good) == 0

def test_through_a_proxy_that_knows_the_name(book, tmp_path):
    authority = TestAuthority(tmp_path / "ca")
    loki = FakeLoki(tls=authority.server("loki.example"))
    with ConnectProxy() as proxy, loki, \
            ShippingAgent(shipping(book.feed, f"https://loki.example:{loki.port}",
                                   proxy=f'"{proxy.endpoint}"',
                                   ca_file=f'"{authority.file}"')):
        book.lines(100)
        assert book.check(loki) == 0
    assert set(proxy.asked) == {f"loki.example:{loki.port}"}

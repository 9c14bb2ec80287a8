"""The unprivileged, hardened service behind TLS, client certificates and tokens, set up by the
commands of docs/access.md as they stand."""

import contextlib
import ssl

import pytest

import exposition
from agent_unit import PORT, UNIT, USER
from documented_access import Documented, blocks

SOCKET = "/run/paws-agent/web.sock"
KEY = "/etc/paws-agent/tls/web.key"
HANDED_OVER = ("web.key", "web.pem", "ca.pem", "prometheus.token")


@pytest.fixture(scope="module")
def documented(tmp_path_factory):
    """The authority, on the machine that keeps it."""
    documented = Documented(tmp_path_factory.mktemp("documented"))
    documented.run(blocks("sh")[0])
    return documented


@pytest.fixture(scope="module")
def web(host, agent, documented):
    """Asks the agent, which is locked now: web("/path", token=..., certified=...)."""
    for name in HANDED_OVER:
        host.copy_in(documented.home / name, f"/root/{name}", 0o600)
    host.run("cd /root && " + blocks("sh")[1].strip().replace("\n", " && "))
    host.write("/etc/paws-agent/conf.d/web.toml", blocks("toml")[0])
    host.write("/etc/paws-agent/conf.d/listen.toml",
               f"[web]\nlisten = [\":{PORT}\", \"unix:{SOCKET}\"]\n")
    agent.restart()

    def ask(path, token=None, certified=True):
        token = documented.token if token is None else token
        context = ssl.create_default_context(cafile=str(documented.home / "ca.pem"))
        if certified:
            context.load_cert_chain(documented.client.cert, documented.client.key)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return exposition.http_get(
            lambda: context.wrap_socket(host.connect(PORT), server_hostname="ci01.example"),
            path, headers)
    return ask


def reload_is_good(web):
    return exposition.Metrics(web("/metrics").text).value(
        "paws_agent_web_last_reload_successful", files="tls")


def test_who_has_both_is_let_in(web):
    for path in ("/metrics", "/-/ready", "/api/v1/status", "/"):
        assert web(path).status == 200
    assert web("/metrics", token="").status == 401
    assert web("/-/healthy", token="").status == 200
    with pytest.raises(OSError):
        web("/metrics", certified=False)


def test_a_unix_socket_is_open_to_the_daemons_group_alone(host, web):
    shown = host.run(["stat", "-c", "%a %U %G", SOCKET]).stdout.split()
    assert shown == ["660", USER, USER]


def test_a_key_that_only_root_may_read_leaves_the_one_before_in_force(host, agent, web):
    pid = agent.pid()
    host.run(f"chgrp root {KEY} && chmod 0600 {KEY}")
    host.wait_for(lambda: reload_is_good(web) == 0, 30, "the fault is told")
    mending = f"chgrp {USER} {KEY} && chmod 0640 {KEY}"
    assert f"{KEY}: Permission denied" in agent.log() and f"run: {mending}" in agent.log()
    assert agent.pid() == pid

    # A restart would fail, says the check, also to root who may read it, and so it does, once.
    for checked in (host.run("paws-agent --check-config", check=False),
                    host.run_as(USER, "paws-agent --check-config", check=False)):
        assert checked.returncode == 78 and "[web] 'tls_key'" in checked.stderr, checked
        assert f"{KEY}: Permission denied" in checked.stderr
    assert host.run(["systemctl", "restart", UNIT], check=False, timeout=60).returncode != 0
    assert host.show(UNIT, "ActiveState", "ExecMainStatus", "NRestarts") == {
        "ActiveState": "failed", "ExecMainStatus": "78", "NRestarts": "0"}
    host.run(mending)
    agent.start()
    assert reload_is_good(web) == 1


def test_a_key_that_the_daemons_user_owns_is_good_for_the_check_and_the_daemon(host, agent, web):
    host.run(f"chown {USER} {KEY} && chmod 0600 {KEY}")
    host.run("paws-agent --check-config")
    agent.restart()
    assert reload_is_good(web) == 1
    host.run(f"chown root {KEY} && chmod 0640 {KEY}")


def test_a_start_during_a_renewal_waits_for_the_rest(host, agent, web):
    """The key is not there yet; a start that fails by it is never tried again (exit 78)."""
    agent.stop()
    host.run(f"mv {KEY} {KEY}.new && systemd-run sh -c 'sleep 1; mv {KEY}.new {KEY}'")
    agent.start()
    assert reload_is_good(web) == 1


def test_a_renewed_pair_is_shown_without_a_restart(host, agent, web, documented):
    """Of another authority: whoever trusts the one before is not let in by it any more."""
    pid = agent.pid()
    documented.run(blocks("sh")[0])
    for name in HANDED_OVER:
        host.copy_in(documented.home / name, f"/root/{name}", 0o600)
    host.run("cd /root && " + blocks("sh")[1].strip().replace("\n", " && "))

    def is_shown():
        with contextlib.suppress(OSError):  # it is the one before, still
            return reload_is_good(web) == 1
        return False

    host.wait_for(is_shown, 30, "it is shown")
    assert agent.pid() == pid
    assert "read anew" in agent.log()

"""The agent asks GitHub's REST API, over TLS, and GitHub answers in every way it can.

The fake refuses what GitHub would refuse, so a test that sees facts has seen a right request.
"""

import subprocess
import time

import pytest

import project
from agent_process import AgentProcess
from connect_proxy import ConnectProxy
from fake_github import Failure, FakeGithub
from http_server import TestAuthority
from polling import Unmet, wait_for
from recurring import config_of

SCOPE = "/repos/acme/widgets"
TOKEN = "github_pat_fake0123456789"
SECTION = """
[github]
api_url = "{url}/api/v3"
ca_file = "{ca}"
interval = "1s"
{credential}
"""
SOON = 40  # seconds; the agent looks once in five


@pytest.fixture
def github(tmp_path):
    with FakeGithub(tmp_path / "github", token=TOKEN) as github:
        github.add_runner(SCOPE, 42, "build-01", "online")
        yield github
        assert github.malformed == []


@pytest.fixture
def registered(runner, github):
    """The runner's settings name the fake, and nothing of it needs to run."""
    settings = runner.root / ".runner"
    settings.write_bytes(settings.read_bytes().replace(b"github.com", github.host.encode()))
    return runner


def secret(path, text):
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def configured(github, runner, feed, credential, ca=None):
    return config_of(runner, feed) + SECTION.format(
        url=github.url, ca=ca or github.authority.file, credential=credential)


@pytest.fixture
def token(tmp_path):
    return secret(tmp_path / "token", TOKEN)


@pytest.fixture
def agent(registered, github, feed, token):
    with AgentProcess(configured(github, registered, feed, f'token_file = "{token}"')) as agent:
        yield agent
        for said in (agent.log(), str(agent.ask("status")),
                     agent.pawsctl("config", "show").stdout):
            assert TOKEN not in said


def told(agent, runner):
    """What GitHub says of the runner, as the agent tells it."""
    return agent.ask("runner", name=runner.name)["result"]["github"]


def registration(agent, runner):
    github = told(agent, runner)
    return github and github["registration"]


def error(agent):
    """Of the collector; empty when it works."""
    collectors = agent.ask("status")["result"]["agent"]["collectors"]
    return next(one["error"] or "" for one in collectors if one["name"] == "github_api")


def wait_for_registration(agent, runner, what):
    wait_for(lambda: (seen := registration(agent, runner)) == what or Unmet((seen, error(agent))), SOON, what)


def wait_for_error(agent, words):
    wait_for(lambda: words in (seen := error(agent)) or Unmet(seen), SOON, words)


def wait_for_success(agent):
    wait_for(lambda: not (seen := error(agent)) or Unmet(seen), 30, "no error")


def test_online_busy_offline_absent(agent, registered, github):
    wait_for_registration(agent, registered, "online")
    assert told(agent, registered)["busy"] is False
    github.set_runner(42, busy=True)
    wait_for(lambda: told(agent, registered)["busy"], SOON, "busy")
    github.set_runner(42, status="offline", busy=False)
    wait_for_registration(agent, registered, "offline")
    github.remove_runner(42)
    wait_for_registration(agent, registered, "absent")
    api = agent.ask("status")["result"]["agent"]["github_api"]
    assert api["error"] is None and api["answered"] and api["requests_left"] > 4900


def test_an_unchanged_list_costs_nothing(agent, registered, github):
    wait_for_registration(agent, registered, "online")
    wait_for(lambda: len(github.lists(SCOPE)) >= 4, 30, "four lists")
    assert github.remaining == 4999
    assert "if-none-match" not in github.lists(SCOPE)[0].headers
    assert all("if-none-match" in one.headers for one in github.lists(SCOPE)[1:])
    wait_for(lambda: told(agent, registered)["age_seconds"] < 10, SOON, "it is young")


def test_a_hundred_and_fifty_runners_are_two_pages(registered, github, feed, token):
    for number in range(1000, 1149):
        github.add_runner(SCOPE, number, f"other-{number}")
    github.remove_runner(42)
    github.add_runner(SCOPE, 42, "build-01", "offline")  # on the second page now
    with AgentProcess(configured(github, registered, feed, f'token_file = "{token}"')) as agent:
        wait_for_registration(agent, registered, "offline")
        github.page_shift = True
        wait_for_error(agent, "changed while it was read")
        assert registration(agent, registered) == "offline"


FAILURES = {
    "401": (Failure(401, "Bad credentials"), "answers 401 'Bad credentials'"),
    "403": (Failure(403, "Resource not accessible by integration"), "'Administration: read'"),
    "404": (Failure(404), "it does not exist, or the credential may not see it"),
    "500": (Failure(500, body=b"<html>Unicorn!</html>"), "answers 500"),
    "502": (Failure(502), "answers 502"),
    "301": (Failure(301, "Moved Permanently"), "was it moved or renamed?"),
    "slow": (Failure(slow=60), "not done within 10s"),
    "silent": (Failure(silent=True), "not done within 10s"),
    "refused": (Failure(refuse=True), "closed the connection"),
    "cut": (Failure(cut=30), "closed the connection in the middle of its answer"),
    "garbage": (Failure(body=b'{"total_count": 1, "runners": [{"id"'), "is not JSON"),
    "binary": (Failure(body=bytes(range(256)) * 100), "is not JSON"),
    "huge": (Failure(body=b" " * (5 << 20)), "larger than"),
    "empty": (Failure(body=b"{}"), "is not a list of runners"),
    "no id": (Failure(body=b'{"total_count": 1, "runners": [{"status": "offline"}]}'),
              "without an id"),
    "partial": (Failure(body=b'{"total_count": 7, "runners": []}'), "changed while it was read"),
}


@pytest.mark.parametrize("failure, words", FAILURES.values(), ids=FAILURES)
def test_a_failure_is_told_and_changes_no_fact(agent, registered, github, failure, words):
    wait_for_registration(agent, registered, "online")
    github.set_runner(42, status="offline")
    github.fail(failure)
    wait_for(lambda: words in (seen := error(agent)) or Unmet(seen), 40, words)
    assert registration(agent, registered) == "online"
    age = told(agent, registered)["age_seconds"]
    assert agent.ask("status")["result"]["agent"]["github_api"]["error"] == error(agent)
    wait_for(lambda: told(agent, registered)["age_seconds"] > age, 30, "it grows older")
    assert agent.metrics().value("paws_agent_collector_success", collector="github_api") == 0
    github.recover()
    wait_for(lambda: registration(agent, registered) == "offline", 40, "offline after all")
    wait_for_success(agent)


@pytest.mark.parametrize("status", [429, 403])
def test_retry_after_is_obeyed(agent, registered, github, status):
    wait_for_registration(agent, registered, "online")
    github.fail(Failure(status, "You have exceeded a secondary rate limit",
                        headers={"Retry-After": "12"}))
    wait_for_error(agent, "the rate limit is reached")
    asked = len(github.requests)
    github.recover()
    wait_for(lambda: len(github.requests) > asked, 40, "asked again")
    assert github.requests[asked].at - github.requests[asked - 1].at > 11
    wait_for_success(agent)


def test_a_used_up_rate_limit_is_left_alone_until_its_reset_by_githubs_clock(agent, registered,
                                                                             github):
    wait_for_registration(agent, registered, "online")
    github.clock_offset = -7200.0  # ours would say that the reset is long over, or far off
    github.remaining, github.reset_in = 1, 12
    github.set_runner(42, busy=True)  # an answer that counts
    wait_for(lambda: github.remaining == 0, SOON, "used up")
    asked = len(github.requests)
    github.remaining = 5000
    wait_for(lambda: len(github.requests) > asked, 40, "asked again")
    assert github.requests[asked].at - github.requests[asked - 1].at > 10


def test_calls_are_bounded_while_all_fails(agent, registered, github):
    wait_for_registration(agent, registered, "online")
    github.fail(Failure(503))
    wait_for_error(agent, "503")
    asked = len(github.requests)
    time.sleep(12)  # what it does with the time is the question
    assert len(github.requests) - asked <= 4


def test_a_changed_token_is_taken_up(agent, registered, github, token):
    wait_for_registration(agent, registered, "online")
    github.tokens = {"github_pat_rotated"}
    github.set_runner(42, status="offline")
    wait_for_error(agent, "answers 401")
    secret(token, "github_pat_rotated")
    wait_for_registration(agent, registered, "offline")
    token.chmod(0o644)
    wait_for_error(agent, f"chmod 0640 {token}")


def test_an_app_signs_for_its_token(registered, github, feed, tmp_path):
    key = github.add_app(tmp_path)
    github.tokens.clear()
    app = f'app_id = "4711"\napp_key_file = "{key}"\ninstallation_id = "815"'
    with AgentProcess(configured(github, registered, feed, app)) as agent:
        wait_for_registration(agent, registered, "online")
        wait_for(lambda: len(github.lists(SCOPE)) >= 3, 30, "three lists")
        given = [one for one in github.requests if "access_tokens" in one.target]
        assert len(given) == 1 and given[0].method == "POST"
        said = agent.log() + str(agent.ask("status"))
        assert "ghs_" not in said and "PRIVATE KEY" not in said

        github.tokens.clear()  # revoked: a new one is asked for
        github.set_runner(42, status="offline")
        wait_for_registration(agent, registered, "offline")

        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        wait_for_error(agent, "answers 401")


@pytest.mark.parametrize("why, words", [
    ("unknown", "its certificate is refused: unable to get local issuer certificate"),
    ("expired", "its certificate is refused: certificate has expired"),
    ("another", "its certificate is refused: hostname mismatch"),
])
def test_a_certificate_that_is_wrong_gets_no_token(registered, feed, token, tmp_path, why, words):
    hosts = ("other.example",) if why == "another" else ("localhost",)
    with FakeGithub(tmp_path / "bad", hosts=hosts, token=TOKEN,
                    certificate_days=-1 if why == "expired" else 1) as github:
        github.host, github.url = "localhost", f"https://localhost:{github.port}"
        settings = registered.root / ".runner"
        settings.write_bytes(settings.read_bytes().replace(b"github.com", b"localhost"))
        ca = TestAuthority(tmp_path / "ca", "another").file if why == "unknown" else None
        with AgentProcess(configured(github, registered, feed, f'token_file = "{token}"', ca)) as agent:
            wait_for(lambda: words.lower() in error(agent).lower(), SOON,
                     f"'{words}' instead of '{error(agent)}'")
            assert github.requests == []


def test_through_a_proxy_it_is_githubs_certificate_that_counts(registered, github, feed, token):
    with ConnectProxy() as proxy:
        extra = f'token_file = "{token}"\nproxy = "{proxy.endpoint}"'
        with AgentProcess(configured(github, registered, feed, extra)) as agent:
            wait_for_registration(agent, registered, "online")
            assert set(proxy.asked) == {f"localhost:{github.port}"}
            proxy.refuse = 407
            wait_for_error(agent, f"proxy {proxy.endpoint}: answers 407")


def test_an_agent_that_waits_for_github_stops_at_once(registered, github, feed, token):
    github.fail(Failure(silent=True))
    with AgentProcess(configured(github, registered, feed, f'token_file = "{token}"')) as agent:
        wait_for(lambda: github.requests, SOON, "a question is open")
        assert agent.stop() < 8  # an answer has ten seconds


def test_without_a_credential_nothing_is_asked(registered, github, feed):
    with AgentProcess(configured(github, registered, feed, "")) as agent:
        names = [one["name"] for one in agent.ask("status")["result"]["agent"]["collectors"]]
        assert "github_api" not in names
        assert told(agent, registered) is None
        assert agent.ask("status")["result"]["agent"]["github_api"] is None
    assert github.requests == []


def test_half_an_app_is_refused(registered, github, feed, tmp_path):
    config = tmp_path / "agent.toml"
    config.write_text('[github]\napp_id = "1"\n')
    checked = subprocess.run([project.binary("paws-agent"), "--check-config", "--config", config],
                             capture_output=True, text=True, timeout=20)
    assert checked.returncode == 78
    assert "an App needs 'app_id', 'app_key_file' and 'installation_id'" in checked.stderr

"""The fake GitHub by itself: what it refuses, and the endpoints that only tests of hosts ask so far."""

import json
import ssl
import urllib.error
import urllib.request

import pytest

from fake_github import FakeGithub

RIGHT = {"Authorization": "Bearer github_pat_fake0123456789", "User-Agent": "test",
         "X-GitHub-Api-Version": "2022-11-28"}


@pytest.fixture
def github(tmp_path):
    with FakeGithub(tmp_path / "github") as github:
        yield github
        assert github.malformed == []


def ask(github, path, method="GET", **headers):
    """Status, document and headers."""
    trust = ssl.create_default_context(cafile=github.authority.file)
    request = urllib.request.Request(github.url + path, method=method, headers={
        name: value for name, value in {**RIGHT, **headers}.items() if value is not None})
    try:
        with urllib.request.urlopen(request, context=trust, timeout=20) as answer:
            return answer.status, json.load(answer), answer.headers
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read() or b"null"), refused.headers


@pytest.mark.parametrize("headers, status", [
    ({"User-Agent": ""}, 403),
    ({"Authorization": None}, 401),
    ({"Authorization": "Bearer github_pat_other"}, 401),
    ({"Authorization": "Basic github_pat_fake0123456789"}, 401),
    ({"X-GitHub-Api-Version": None}, 400),
    ({"X-GitHub-Api-Version": "2099-01-01"}, 400),
])
def test_it_refuses_what_github_would(github, headers, status):
    github.add_scope("/orgs/acme")
    assert ask(github, "/orgs/acme/actions/runners")[0] == 200
    answered, document, _ = ask(github, "/orgs/acme/actions/runners", **headers)
    assert answered == status and document["message"] and document["documentation_url"]


def test_runners_by_page_and_by_name(github):
    for number in range(45):
        github.add_runner("/enterprises/acme", number, f"r{number}")
    _, first, headers = ask(github, "/enterprises/acme/actions/runners")
    assert first["total_count"] == 45 and len(first["runners"]) == 30
    assert set(first["runners"][0]) >= {"id", "name", "os", "status", "busy", "labels"}
    _, second, _ = ask(github, "/enterprises/acme/actions/runners?page=2")
    assert [one["id"] for one in second["runners"]] == list(range(30, 45))
    _, named, _ = ask(github, "/enterprises/acme/actions/runners?name=r7")
    assert [one["id"] for one in named["runners"]] == [7] and named["total_count"] == 1
    assert ask(github, "/enterprises/other/actions/runners")[0] == 404
    assert headers["x-ratelimit-remaining"] == "4999"


def test_jobs_of_a_run_and_of_one_attempt(github):
    github.add_job("/repos/acme/widgets", 123, attempt=1, conclusion="failure")
    github.add_job("/repos/acme/widgets", 123, attempt=2)
    runs = "/repos/acme/widgets/actions/runs/123"
    assert [one["run_attempt"] for one in ask(github, f"{runs}/jobs")[1]["jobs"]] == [2]
    assert ask(github, f"{runs}/jobs?filter=all")[1]["total_count"] == 2
    first = ask(github, f"{runs}/attempts/1/jobs")[1]["jobs"]
    assert [one["conclusion"] for one in first] == ["failure"] and first[0]["runner_id"] == 42
    assert ask(github, "/repos/acme/widgets/actions/runs/9/jobs")[0] == 404


def test_an_app_that_is_not_signed_for_gets_no_token(github, tmp_path):
    github.add_app(tmp_path)
    for token in ("", "a.b.c", "eyJhbGciOiJub25lIn0.eyJpc3MiOiI0NzExIn0."):
        status, document, _ = ask(github, "/app/installations/815/access_tokens", "POST",
                                  Authorization=f"Bearer {token}")
        assert status == 401 and "message" in document

"""FakeGithub: GitHub's REST API as far as it is used, strict about what it is asked, and able to
fail in every way the real one does. Times, limits and shapes are those of its documentation.

    with FakeGithub(tmp_path, hosts=("localhost",)) as github:
        github.add_runner("/repos/acme/widgets", 42, "build-01", "online")
        github.fail(Failure(status=503))        # until github.recover()
        github.lists("/repos/acme/widgets")     # what was asked of that scope

The API is at `github.url`, over TLS by `github.authority.file`; below /api/v3 it is the Enterprise
Server's.
"""

import base64
import dataclasses
import email.utils
import hashlib
import json
import re
import secrets
import threading
import time
import urllib.parse
from pathlib import Path

from http_server import Connection, HttpServer, Request, TestAuthority, message, openssl

REASONS = {200: "OK", 201: "Created", 301: "Moved Permanently", 304: "Not Modified",
           400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
           405: "Method Not Allowed", 429: "Too Many Requests", 500: "Internal Server Error",
           502: "Bad Gateway", 503: "Service Unavailable"}
DOCUMENTATION = "https://docs.github.com/rest"
SCOPE = r"(/repos/[\w.-]+/[\w.-]+|/orgs/[\w.-]+|/enterprises/[\w.-]+)"


@dataclasses.dataclass
class Failure:
    """What comes instead of a good answer. Fields that are not set change nothing."""

    status: int = 0
    message: str = ""
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: bytes | None = None    # as it is, with status 200 unless told
    slow: float = 0              # seconds before the answer
    cut: int | None = None       # bytes of the body that come before the connection ends
    silent: bool = False         # it is never answered
    refuse: bool = False         # the connection ends without a byte
    only: str = ""               # for targets that contain this


class Answer(Exception):
    """Ends the handling of a request."""

    def __init__(self, status: int, document: object = None, **headers: str) -> None:
        super().__init__(status)
        self.status, self.document = status, document
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def error(status: int, text: str, **headers: str) -> Answer:
    return Answer(status, {"message": text, "documentation_url": DOCUMENTATION}, **headers)


class FakeGithub:
    def __init__(self, work: Path, hosts: tuple[str, ...] = ("localhost", "127.0.0.1"),
                 token: str = "github_pat_fake0123456789", tls: bool = True,
                 certificate_days: int = 1) -> None:
        self.authority = TestAuthority(work / "authority")
        context = self.authority.server(*hosts, days=certificate_days) if tls else None
        self._server = HttpServer(self._handle, context)
        self.host, self.port = hosts[0], self._server.port
        self.url = f"{'https' if tls else 'http'}://{self.host}:{self.port}"
        self.tokens = {token}       # that are accepted
        self.limit = 5000           # requests an hour
        self.remaining = 5000
        self.reset_in = 3600.0      # seconds until the limit begins anew
        self.clock_offset = 0.0     # of the Date header
        self.page_shift = False     # a runner goes away between two pages
        self.requests: list[Request] = []
        self.app: tuple[str, str, Path] | None = None  # its id, installation and public key
        self._scopes: dict[str, list[dict]] = {}
        self._runs: dict[str, list[dict]] = {}
        self._failures: list[Failure] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def __enter__(self) -> "FakeGithub":
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.__exit__()

    # What it knows

    def add_scope(self, scope: str) -> None:
        self._scopes.setdefault(scope, [])

    def add_runner(self, scope: str, number: int, name: str, status: str = "online",
                   busy: bool = False) -> None:
        self._scopes.setdefault(scope, []).append({
            "id": number, "name": name, "os": "linux", "status": status, "busy": busy,
            "ephemeral": False, "runner_group_id": 1,
            "labels": [{"id": 1, "name": "self-hosted", "type": "read-only"},
                       {"id": 2, "name": "Linux", "type": "read-only"},
                       {"id": 99, "name": "production", "type": "custom"}]})

    def runner(self, number: int) -> dict:
        return self._all(number)[0]

    def set_runner(self, number: int, **changes: object) -> None:
        for runner in self._all(number):
            runner.update(changes)

    def remove_runner(self, number: int) -> None:
        for runners in self._scopes.values():
            runners[:] = [one for one in runners if one["id"] != number]

    def add_job(self, repository: str, run: int, attempt: int = 1, **fields: object) -> None:
        self._runs.setdefault(f"{repository}/{run}", []).append({
            "id": len(self._runs) + 1000, "run_id": run, "run_attempt": attempt,
            "workflow_name": "ci", "name": "build", "status": "completed",
            "conclusion": "success", "created_at": "2026-01-02T03:04:00Z",
            "started_at": "2026-01-02T03:04:05Z", "completed_at": "2026-01-02T03:05:00Z",
            "steps": [], "labels": ["self-hosted"], "runner_id": 42, "runner_name": "build-01",
            "runner_group_id": 1, "runner_group_name": "Default", **fields})

    def set_job(self, repository: str, run: int, **changes: object) -> None:
        for job in self._runs[f"{repository}/{run}"]:
            job.update(changes)

    def add_app(self, work: Path, number: str = "4711", installation: str = "815") -> Path:
        """Knows an App from now on; the file of its private key."""
        key, public = work / "app.pem", work / "app.pub"
        openssl("genrsa", "-out", key, "2048")
        key.chmod(0o600)
        openssl("pkey", "-in", key, "-pubout", "-out", public)
        self.app = (number, installation, public)
        return key

    # How it fails

    def fail(self, failure: Failure) -> None:
        with self._lock:
            self._failures.append(failure)

    def recover(self) -> None:
        with self._lock:
            self._failures.clear()

    # What it was asked

    def lists(self, scope: str = "") -> list[Request]:
        return [one for one in self.requests if f"{scope}/actions/runners?" in one.target]

    @property
    def malformed(self) -> list[str]:
        return self._server.malformed

    def drop(self) -> None:
        self._server.drop()

    # The protocol

    def _all(self, number: int) -> list[dict]:
        return [one for runners in self._scopes.values() for one in runners if one["id"] == number]

    def _handle(self, connection: Connection, request: Request) -> bool:
        with self._lock:
            self.requests.append(request)
            failure = next((one for one in self._failures if one.only in request.target), Failure())
        if failure.slow and self._ended.wait(failure.slow):
            return False
        if failure.silent:
            self._ended.wait()
        if failure.silent or failure.refuse:
            return False
        with self._lock:
            data = self._answer(request, failure)
        if failure.cut is not None:
            data = data[:data.index(b"\r\n\r\n") + 4 + failure.cut]
        connection.send(data)
        return failure.cut is None and request.headers.get("connection") != "close"

    def _answer(self, request: Request, failure: Failure) -> bytes:
        try:
            check_headers(request)
            if failure.status and failure.body is None:
                raise error(failure.status, failure.message or REASONS[failure.status],
                            **failure.headers)
            self._route(request)
            raise error(404, "Not Found")
        except Answer as answer:
            body = b"" if answer.document is None else json.dumps(answer.document).encode()
            headers, status = dict(answer.headers), answer.status
        if failure.body is not None:
            body, status, headers = failure.body, failure.status or 200, dict(failure.headers)
        if status != 304:
            self.remaining = max(0, self.remaining - 1)
        return message(status, REASONS.get(status, "Odd"), {**self._usual_headers(), **headers}, body)

    def _usual_headers(self) -> dict[str, str]:
        now = time.time() + self.clock_offset
        return {"Date": email.utils.formatdate(now, usegmt=True),
                "Server": "github.com", "Content-Type": "application/json; charset=utf-8",
                "X-GitHub-Request-Id": secrets.token_hex(8).upper(),
                "x-ratelimit-limit": str(self.limit), "x-ratelimit-resource": "core",
                "x-ratelimit-remaining": str(self.remaining),
                "x-ratelimit-used": str(self.limit - self.remaining),
                "x-ratelimit-reset": str(int(now + self.reset_in))}

    def _route(self, request: Request) -> None:
        url = urllib.parse.urlsplit(request.target)
        path = url.path.removeprefix("/api/v3")
        query = dict(urllib.parse.parse_qsl(url.query))
        if found := re.fullmatch(r"/app/installations/(\d+)/access_tokens", path):
            self._give_token(request, found[1])
        if bearer(request) not in self.tokens:
            raise error(401, "Bad credentials")
        if self.remaining == 0:
            raise error(403, "API rate limit exceeded for user ID 1.")
        if request.method != "GET":
            raise error(404, "Not Found")
        if found := re.fullmatch(SCOPE + "/actions/runners", path):
            self._list_runners(request, found[1], query)
        if found := re.fullmatch(r"(/repos/[\w.-]+/[\w.-]+)/actions/runs", path):
            self._list_runs(request, found[1], query)
        if found := re.fullmatch(r"(/repos/[\w.-]+/[\w.-]+)/actions/runs/(\d+)"
                                 r"(?:/attempts/(\d+))?/jobs", path):
            self._list_jobs(request, found[1], found[2], found[3], query)

    def _list_runners(self, request: Request, scope: str, query: dict[str, str]) -> None:
        if scope not in self._scopes:
            raise error(404, "Not Found")
        runners = [one for one in self._scopes[scope] if query.get("name", one["name"]) == one["name"]]
        if self.page_shift and query.get("page", "1") == "1":
            runners = [*runners, {**runners[0], "id": 10 ** 6}]
        self._give(request, "runners", runners, query)

    def _list_runs(self, request: Request, repository: str, query: dict[str, str]) -> None:
        if repository not in self._scopes:
            raise error(404, "Not Found")
        runs = []
        for path, jobs in self._runs.items():
            latest = max(one["run_attempt"] for one in jobs)
            states = {one["status"] for one in jobs if one["run_attempt"] == latest}
            # A run is as far as the first of its jobs.
            status = next(one for one in ("in_progress", "queued", "completed") if one in states)
            if path.startswith(f"{repository}/") and query.get("status", status) == status:
                runs.append({"id": jobs[0]["run_id"], "name": "ci", "run_attempt": latest,
                             "status": status, "created_at": jobs[0]["created_at"]})
        self._give(request, "workflow_runs", sorted(runs, key=lambda run: -run["id"]), query)

    def _list_jobs(self, request: Request, repository: str, run: str, attempt: str | None,
                   query: dict[str, str]) -> None:
        jobs = self._runs.get(f"{repository}/{run}")
        if jobs is None:
            raise error(404, "Not Found")
        latest = max(one["run_attempt"] for one in jobs)
        if attempt or query.get("filter", "latest") == "latest":
            jobs = [one for one in jobs if one["run_attempt"] == int(attempt or latest)]
        self._give(request, "jobs", jobs, query)

    def _give(self, request: Request, key: str, everything: list[dict],
              query: dict[str, str]) -> None:
        size = min(int(query.get("per_page", "30")), 100)
        first = (int(query.get("page", "1")) - 1) * size
        document = {"total_count": len(everything), key: everything[first:first + size]}
        etag = 'W/"' + hashlib.sha256(json.dumps(document).encode()).hexdigest() + '"'
        if request.headers.get("if-none-match") == etag:
            raise Answer(304, None, ETag=etag)
        raise Answer(200, document, ETag=etag, Cache_Control="private, max-age=60, s-maxage=60")

    def _give_token(self, request: Request, installation: str) -> None:
        if request.method != "POST":
            raise error(404, "Not Found")
        if self.app is None or installation != self.app[1]:
            raise error(404, "Integration not found")
        check_app_token(bearer(request), self.app[0], self.app[2], time.time() + self.clock_offset)
        token = "ghs_" + secrets.token_urlsafe(27)
        self.tokens.add(token)
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        raise Answer(201, {"token": token, "expires_at": expires,
                           "permissions": {"administration": "read"},
                           "repository_selection": "all"})


def bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() in ("bearer", "token") else ""


def check_headers(request: Request) -> None:
    if not request.headers.get("user-agent"):
        raise error(403, "Request forbidden by administrative rules. Please make sure your request"
                         " has a User-Agent header")
    if "authorization" not in request.headers:
        raise error(401, "Requires authentication")
    # GitHub takes its absence for the default version; that we always name one is our rule.
    if request.headers.get("x-github-api-version") != "2022-11-28":
        raise error(400, "Invalid API version")


def check_app_token(token: str, app: str, public_key: Path, now: float) -> None:
    """RS256 by the App's key, and times as GitHub wants them."""
    try:
        head, claims, signature = token.split(".")
        header, says = (json.loads(decode(part)) for part in (head, claims))
    except ValueError:
        raise error(401, "A JSON web token could not be decoded") from None
    signed, proof = public_key.with_name("signed"), public_key.with_name("proof")
    signed.write_bytes(f"{head}.{claims}".encode())
    proof.write_bytes(decode(signature))
    try:
        openssl("dgst", "-sha256", "-verify", public_key, "-signature", proof, signed)
    except AssertionError:
        raise error(401, "A JSON web token could not be decoded") from None
    if header.get("alg") != "RS256" or says.get("iss") != app:
        raise error(401, "'Issuer' claim ('iss') must be the App's")
    if not now - 3600 < says.get("iat", 0) <= now + 60:
        raise error(401, "'Issued at' claim ('iat') must be an Integer in the past")
    if not now < says.get("exp", 0) <= now + 600:
        raise error(401, "'Expiration time' claim ('exp') is too far in the future")


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

"""FakeBroker: GitHub's message broker as a listener meets it: a session, then long polls.

    with FakeBroker(pace=2) as broker:          # runners: FAKE_BROKER=<broker.endpoint>
        broker.wait_for_poll("build-01")
        broker.give_job("build-01", "build 5 Succeeded")
        broker.drop()                           # every connection ends; they come again

An idle poll is answered after `pace` seconds; the real one takes 50. One port speaks both TLS (to
those who try whether it can be reached) and plain HTTP (to fake listeners). With `github` the list
of runners shows who has a session: online, and busy while it has a job.
"""

import json
import re
import socket
import ssl
import threading
import time
import urllib.parse
import uuid
from typing import Callable

from fake_github import FakeGithub
from http_server import Connection, HttpServer, Request
from polling import wait_for

JSON = {"Content-Type": "application/json; charset=utf-8"}


class Session:
    def __init__(self, number: int, name: str, connection: Connection) -> None:
        self.id = str(uuid.uuid4())
        self.number, self.name = number, name
        self.polls = 0                    # that were asked
        self.last = connection            # of who has it, also between two polls
        self.pending: Connection | None = None
        self.status = ""                  # what its last poll said: Online or Busy
        self.messages: list[dict] = []    # for it, not taken yet


class FakeBroker:
    def __init__(self, pace: float = 50, github: FakeGithub | None = None,
                 tls: ssl.SSLContext | None = None,
                 listen: Callable[[tuple[str, int]], socket.socket] = socket.create_server,
                 address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.pace, self._github = pace, github
        self._server = HttpServer(self._handle, tls, plain=True, listen=listen, address=address)
        self.endpoint = f"{self._server.address}:{self._server.port}"
        self._changed = threading.Condition()
        self._sessions: dict[str, Session] = {}
        self._held: set[str] = set()    # names whose session somebody else has
        self._unknown: set[str] = set()
        self._status = 0                # with which everything is answered
        self._silent = self._ended = False
        self.polls: list[tuple[float, str, str]] = []  # time, name, status

    def __enter__(self) -> "FakeBroker":
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._server.__exit__()

    @property
    def malformed(self) -> list[str]:
        return self._server.malformed

    @property
    def accepted(self) -> int:
        """Connections so far."""
        return self._server.accepted

    def session(self, name: str) -> Session | None:
        with self._changed:
            return next((one for one in self._sessions.values() if one.name == name), None)

    def wait_for_poll(self, name: str, timeout: float = 30) -> Session:
        """Until a poll of that runner waits for its answer."""
        def polling() -> Session | None:
            session = self.session(name)
            return session if session and session.pending else None
        return wait_for(polling, timeout, f"{name} waits for its answer")

    def give_job(self, name: str, work: str) -> None:
        """`work` as the listener's command `job` takes it, without quotes in it."""
        assert '"' not in work and "\\" not in work
        self._tell(name, {"messageId": 1, "messageType": "RunnerJobRequest", "body": work})

    # How it fails; back_to_normal() ends all of these

    def drop(self, reset: bool = False) -> None:
        """Ends every connection. Who comes again is served."""
        self._server.drop(reset)

    def go_silent(self) -> None:
        """Connections stay and new ones are taken, and nothing is answered any more."""
        with self._changed:
            self._silent = True
            self._changed.notify_all()

    def refuse(self) -> None:
        """No connection is left, and new ones are refused."""
        self._server.stop_listening()
        self._server.drop()

    def outage(self, status: int = 503) -> None:
        """All is answered with that status, polls that wait at once."""
        with self._changed:
            self._status = status
            self._changed.notify_all()

    def ghost(self, name: str) -> None:
        """That runner loses its connection in silence and does not notice. GitHub says that it is
        offline, while everybody who tries the broker finds it well."""
        session = self.wait_for_poll(name)
        self._tell(name, {"messageId": 2, "messageType": "Ghost", "body": ""})
        wait_for(lambda: session.pending is None, 30, f"{name} is a ghost")
        self._show(session, status="offline")

    def occupy(self, name: str) -> None:
        """Another listener has the session of that runner: 409 to who asks for one."""
        with self._changed:
            self._held.add(name)

    def forget(self, name: str) -> None:
        """Its registration is gone: 404 to all it asks."""
        with self._changed:
            self._unknown.add(name)
            self._changed.notify_all()

    def back_to_normal(self) -> None:
        with self._changed:
            self._silent, self._status = False, 0
            self._held.clear()
            self._unknown.clear()
            self._changed.notify_all()
        self._server.listen_again()

    # The protocol

    def _tell(self, name: str, message: dict) -> None:
        session = self.wait_for_poll(name)
        with self._changed:
            session.messages.append(message)
            self._changed.notify_all()

    def _show(self, session: Session, **changes: object) -> None:
        if self._github is not None:
            self._github.set_runner(session.number, **changes)

    def _handle(self, connection: Connection, request: Request) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: not self._silent or self._ended)
            if self._ended:
                return False
            status = self._status
        url = urllib.parse.urlsplit(request.target)
        query = dict(urllib.parse.parse_qsl(url.query))
        if status:
            connection.answer(status, "Not Now", JSON)
        elif (request.method, url.path) in (("GET", "/health"), ("HEAD", "/health")):
            connection.answer(200, "OK", JSON)
        elif "authorization" not in request.headers:
            connection.answer(401, "Unauthorized", JSON)
        elif (request.method, url.path) == ("POST", "/session"):
            self._open_session(connection, json.loads(request.body))
        elif (request.method, url.path) == ("DELETE", "/session"):
            self._close_session(connection, query.get("sessionId", ""))
        elif (request.method, url.path) == ("GET", "/message"):
            return self._poll(connection, query)
        else:
            connection.answer(404, "Not Found", JSON)
        return request.headers.get("connection") != "close"

    def _open_session(self, connection: Connection, asked: dict) -> None:
        session = Session(asked["agent"]["agentId"], asked["agent"]["agentName"], connection)
        with self._changed:
            others = [one for one in self._sessions.values() if one.name == session.name]
            unknown = session.name in self._unknown
            taken = session.name in self._held or any(
                one.last is not connection and not has_gone(one.last.stream) for one in others)
            if not unknown and not taken:
                for other in others:  # who had it has gone
                    del self._sessions[other.id]
                self._sessions[session.id] = session
        if unknown:
            connection.answer(404, "Not Found", JSON)
        elif taken:
            connection.answer(409, "Conflict", JSON)
        else:
            self._show(session, status="online", busy=False)
            connection.answer(200, "OK", JSON, json.dumps({"sessionId": session.id}).encode())

    def _close_session(self, connection: Connection, number: str) -> None:
        with self._changed:
            session = self._sessions.pop(number, None)
        if session:
            self._show(session, status="offline", busy=False)
        connection.answer(200 if session else 404, "Done", JSON)

    def _poll(self, connection: Connection, query: dict[str, str]) -> bool:
        with self._changed:
            session = self._sessions.get(query.get("sessionId", ""))
            if session is None or not re.fullmatch("Online|Busy", query.get("status", "")):
                connection.answer(404 if session is None else 400, "No", JSON)
                return True
            session.status, session.polls = query["status"], session.polls + 1
            self.polls.append((time.monotonic(), session.name, session.status))
            session.pending = session.last = connection
            due = time.monotonic() + self.pace
        self._show(session, busy=session.status == "Busy")
        try:
            return self._answer_poll(connection, session, due)
        finally:
            with self._changed:
                session.pending = None

    def _answer_poll(self, connection: Connection, session: Session, due: float) -> bool:
        """When something is to be said, its time has come, or it has gone."""
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: (session.messages or self._status or self._ended
                             or session.name in self._unknown) and not self._silent,
                    min(1.0, max(0.0, due - time.monotonic())))
                message = session.messages.pop(0) if session.messages else None
                status, silent, unknown = self._status, self._silent, session.name in self._unknown
            if self._ended or has_gone(connection.stream):
                return False
            if silent:
                due = time.monotonic() + self.pace
            elif status or unknown:
                connection.answer(404 if unknown else status, "Not Now", JSON)
                return True
            elif message:
                connection.answer(200, "OK", JSON, json.dumps(message).encode())
                return message["messageType"] != "Ghost"
            elif time.monotonic() >= due:
                connection.answer(202, "Accepted", {})
                return True


def has_gone(stream: socket.socket) -> bool:
    try:
        return stream.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except (OSError, ValueError):  # ValueError: TLS peeks at nothing, and no listener speaks it
        return True

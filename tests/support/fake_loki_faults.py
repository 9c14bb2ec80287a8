"""How the double of Loki fails: faults, and which one a request meets."""

import dataclasses
import email.utils
import random
import threading
import time

from http_server import message

REASONS = {200: "OK", 204: "No Content", 301: "Moved Permanently", 302: "Found",
           307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request",
           401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
           413: "Request Entity Too Large", 422: "Unprocessable Entity", 429: "Too Many Requests",
           500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
           504: "Gateway Timeout"}
KINDS = {
    "none": "nothing",
    "status": "answers with `status`, `body` and `retry_after`; nothing is stored",
    "redirect": "answers with `status` (307 unless told) to `location`",
    "garbage": "answers with something that is no HTTP, then closes",
    "slow": "does what was asked, and answers `delay` seconds later",
    "drip": "does what was asked, and answers byte by byte, `delay` seconds apart",
    "silent": "reads the request and never answers",
    "hangup": "accepts the connection and closes it before anything is read",
    "close": "reads the request and closes without an answer; nothing is stored",
    "half_body": "reads half of the body, then resets",
    "store_cut": "does what was asked, then closes before the answer",
    "store_cut_status": "does what was asked, then closes in the middle of the status line",
    "mix": "by chance, of `mix`: {kind or status: probability}; else nothing; `seed` repeats it",
}
GARBAGE = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\x00\xff\xfe"


@dataclasses.dataclass
class Fault:
    kind: str = "status"
    status: int = 0
    body: str | None = None
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    retry_after: str = ""    # "3": seconds; "date:3": an HTTP date so many seconds ahead
    location: str = ""
    delay: float = 0
    count: int = 0           # requests it is for; 0: all
    seconds: float = 0       # it lasts from when it was set; 0: until it is cleared
    only: str = ""           # for targets that contain this
    mix: dict[str, float] = dataclasses.field(default_factory=dict)
    seed: int = 0
    origin: "Fault | None" = None  # the mix it was drawn from

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such fault: {self.kind!r}; there are {', '.join(KINDS)}")
        if self.kind == "status" and not self.status:
            raise ValueError("a status is missing")
        for name in self.mix:
            if name == "mix" or name not in KINDS and not name.isdigit():
                raise ValueError(f"no such fault in a mix: {name!r}")

    def answer(self) -> bytes:
        status = self.status or 307
        headers = {"Date": email.utils.formatdate(usegmt=True),
                   "Content-Type": "text/plain; charset=utf-8", **self.headers}
        if self.retry_after.startswith("date:"):
            due = time.time() + float(self.retry_after.removeprefix("date:"))
            headers["Retry-After"] = email.utils.formatdate(due, usegmt=True)
        elif self.retry_after:
            headers["Retry-After"] = self.retry_after
        if self.location:
            headers["Location"] = self.location
        reason = REASONS.get(status, "Odd")
        body = f"{reason}\n" if self.body is None else self.body
        return message(status, reason, headers, b"" if status == 204 else body.encode())


class Faults:
    """Those that are set; the first that fits is met."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: list[tuple[Fault, float, random.Random]] = []
        self._met: dict[int, int] = {}  # by id of the fault

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._set.append((fault, time.monotonic(), random.Random(fault.seed)))
            self._met[id(fault)] = 0

    def clear(self) -> None:
        with self._lock:
            self._set.clear()
            self._met.clear()

    def holds(self, fault: Fault) -> bool:
        """Whether it was not cleared yet."""
        with self._lock:
            return any(one is (fault.origin or fault) for one, _, _ in self._set)

    def pick(self, target: str, hangup: bool = False) -> Fault | None:
        """`hangup`: before anything is read, which only that kind is about."""
        with self._lock:
            for fault, since, chance in self._set:
                over = fault.seconds and time.monotonic() - since >= fault.seconds \
                    or fault.count and self._met[id(fault)] >= fault.count
                if over or fault.only not in target or (fault.kind == "hangup") != hangup:
                    continue
                self._met[id(fault)] += 1
                return fault if fault.kind != "mix" else by_chance(fault, chance)
            return None


def by_chance(fault: Fault, chance: random.Random) -> Fault | None:
    draw = chance.random()
    for name, probability in fault.mix.items():
        draw -= probability
        if draw < 0:
            kind, status = ("status", int(name)) if name.isdigit() else (name, fault.status)
            return dataclasses.replace(fault, kind=kind, mix={}, origin=fault,
                                       status=status or (503 if kind == "status" else 0))
    return None

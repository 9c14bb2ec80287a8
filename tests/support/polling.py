"""Polling: waiting for a condition with a bound, never for a fixed time."""

import time
from typing import Callable, TypeVar

T = TypeVar("T")


class NotInTime(AssertionError):
    pass


class Unmet:
    """What a condition gives that does not hold yet, to tell what it saw instead."""

    def __init__(self, seen: object) -> None:
        self._seen = seen

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return repr(self._seen)


def wait_for(condition: Callable[[], T], timeout: float, what: str, every: float = 0.02) -> T:
    """The first true value of `condition`; NotInTime, with its last value, after `timeout` s."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise NotInTime(f"not within {timeout} s: {what}; last seen: {value!r}")
        time.sleep(every)

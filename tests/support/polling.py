"""Polling: waiting for a condition with a bound, never for a fixed time."""

import time
from typing import Callable, TypeVar

T = TypeVar("T")


class NotInTime(AssertionError):
    pass


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

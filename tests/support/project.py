"""Project: where the sources and the binaries under test are."""

import os
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
CACHE = SOURCE / "build" / "cache"  # what is slow to make and the same for every build


def build() -> Path:
    """The build under test: PAWS_BUILD, relative to the sources; the release by default."""
    return SOURCE / (os.environ.get("PAWS_BUILD") or "build/release")


def binary(name: str) -> Path:
    path = build() / "bin" / name
    assert path.is_file(), f"{path} is missing: build it with ./dev build {build().name}"
    return path


def is_sanitized() -> bool:
    """Sanitizers cost time and memory: bounds on those hold for the plain build only."""
    return build().name in ("asan", "tsan")

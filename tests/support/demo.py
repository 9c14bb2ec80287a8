#!/usr/bin/python3
"""demo.py [--build DIR] [--dir DIR] [--drop-in FILE]: a runner to look at, for ./dev run --demo.

Lays a runner out in DIR, starts its programs, turns what they print into a journal in DIR/journal,
and gives it a job about every 20 s, with changing results. Prints the path of the configuration
drop-in it wrote (conf.d beside the agent's file) and runs until it is stopped; then the drop-in and
the processes go, and the journal stays to be looked at until the next start.
"""

import argparse
import contextlib
import itertools
import shutil
import signal
import sys
import threading
from pathlib import Path

import project
from journal_feed import JournalFeed, remove_journal
from local_runner import LocalRunner

JOBS = (
    "build (ubuntu, gcc-13) 8 Succeeded",
    "test / unit: core 11 Succeeded",
    "test / \"integration\" 6 Failed",
    "lint 4 SucceededWithIssues",
    "deploy to staging 9 Succeeded",
    "nightly / fuzz steps=4 12 Canceled",
)
PAUSE_SECONDS = 20.0
DROP_IN = """# Written by tests/support/demo.py; gone when the demo ends.
[journal]
directory = "{journal}"

[[runners.static]]
name = "{name}"
root = "{root}"
unit = "{unit}"
"""


def main() -> int:
    options = parse_arguments()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    remove_journal(options.dir / "journal")
    shutil.rmtree(options.dir / "runner", ignore_errors=True)
    program = options.build / "bin/paws_fake_runner"
    with contextlib.ExitStack() as undo:
        feed = undo.enter_context(JournalFeed(options.dir / "journal"))
        runner = undo.enter_context(
            LocalRunner(options.dir / "runner", feed, short="demo-01", program=program))
        runner.start()
        write_drop_in(options.drop_in, runner, feed)
        undo.callback(options.drop_in.unlink, missing_ok=True)
        print(options.drop_in, flush=True)
        give_jobs(runner, stop)
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    folder = project.SOURCE / "build"
    parser.add_argument("--build", type=Path, default=folder / "release", help="what is run")
    parser.add_argument("--dir", type=Path, default=folder / "demo", help="where the runner lives")
    parser.add_argument("--drop-in", type=Path, default=folder / "run/conf.d/demo.toml",
                        help="the configuration to write")
    options = parser.parse_args()
    for name in ("build", "dir", "drop_in"):
        setattr(options, name, getattr(options, name).resolve())
    return options


def write_drop_in(path: Path, runner: LocalRunner, feed: JournalFeed) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(DROP_IN.format(journal=feed.directory, name=runner.name, root=runner.root,
                                   unit=runner.unit))


def give_jobs(runner: LocalRunner, stop: threading.Event) -> None:
    for job in itertools.cycle(JOBS):
        if stop.wait(PAUSE_SECONDS if runner.worker() else 3.0):
            return
        with contextlib.suppress(OSError):  # no listener just now: somebody tries things out
            runner.tell("job " + job)
        if stop.wait(PAUSE_SECONDS - 3.0):
            return


if __name__ == "__main__":
    sys.exit(main())

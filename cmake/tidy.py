#!/usr/bin/env python3
"""Runs clang-tidy over the sources of a build's compile commands; any finding is a failure.

What costs is not a file but the headers it includes, so those of the same flags are looked at ten
at a time, as one text; where two of ten cannot stand in one text, they are looked at apart.
A file that passed is skipped until its preprocessed text, its flags or .clang-tidy changes: the
passes are remembered in the user's cache directory, so a fresh clone profits too.
Usage: cmake/tidy.py BUILD_DIR [PATH_FRAGMENT...]
"""

import concurrent.futures
import hashlib
import itertools
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "paws-tidy"


BATCH = 10


class Source:
    """A file, and the words that a compiler needs beside its name."""

    def __init__(self, file, command):
        words = shlex.split(command)
        compiler = next(i for i, word in enumerate(words) if word.endswith(("++", "g++", "clang")))
        del words[:compiler + 1]
        del words[words.index("-o"):words.index("-o") + 2]
        words.remove("-c")
        words.remove(str(file))
        self.file = file
        self.flags = words
        self.settings = next(folder / ".clang-tidy" for folder in file.parents
                             if (folder / ".clang-tidy").exists())
        self.passed = None  # the file in CACHE that says so

    def kind(self):
        return self.settings, self.flags


def project_sources(build, fragments):
    """Each source below ROOT that is not below a build directory, once."""
    sources = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = pathlib.Path(entry["file"])
        if file.is_relative_to(ROOT) and not file.is_relative_to(ROOT / "build"):
            if not fragments or any(fragment in str(file) for fragment in fragments):
                sources[file] = Source(file, entry["command"])
    return [sources[file] for file in sorted(sources)]


def settings_of(file):
    """The .clang-tidy files that hold for this one, the nearest first."""
    found = [folder / ".clang-tidy" for folder in file.parents if folder.is_relative_to(ROOT)]
    return b"".join(each.read_bytes() for each in found if each.exists())


def remember(source, version):
    """Says where a pass is remembered: by the text as the compiler sees it, with its comments
    (NOLINT), and by all else that a verdict depends on."""
    text = subprocess.run(["clang++", *source.flags, "-E", "-CC", "-P", "-w", str(source.file)],
                          capture_output=True, check=False)
    if text.returncode == 0:
        flags = " ".join(source.flags).replace(str(ROOT), ".")
        body = text.stdout.replace(str(ROOT).encode(), b".")
        digest = hashlib.sha256(version + settings_of(source.file) + flags.encode() + body)
        source.passed = CACHE / digest.hexdigest()


def passed_before(source):
    if not (source.passed and source.passed.exists()):
        return False
    source.passed.touch()
    return True


def forget_old():
    month_ago = time.time() - 30 * 86400
    for entry in CACHE.iterdir():
        if entry.stat().st_mtime < month_ago:
            entry.unlink(missing_ok=True)


def batches(sources):
    for _, alike in itertools.groupby(sources, Source.kind):
        alike = list(alike)
        for at in range(0, len(alike), BATCH):
            yield alike[at:at + BATCH]


class Text:
    """All of a batch in one file, where the same .clang-tidy holds for it. Not by #include: of
    what is included clang's analyzer follows no path."""

    def __init__(self, batch, build):
        name = hashlib.sha256("".join(str(source.file) for source in batch).encode()).hexdigest()
        settings = batch[0].settings
        folder = build / "batches" / settings.parent.relative_to(ROOT)
        folder.mkdir(parents=True, exist_ok=True)
        if settings.parent != ROOT:
            shutil.copy(settings, folder)
        self.path = folder / f"{name[:16]}.cpp"
        self.origin = []  # (file, line) of each line
        lines = []
        for source in batch:
            own = source.file.read_text().splitlines()
            lines += own
            self.origin += [(source.file, number) for number in range(1, len(own) + 1)]
        self.path.write_text("\n".join(lines) + "\n")

    def named(self, output):
        """What was said of the text, by the files it is of."""
        def origin(found):
            file, line = self.origin[int(found[1]) - 1]
            return f"{file}:{line}:"
        return re.sub(re.escape(str(self.path)) + r":(\d+):", origin, output)


def misfits(batch, text):
    """The files with an error: what they name is named otherwise in one before them."""
    run = subprocess.run(["clang++", *batch[0].flags, "-fsyntax-only", "-w", "-ferror-limit=0", str(text.path)],
                         capture_output=True, text=True, check=False)
    lines = re.findall(re.escape(str(text.path)) + r":(\d+):\d+: (?:fatal )?error", run.stderr)
    found = {text.origin[int(line) - 1][0] for line in lines}
    # Headers that exclude each other do not say whose they are.
    halves = {source.file for source in batch[len(batch) // 2:]}
    return found or (halves if run.returncode else set())


def check(batch, build):
    """(sources, passed, seconds, output) of each text that the batch needs."""
    started = time.monotonic()
    text = Text(batch, build)
    apart = misfits(batch, text) if len(batch) > 1 else set()
    if apart:
        others = [source for source in batch if source.file not in apart] or batch[:1]
        rest = [source for source in batch if source not in others]
        return check(others, build) + check(rest, build)
    run = subprocess.run(["clang-tidy", "--quiet", str(text.path), "--", *batch[0].flags],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    passed = run.returncode == 0
    if passed:
        for source in batch:
            if source.passed:
                source.passed.touch()
    output = text.named(run.stdout if run.stdout.strip() else run.stderr)
    return [(batch, passed, time.monotonic() - started, "" if passed else output)]


def told(batch):
    first, *_, last = [*batch, batch[-1]]
    name = first.file.relative_to(ROOT)
    return str(name) if first is last else f"{name} to {last.file.name} ({len(batch)})"


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    sources = project_sources(build, sys.argv[2:])
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    CACHE.mkdir(parents=True, exist_ok=True)
    forget_old()
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda source: remember(source, version), sources))
        new = [source for source in sources if not passed_before(source)]
        jobs = [pool.submit(check, batch, build) for batch in batches(new)]
        for job in concurrent.futures.as_completed(jobs):
            for batch, passed, seconds, output in job.result():
                failed += not passed
                verdict = "ok" if passed else "FAILED"
                print(f"{seconds:6.1f} s  {verdict:6}  {told(batch)}", flush=True)
                if output:
                    print(output, flush=True)
    print(f"clang-tidy: {len(sources)} files, {len(new)} looked at, {failed} texts with findings")
    return 1 if failed or not sources else 0


if __name__ == "__main__":
    sys.exit(main())

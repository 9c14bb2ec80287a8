#!/usr/bin/env python3
"""Runs clang-tidy over the sources of a build's compile commands; any finding is a failure.

A file that passed is skipped until its preprocessed text, its flags or .clang-tidy changes: the
passes are remembered in the user's cache directory, so a fresh clone profits too.
Usage: cmake/tidy.py BUILD_DIR [PATH_FRAGMENT...]
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "paws-tidy"


def project_sources(build, fragments):
    """(file, arguments) of each source below ROOT that is not below a build directory, once."""
    entries = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = pathlib.Path(entry["file"])
        if file.is_relative_to(ROOT) and not file.is_relative_to(ROOT / "build"):
            if not fragments or any(fragment in str(file) for fragment in fragments):
                entries[file] = shlex.split(entry["command"])
    return sorted(entries.items())


def key(arguments, identity):
    """What a verdict depends on: the text as the compiler sees it, comments (NOLINT) included."""
    compiler = next(i for i, word in enumerate(arguments) if word.endswith(("++", "g++", "clang")))
    arguments = ["clang++", *arguments[compiler + 1:]]
    del arguments[arguments.index("-o"):arguments.index("-o") + 2]
    arguments.remove("-c")
    text = subprocess.run([*arguments, "-E", "-CC", "-P", "-w"], capture_output=True, check=False)
    if text.returncode != 0:
        return None
    flags = " ".join(arguments).replace(str(ROOT), ".")
    body = text.stdout.replace(str(ROOT).encode(), b".")
    return hashlib.sha256(identity + flags.encode() + body).hexdigest()


def check(file, arguments, build, identity):
    started = time.monotonic()
    digest = key(arguments, identity)
    remembered = CACHE / digest if digest else None
    if remembered and remembered.exists():
        remembered.touch()
        return file, True, None, ""
    run = subprocess.run(["clang-tidy", "-p", str(build), "--quiet", str(file)],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    passed = run.returncode == 0
    if passed and remembered:
        remembered.touch()
    output = run.stdout if run.stdout.strip() else run.stderr
    return file, passed, time.monotonic() - started, "" if passed else output


def settings_of(file):
    """The .clang-tidy files that hold for this one, the nearest first."""
    found = [folder / ".clang-tidy" for folder in file.parents if folder.is_relative_to(ROOT)]
    return b"".join(each.read_bytes() for each in found if each.exists())


def forget_old():
    month_ago = time.time() - 30 * 86400
    for entry in CACHE.iterdir():
        if entry.stat().st_mtime < month_ago:
            entry.unlink(missing_ok=True)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    sources = project_sources(build, sys.argv[2:])
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    CACHE.mkdir(parents=True, exist_ok=True)
    forget_old()
    failed = looked_at = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(check, file, arguments, build, version + settings_of(file))
                for file, arguments in sources]
        for job in concurrent.futures.as_completed(jobs):
            file, passed, seconds, output = job.result()
            failed += not passed
            if seconds is not None:
                looked_at += 1
                verdict = "ok" if passed else "FAILED"
                print(f"{seconds:6.1f} s  {verdict:6}  {file.relative_to(ROOT)}", flush=True)
            if output:
                print(output, flush=True)
    print(f"clang-tidy: {len(sources)} files, {looked_at} looked at, {failed} with findings")
    return 1 if failed or not sources else 0


if __name__ == "__main__":
    sys.exit(main())

"""Documented: what docs/access.md says, carried out."""

import re
import shutil
import subprocess
from pathlib import Path

import project
from certificates import Pair

PAGE = (project.SOURCE / "docs/access.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


class Documented:
    """With this machine's name and directories of the test in place of the page's."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.etc, self.prometheus, self.home = work / "etc", work / "prometheus", work / "home"
        secrets = self.etc / "secrets"  # which the package makes
        for directory in (secrets, self.prometheus, self.home):
            directory.mkdir(parents=True)

    def here(self, text: str) -> str:
        return (text.replace("ci01.example", "localhost")
                .replace("/etc/prometheus/paws", str(self.prometheus))
                .replace("/etc/paws-agent", str(self.etc)).replace("-g paws-agent ", ""))

    def run(self, commands: str) -> None:
        ran = subprocess.run(["sh", "-euc", commands], cwd=self.home, timeout=60,
                             capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert ran.returncode == 0, ran.stderr

    def set_up(self) -> None:
        authority, host = blocks("sh")
        self.run(self.here(authority))
        self.run(self.here(host))
        for name in ("ca.pem", "prometheus.pem", "prometheus.key", "prometheus.token"):
            shutil.copy(self.home / name, self.prometheus)

    @property
    def client(self) -> Pair:
        return Pair(self.home / "prometheus.pem", self.home / "prometheus.key")

    @property
    def token(self) -> str:
        return (self.home / "prometheus.token").read_text().strip()

"""WebAgent: the agent behind TLS, client certificates or tokens, and curl that asks it."""

import os
import ssl
import subprocess
from pathlib import Path

from agent_process import AgentProcess
from certificates import Pair
from exposition import Metrics
from polling import Unmet, wait_for

GENERAL = "[journal]\ndirectory = \"{journal}\"\n[runners]\ndiscover = false\n"
TOKEN = "0123456789abcdef-first"


class Curl:
    """What curl says of one request."""

    def __init__(self, ran: subprocess.CompletedProcess[bytes]) -> None:
        head, _, self.body = ran.stdout.partition(b"\r\n\r\n")
        self.head = head.decode(errors="replace")
        self.status = int(self.head.split()[1]) if self.head.startswith("HTTP/") else 0
        self.code = ran.returncode
        self.error = ran.stderr.decode(errors="replace")

    def __repr__(self) -> str:
        return f"curl {self.code} {self.error!r}: {self.head!r} {self.body[:200]!r}"


class WebAgent(AgentProcess):
    """An agent with [web] `tls` (a pair), `client_ca` and `tokens` as asked for."""

    def __init__(self, work: Path, tls: Pair | None = None, client_ca: Path | None = None,
                 tokens: str | None = None, listen: list[str] | None = None,
                 trusted: Path | None = None) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self.files = work
        self.cert, self.key = work / "web.pem", work / "web.key"
        self.client_ca, self.tokens = work / "clients.pem", work / "tokens"
        self.trusted = trusted
        self.tls = tls
        (work / "journal").mkdir(exist_ok=True)
        web = ["[web]"]
        if listen is not None:
            web.append(f"listen = {listen!r}")
        if tls is not None:
            tls.install(self.cert, self.key)
            web += [f"tls_cert = '{self.cert}'", f"tls_key = '{self.key}'"]
        if client_ca is not None:
            self.client_ca.write_bytes(client_ca.read_bytes())
            web.append(f"client_ca = '{self.client_ca}'")
        if tokens is not None:
            self.write_tokens(tokens)
            web.append(f"token_file = '{self.tokens}'")
        super().__init__(GENERAL.format(journal=work / "journal") + "\n".join(web) + "\n")

    def write_tokens(self, text: str, mode: int = 0o640) -> None:
        fresh = self.files / "tokens.new"
        fresh.write_text(text)
        fresh.chmod(mode)
        os.replace(fresh, self.tokens)

    def url(self, path: str) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}{path}"

    def curl(self, path: str, *arguments: object, client: Pair | None = None,
             token: str | None = None) -> Curl:
        """`path` may be a whole URL. Errors of the connection are in the answer."""
        command = ["curl", "-sSi", "--max-time", "20", *map(str, arguments)]
        if self.trusted:
            command += ["--cacert", str(self.trusted)]
        if client:
            command += ["--cert", str(client.cert), "--key", str(client.key)]
        if token:
            command += ["-H", f"Authorization: Bearer {token}"]
        command.append(path if "://" in path else self.url(path))
        return Curl(subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL,
                                   timeout=30))

    def scrape(self, client: Pair | None = None, token: str | None = None) -> Metrics:
        answer = self.curl("/metrics", client=client, token=token)
        assert answer.status == 200, answer
        return Metrics(answer.body.decode())

    def shown(self) -> str:
        """The certificate that the next connection is shown, PEM."""
        return ssl.get_server_certificate(("127.0.0.1", self.port), timeout=10)

    def wait_for_shown(self, pair: Pair) -> None:
        """Soon: a look at the files that is slow is left behind, until the next connection."""
        wait_for(lambda: self.shown() == pair.cert.read_text(), 30, f"{pair.cert.name} is shown")

    def wait_for_status(self, status: int, path: str, **who: object) -> None:
        """Also in a crowd, where who is slow to ask is hung up like those who hold it up."""
        wait_for(lambda: (seen := self.curl(path, **who)).status == status or Unmet(seen), 30,
                 f"{path} is answered with {status}")

    def wait_for_log(self, text: str, timeout: float = 30) -> None:
        wait_for(lambda: text in (seen := self.log()) or Unmet(seen), timeout, f"the log has {text!r}")

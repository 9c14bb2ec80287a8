"""Authority: certificates made by openssl, for servers and clients of a test."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
RSA = ["-newkey", "rsa:2048", "-nodes"]


def openssl(*arguments: object) -> str:
    ran = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True,
                         stdin=subprocess.DEVNULL, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@dataclass(frozen=True)
class Pair:
    cert: Path
    key: Path

    def install(self, cert: Path, key: Path) -> None:
        """Over the pair that is there, each file at one moment and the key second."""
        for source, target in ((self.cert, cert), (self.key, key)):
            fresh = target.with_name(target.name + ".new")
            shutil.copy(source, fresh)
            os.replace(fresh, target)


class Authority:
    def __init__(self, directory: Path, name: str = "authority",
                 above: "Authority | None" = None) -> None:
        """Its own root, or one that the authority `above` has certified."""
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.cert = directory / f"{name}.pem"
        self._key = directory / f"{name}.key"
        by = ["-CA", above.cert, "-CAkey", above._key] if above else []
        openssl("req", "-x509", *KEY, "-subj", f"/CN={name}", "-days", 30, *by,
                "-keyout", self._key, "-out", self.cert)

    def issue(self, name: str, usage: str = "serverAuth", days: int = 20,
              key: list[str] = KEY) -> Pair:
        """For localhost and 127.0.0.1 and ::1; `days` below zero: it has expired."""
        pair = Pair(self.directory / f"{name}.pem", self.directory / f"{name}.key")
        request = self.directory / f"{name}.csr"
        extensions = self.directory / f"{name}.ext"
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n"
                              f"basicConstraints=critical,CA:FALSE\nextendedKeyUsage={usage}\n")
        openssl("req", *key, "-subj", f"/CN={name}", "-keyout", pair.key, "-out", request)
        pair.key.chmod(0o640)
        openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self._key,
                "-CAcreateserial", "-days", days, "-extfile", extensions, "-out", pair.cert)
        return pair

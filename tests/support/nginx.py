"""A real nginx (Debian's) with docs/nginx.conf, on loopback ports of its own and with a certificate made for it."""

import datetime
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import requests
import urllib3.util.connection
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.config import ROOT
from tests.support.names import free_port
from tests.support.waiting import until
from tools.debian import find

NAME = "estivador.example.org"
MAIN = """daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    include {folder}/site.conf;
}}
"""


class Nginx:
    """One nginx in front of the port `upstream`; its files and log live in `folder`."""

    def __init__(self, folder: Path, upstream: int) -> None:
        self.folder, self.upstream = folder, upstream
        self.port, self.plain_port = free_port(), free_port()
        self.certificate = folder / "certificate.pem"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return once it accepts connections."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._make_certificate()
        (self.folder / "site.conf").write_text(self._site())
        (self.folder / "nginx.conf").write_text(MAIN.format(folder=self.folder))
        program = find("nginx")
        assert program is not None, "nginx is missing: python -m tools.ensure_engine --with-tests installs it."
        with (self.folder / "nginx.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "-e", "stderr", "-p", self.folder, "-c", self.folder / "nginx.conf"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        until(self._accepts_or_died, 60, "nginx accepts connections")
        assert self._process.poll() is None, (self.folder / "nginx.log").read_text()

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def url(self, path: str) -> str:
        """The address of a path, by TLS."""
        return f"https://{NAME}:{self.port}{path}"

    def _accepts_or_died(self) -> bool:
        assert self._process is not None
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
        except OSError:
            return self._process.poll() is not None
        return True

    def _site(self) -> str:
        """docs/nginx.conf, with nothing changed but ports and paths."""
        text = (ROOT / "docs" / "nginx.conf").read_text()
        for old, new, times in (
            ("listen 443 ", f"listen 127.0.0.1:{self.port} ", 2),
            ("listen 80;", f"listen 127.0.0.1:{self.plain_port};", 1),
            ("http://127.0.0.1:8000;", f"http://127.0.0.1:{self.upstream};", 1),
            ("/etc/ssl/estivador/", f"{self.folder}/", 4),
        ):
            assert text.count(old) == times, old
            text = text.replace(old, new)
        return text

    def _make_certificate(self) -> None:
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
        made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(days=1))
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME), x509.DNSName("evil.example")]), critical=False)
        self.certificate.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        (self.folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


@contextmanager
def client_of(place: Nginx, address: str = "127.0.0.1") -> Iterator[requests.Session]:
    """A client that comes from `address`, finds every name at this machine, and trusts the certificate."""
    real = urllib3.util.connection.create_connection

    def connect(wanted: tuple[str, int], *more: Any, **options: Any) -> socket.socket:
        return real(("127.0.0.1", wanted[1]), *more, **{**options, "source_address": (address, 0)})

    with requests.Session() as session, patch.object(urllib3.util.connection, "create_connection", connect):
        session.trust_env = False
        session.verify = str(place.certificate)
        yield session

"""The files that TLS needs, read again when they change: certificates live for days, and servers go on for months.

What cannot be used does not replace what can: while a certificate is there without its new key, or a file is half
written, those before are used, and a warning is logged.
"""

from __future__ import annotations

import logging
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from cryptography import x509

from ledger.settings import Settings, WrongSetting
from ledger.told_errors import told

log = logging.getLogger(__name__)

_TRIES_MAX: Final = 3
_CIPHERS_OF_TLS_1_2: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Forward secret and authenticated (RFC 9325 section 4.2), as gRPC's own; of TLS 1.3 all are."""
_State: TypeAlias = tuple[tuple[int, int, int], ...]


class NotUsable(Exception):
    """Files that do not fit each other, or are something else; the message says nothing of a key."""


@dataclass(frozen=True, slots=True, eq=False)
class TlsMaterial:
    """What the files held at one moment, checked to fit."""

    certificate_chain: bytes
    key: bytes
    client_authorities: bytes | None
    """None: callers need no certificate."""
    context: ssl.SSLContext
    """With the certificate; it asks for none of clients. TLS 1.2 at least."""


class TlsFiles:
    """The material of this moment. Safe to ask from several threads: gRPC does, before each handshake."""

    def __init__(self, certificate: Path, key: Path, client_ca: Path | None = None) -> None:
        """Raises WrongSetting if they cannot be used."""
        self._files = [certificate, key] if client_ca is None else [certificate, key, client_ca]
        self._lock = threading.Lock()
        self._seen: _State = ()
        try:
            self._material = self._read()
        except (OSError, NotUsable) as wrong:
            raise WrongSetting(f"LEDGER_TLS_CERTIFICATE, LEDGER_TLS_KEY or LEDGER_TLS_CLIENT_CA: {wrong}") from wrong

    @property
    def asks_clients(self) -> bool:
        """Whether callers need a certificate; the same for the whole life of a server."""
        return len(self._files) > 2

    def material(self) -> TlsMaterial:
        """At once; the same object as before if nothing changed."""
        with self._lock:
            try:
                if self._state() != self._seen:
                    self._material = self._read()
                    log.info("TLS: the certificate was read again")
            except (OSError, NotUsable) as wrong:
                log.warning("TLS: the files cannot be used now, those before are: %s", told(wrong))
            return self._material

    def context(self) -> ssl.SSLContext:
        """For a server that asks for no client certificates: every handshake uses the files of its moment."""
        listening = _context(self._files)
        listening.sni_callback = self._choose
        return listening

    def _choose(self, connection: ssl.SSLObject, name: str | None, listening: ssl.SSLContext) -> None:
        """Called in each handshake, also where the client names no server."""
        connection.context = self.material().context

    def _read(self) -> TlsMaterial:
        """Raises OSError and NotUsable. What was tried once is tried again only when it is another file."""
        for _ in range(_TRIES_MAX):
            before = self._state()
            self._seen = before
            contents = [file.read_bytes() for file in self._files]
            material = _checked(self._files, contents)
            if self._state() == before:
                return material
        raise NotUsable("they change while they are read")

    def _state(self) -> _State:
        return tuple((found.st_mtime_ns, found.st_size, found.st_ino) for found in map(Path.stat, self._files))


def tls_files(settings: Settings) -> TlsFiles | None:
    """As the settings name them; None: without TLS. Raises WrongSetting."""
    certificate, key, client_ca = settings.tls_certificate, settings.tls_key, settings.tls_client_ca
    if not (certificate or key or client_ca):
        return None
    if not (certificate and key):
        raise WrongSetting(
            "set both of LEDGER_TLS_CERTIFICATE and LEDGER_TLS_KEY; LEDGER_TLS_CLIENT_CA needs them, too"
        )
    return TlsFiles(Path(certificate), Path(key), Path(client_ca) if client_ca else None)


def _checked(files: list[Path], contents: list[bytes]) -> TlsMaterial:
    try:
        context = _context(files)
    except (ssl.SSLError, ValueError) as wrong:
        raise NotUsable(f"{files[0]} and {files[1]} are no certificate (PEM) with its own key: {wrong}") from wrong
    authorities = contents[2] if len(contents) > 2 else None
    if authorities is not None:
        try:
            x509.load_pem_x509_certificates(authorities)
        except ValueError as wrong:
            raise NotUsable(f"{files[2]} holds no certificate (PEM) of an authority, or a broken one") from wrong
    return TlsMaterial(contents[0], contents[1], authorities, context)


def _context(files: list[Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS_OF_TLS_1_2)
    context.load_cert_chain(files[0], files[1], password=_never_asked)
    return context


def _never_asked() -> str:
    """A server has nobody to ask for a password. Raises NotUsable."""
    raise NotUsable("the key is encrypted; give one without a password, readable by the server alone")

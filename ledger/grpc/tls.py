"""TLS of the gRPC server, and the certificates of its callers.

gRPC asks for the server's certificate before each handshake: a renewed one serves the next connection, those that are
open stay as they are. Who signs for callers' certificates is renewed with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from ledger.access.door import ShownCertificate
from ledger.tls_files import TlsFiles


def server_credentials(files: TlsFiles) -> grpc.ServerCredentials:
    """For `add_secure_port`; every handshake uses the files of its moment.

    Keep what is returned for as long as the server lives: gRPC has no reference of its own to it.
    """

    def now() -> grpc.ServerCertificateConfiguration:
        # Given anew even if it is the same: no session is ever resumed, so a caller's certificate is always looked at.
        material = files.material()
        pairs = [(material.key, material.certificate_chain)]
        return grpc.ssl_server_certificate_configuration(pairs, material.client_authorities)

    return grpc.dynamic_ssl_server_credentials(now(), now, require_client_authentication=files.asks_clients)


def peer_certificate(auth_context: Mapping[str, Iterable[bytes]]) -> ShownCertificate | None:
    """The certificate a caller showed; None where there was none. TLS looks at its dates in the handshake alone."""
    for pem in auth_context.get("x509_pem_cert", ()):
        return _read(pem)
    return None


@lru_cache(maxsize=1_000)
def _read(pem: bytes) -> ShownCertificate:
    certificate = x509.load_pem_x509_certificate(pem)
    return ShownCertificate(certificate.fingerprint(SHA256()).hex(), certificate.not_valid_after_utc.timestamp())

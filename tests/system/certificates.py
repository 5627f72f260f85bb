"""Certificate authorities for tests: they sign good certificates, and every kind of bad one."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CLIENT: Final = (ExtendedKeyUsageOID.CLIENT_AUTH,)
SERVER: Final = (ExtendedKeyUsageOID.SERVER_AUTH,)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Identity:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def sha256(self) -> str:
        """Of the DER, in hex digits."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def write(self, certificate: Path, key: Path) -> None:
        """As the two files a server or a client is given."""
        certificate.write_bytes(self.pem)
        key.write_bytes(self.key_pem)
        key.chmod(0o600)


@dataclass(frozen=True)
class Authority(Identity):
    """An authority."""

    @classmethod
    def fresh(cls, name: str = "Test Authority") -> Self:
        """A new one, that signed itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        builder = _builder(name, name, key, now - _DAY, now + 30 * _DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        return cls(builder.sign(key, hashes.SHA256()), key)

    def server(self, name: str = "localhost", **dates: datetime) -> Identity:
        """For a server of this machine."""
        return self.identity(name, SERVER, **dates)

    def client(self, name: str = "client", **dates: datetime) -> Identity:
        """For a caller."""
        return self.identity(name, CLIENT, **dates)

    def identity(
        self,
        name: str,
        purposes: tuple[x509.ObjectIdentifier, ...],
        *,
        begins: datetime | None = None,
        ends: datetime | None = None,
    ) -> Identity:
        """Any certificate, for `purposes` (extended key usage), valid now unless the dates say otherwise."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        issuer = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        builder = _builder(name, str(issuer), key, begins or now - _DAY, ends or now + _DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return Identity(builder.sign(self.key, hashes.SHA256()), key)


def self_signed(name: str = "client") -> Identity:
    """A certificate that nobody but its holder vouches for."""
    authority = Authority.fresh(name)
    return Identity(authority.certificate, authority.key)


def _builder(
    name: str, issuer: str, key: ec.EllipticCurvePrivateKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )

"""The simulator's own certificate authority, its server certificate and its token key.

All lie in the simulator's folder, made once and reused: who trusts ``ca.pem`` goes on doing so.
"""

import ipaddress
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CA_YEARS = 10
_LEAF_DAYS = 397
_RENEW_DAYS = 30
_RSA_BITS = 2048


@dataclass(frozen=True)
class Files:
    """Where the simulator keeps its keys."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def ca_key(self) -> Path:
        return self.folder / "ca.key"

    @property
    def server(self) -> Path:
        return self.folder / "server.pem"

    @property
    def server_key(self) -> Path:
        return self.folder / "server.key"

    @property
    def token_key(self) -> Path:
        return self.folder / "token.key"


def prepare(folder: Path) -> Files:
    """Make what is missing: CA, server certificate (renewed before it ends), token key."""
    folder.mkdir(parents=True, exist_ok=True)
    files = Files(folder)
    if not (files.ca.exists() and files.ca_key.exists()):
        _make_ca(files)
        files.server.unlink(missing_ok=True)
    if not _leaf_is_good(files):
        _make_leaf(files)
    if not files.token_key.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
        write_private(files.token_key, _pem(key))
    return files


def load_token_key(files: Files) -> rsa.RSAPrivateKey:
    """The key that signs access tokens. Raises ``TypeError`` where the file holds another kind."""
    key = serialization.load_pem_private_key(files.token_key.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{files.token_key.name} holds no RSA key")
    return key


def write_private(path: Path, data: bytes) -> None:
    """Write a file only its owner can read, all or nothing."""
    replace_file(path, data, mode=0o600)


def replace_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write beside and rename, so that a reader sees the old or the new file, never a half."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    draft.replace(path)


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _make_ca(files: Files) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("OpsApp simulator CA (this machine only)")
    certificate = (
        _builder(name, name, key.public_key(), _CA_YEARS * 365)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_private(files.ca_key, _pem(key))
    replace_file(files.ca, certificate.public_bytes(serialization.Encoding.PEM))


def _leaf_is_good(files: Files) -> bool:
    if not (files.server.exists() and files.server_key.exists()):
        return False
    leaf = x509.load_pem_x509_certificate(files.server.read_bytes())
    return leaf.not_valid_after_utc > datetime.now(UTC) + timedelta(days=_RENEW_DAYS)


def _make_leaf(files: Files) -> None:
    ca = x509.load_pem_x509_certificate(files.ca.read_bytes())
    ca_key = serialization.load_pem_private_key(files.ca_key.read_bytes(), password=None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{files.ca_key.name} holds no elliptic curve key")
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    certificate = (
        _builder(_name("localhost"), ca.subject, key.public_key(), _LEAF_DAYS)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(authority, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    write_private(files.server_key, _pem(key))
    replace_file(files.server, certificate.public_bytes(serialization.Encoding.PEM))

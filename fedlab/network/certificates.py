"""Who is who: a certificate authority made on the spot, a certificate for the server, a key for each party.

The authority lives as long as the federation's folder. Its fingerprint is in the join codes, so a party needs no other
way to know the server. `cryptography` makes them, as Flower wants them: keys on the curve P-384, parties' in OpenSSH's
form.
"""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import ssl
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fedlab.files import write
from fedlab.network.codes import FINGERPRINT, letters
from fedlab.settings import short_name
from fedlab.text import say

DAYS = 90
AUTHORITY, CERTIFICATE, KEY = "authority.pem", "server.pem", "server.key"


def make(folder: Path, names: Sequence[str]) -> None:
    """An authority, and a certificate of its for a server of these names and addresses, in the folder."""
    authority_key, server_key = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP384R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fedlab federation")])
    authority = (
        _begun(issuer, issuer, authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fedlab server")])
    server = (
        _begun(subject, issuer, server_key.public_key())
        .add_extension(x509.SubjectAlternativeName([_name(one) for one in dict.fromkeys(names)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    write(folder / AUTHORITY, authority.public_bytes(serialization.Encoding.PEM))
    write(folder / CERTIFICATE, server.public_bytes(serialization.Encoding.PEM))
    _write_key(folder / KEY, server_key, serialization.PrivateFormat.PKCS8)


def fingerprint(pem: bytes) -> str:
    """The first 128 bits of the SHA-256 of a certificate, in letters; `ValueError` if it is no certificate."""
    der = x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
    return letters(hashlib.sha256(der).digest(), FINGERPRINT)


def trusting(pem: bytes) -> ssl.SSLContext:
    """TLS that takes no server but those of this authority."""
    context = ssl.create_default_context(cadata=pem.decode())
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def new_key(path: Path) -> None:
    """A party's private key into a file that only its owner may read, unless there is one; its public key beside it."""
    if not path.exists():
        key = ec.generate_private_key(ec.SECP384R1())
        _write_key(path, key, serialization.PrivateFormat.OpenSSH)
        public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        write(path.with_suffix(".pub"), public)


def require_public_key(text: str) -> None:
    """Raise `ValueError` unless this is a party's public key, as `new_key` makes it."""
    try:
        key = serialization.load_ssh_public_key(text.encode())
        fits = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp384r1"
    except Exception:
        fits = False
    if not fits:
        raise ValueError(say("{key} is no public key of a party.", key=short_name(text)))


def as_pem(key: str) -> bytes:
    """A party's public key in the form in which Flower's nodes tell it."""
    return serialization.load_ssh_public_key(key.encode()).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))  # clocks in a classroom differ
        .not_valid_after(now + datetime.timedelta(days=DAYS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return x509.DNSName(text)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey, form: serialization.PrivateFormat) -> None:
    content = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path.touch(mode=0o600)
    write(path, content)

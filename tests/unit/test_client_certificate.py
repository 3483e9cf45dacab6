"""Whose client certificate a request came with, and on whose word that is believed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from api.client_certificate import TrustedHop, principals_of, read_certificate
from api.errors import (
    ClientCertificateForeign,
    ClientCertificateMalformed,
    ClientCertificateMissing,
    ClientCertificateNotInForce,
    ProxyAvoided,
    Unauthenticated,
)
from ledger.clock import SetClock

NOW = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
HOP = TrustedHop((ip_network("127.0.0.1/32"), ip_network("10.1.0.0/16")), SetClock(NOW))


def certificate(*uris: str, common_name: str = "abb", days: int = 1) -> bytes:
    """A self-signed certificate with these URIs among its names, valid from yesterday on, as the proxy passes it on."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW - timedelta(days=1) + timedelta(days=days))
    )
    if uris:
        built = built.add_extension(
            x509.SubjectAlternativeName([*(x509.UniformResourceIdentifier(uri) for uri in uris), x509.DNSName("abb.example")]),
            critical=False,
        )
    return b":" + base64.b64encode(built.sign(key, None).public_bytes(Encoding.DER)) + b":"


def scope(*certificates: bytes, client: str | None = "127.0.0.1", proto: Sequence[bytes] = ()) -> dict[str, Any]:
    """The head of a request as the server hands it over."""
    headers = [(b"client-cert", value) for value in certificates] + [(b"x-forwarded-proto", value) for value in proto]
    return {"type": "http", "scheme": "http", "client": None if client is None else (client, 4711), "headers": headers}


GOOD = certificate("urn:corridor:abb", days=2)


def test_a_certificate_that_names_the_principal_passes() -> None:
    """From the proxy, in force, and of the one whose key has signed; one certificate may name several."""
    HOP.check(scope(GOOD), "abb")
    HOP.check(scope(GOOD, client="10.1.2.3"), "abb")
    both = certificate("urn:corridor:abb", "urn:corridor:bank:settlement", days=2)
    HOP.check(scope(both), "bank:settlement")
    assert principals_of(read_certificate(both)) == {"abb", "bank:settlement"}


def test_without_a_proxy_nothing_is_asked() -> None:
    """A demo has no TLS; production mode does not start without a proxy."""
    TrustedHop((), SetClock(NOW)).check(scope(client="192.0.2.1"), "abb")
    assert not TrustedHop((), SetClock(NOW)).passes_on(scope())


@pytest.mark.parametrize(
    ("asked", "principal", "refusal"),
    [
        (scope(GOOD, client="192.0.2.1"), "abb", ProxyAvoided),
        (scope(GOOD, client="::1"), "abb", ProxyAvoided),
        (scope(GOOD, client=None), "abb", ProxyAvoided),
        (scope(), "abb", ClientCertificateMissing),
        (scope(b""), "abb", ClientCertificateMissing),
        (scope(GOOD, GOOD), "abb", ClientCertificateMalformed),
        (scope(b"::"), "abb", ClientCertificateMalformed),
        (scope(b":AAAA:"), "abb", ClientCertificateMalformed),
        (scope(GOOD[:-1]), "abb", ClientCertificateMalformed),
        (scope(GOOD.replace(b"A", b"%41", 1)), "abb", ClientCertificateMalformed),
        (scope(certificate("urn:corridor:abb", days=0)), "abb", ClientCertificateNotInForce),
        (scope(GOOD), "psbc", ClientCertificateForeign),
        (scope(certificate(days=2)), "abb", ClientCertificateForeign),
        (scope(certificate("urn:corridor:abb2", "https://abb", days=2)), "abb", ClientCertificateForeign),
    ],
)
def test_every_other_connection_is_refused_by_name(asked: dict[str, Any], principal: str, refusal: type[Unauthenticated]) -> None:
    """Around the proxy, without a certificate, with a broken, a lapsed or another's: a name in the subject alone counts for nothing."""
    with pytest.raises(refusal):
        HOP.check(asked, principal)


@pytest.mark.parametrize(
    ("asked", "scheme"),
    [
        (scope(proto=[b"https"]), "https"),
        (scope(proto=[b"https"], client="192.0.2.1"), "http"),
        (scope(proto=[b"https", b"http"]), "http"),
        (scope(proto=[b"gopher"]), "http"),
        (scope(), "http"),
    ],
)
def test_only_the_proxy_says_that_it_was_asked_over_tls(asked: dict[str, Any], scheme: str) -> None:
    """The scheme is part of what a signature covers, so a stranger must not choose it."""
    assert HOP.scheme(asked) == scheme

"""The client certificate that a request came with, as the proxy that ends TLS passes it on (RFC 9440).

Only the configured hop is believed: a header of that name from anywhere else is an attempt to be somebody. Whose a certificate is stands
in it as a URI among its names, ``urn:corridor:`` and a principal (``urn:corridor:abb``), put there by the authority that the proxy
trusts. The certificate says which machine speaks, the signature who asks: both must name the same principal.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final

from cryptography import x509
from starlette.types import Scope

from api.errors import (
    ClientCertificateForeign,
    ClientCertificateMalformed,
    ClientCertificateMissing,
    ClientCertificateNotInForce,
    ProxyAvoided,
)
from ledger.clock import Clock
from ledger.settings import Network

NAME_PREFIX: Final = "urn:corridor:"
HEADER: Final = b"client-cert"


class TrustedHop:
    """The proxy on whose word client certificates are taken. Without addresses there is none, and nothing is asked: demo mode."""

    def __init__(self, proxies: Sequence[Network], clock: Clock) -> None:
        self._proxies = tuple(proxies)
        self._clock = clock

    def passes_on(self, scope: Scope) -> bool:
        """Whether the connection that a request came on is the proxy's."""
        client = scope.get("client")
        if client is None:
            return False
        address = ip_address(client[0])
        return any(address in network for network in self._proxies)

    def scheme(self, scope: Scope) -> str:
        """How the client asked: by what the proxy says, if it is the proxy who says it."""
        if self.passes_on(scope):
            said = [value for name, value in scope["headers"] if name == b"x-forwarded-proto"]
            if said in ([b"https"], [b"http"]):
                return str(said[0].decode())
        return str(scope["scheme"])

    def check(self, scope: Scope, principal: str) -> None:
        """Raises ProxyAvoided, ClientCertificateMissing, -Malformed, -NotInForce or -Foreign unless the certificate is the principal's."""
        if not self._proxies:
            return
        if not self.passes_on(scope):
            raise ProxyAvoided(
                "This request did not come through the proxy that ends TLS.", way_out="Ask at the corridor's public address."
            )
        headers = [value for name, value in scope["headers"] if name == HEADER]
        if headers in ([], [b""]):
            raise ClientCertificateMissing(
                "The connection shows no client certificate.", way_out="Connect with the certificate you were given."
            )
        if len(headers) > 1:
            raise ClientCertificateMalformed(
                "Client-Cert came more than once.", way_out="Let the proxy set it, and pass on none that it was sent."
            )
        certificate = read_certificate(headers[0])
        if not certificate.not_valid_before_utc <= self._clock() <= certificate.not_valid_after_utc:
            raise ClientCertificateNotInForce(
                f"The client certificate is valid from {certificate.not_valid_before_utc:%Y-%m-%d} "
                f"to {certificate.not_valid_after_utc:%Y-%m-%d}.",
                way_out="Connect with one that is in force.",
            )
        if principal not in principals_of(certificate):
            raise ClientCertificateForeign(
                f"The client certificate is not one of {principal}.",
                field="actor",
                value=principal,
                way_out=f"Connect with a certificate that names {NAME_PREFIX}{principal}.",
            )


def read_certificate(header: bytes) -> x509.Certificate:
    """The certificate in a Client-Cert field, DER as a Byte Sequence (RFC 9440 §2.1). Raises ClientCertificateMalformed."""
    try:
        if len(header) < 2 or header[:1] != b":" or header[-1:] != b":":
            raise ValueError
        return x509.load_der_x509_certificate(base64.b64decode(header[1:-1], validate=True))
    except (ValueError, binascii.Error):
        raise ClientCertificateMalformed(
            "Client-Cert is no certificate in DER, base64 between colons (RFC 9440).",
            way_out="Configure the proxy as the documentation shows.",
        ) from None


def principals_of(certificate: x509.Certificate) -> frozenset[str]:
    """Whose certificate it is: what its names say after ``urn:corridor:``."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return frozenset()
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    return frozenset(uri.removeprefix(NAME_PREFIX) for uri in uris if uri.startswith(NAME_PREFIX))

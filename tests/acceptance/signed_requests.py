"""Commands signed by an independent library, and what may go wrong with one between its signer and the service."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from http_message_signatures import ContentDigest, HTTPMessageSigner, MappingKeyResolver, algorithms

from api.client_certificate import NAME_PREFIX
from api.message_signatures import COMMAND_COMPONENTS, TAG
from api.signing import idempotency_key
from tests.acceptance.conftest import ServedCorridor, private_key, uetr

BODY = json.dumps({}).encode()


def unsent(served: ServedCorridor, body: bytes = BODY, **headers: str) -> httpx.Request:
    """An acceptance that nobody has signed yet."""
    url = served.url + served.path(f"/transfers/{uetr(1)}/accept")
    return httpx.Request("POST", url, content=body, headers={"Content-Type": "application/json"} | idempotency_key("a1") | headers)


def sign(served: ServedCorridor, request: httpx.Request, **changes: Any) -> httpx.Request:
    """Signs as the scheme asks, but for the changes."""
    key_id = changes.pop("key_id", "psbc")
    key = changes.pop("key", None) or private_key(key_id)
    how: dict[str, Any] = {
        "created": served.clock(),
        "nonce": f"nonce-{next(served.nonces):016}",
        "tag": TAG,
        "include_alg": False,
        "covered_component_ids": COMMAND_COMPONENTS,
        "body": request.content,
    } | changes
    resolver = MappingKeyResolver(public_keys={}, private_keys={key_id: key})
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=resolver).sign(request, key_id=key_id, **how)
    return request


def altered(**changes: Any) -> Callable[[ServedCorridor], httpx.Request]:
    """A request signed properly and then changed on its way."""

    def request(served: ServedCorridor) -> httpx.Request:
        signed = sign(served, unsent(served))
        headers = {name: value for name, value in signed.headers.items() if name != "content-length"}
        body = changes.get("body", signed.content)
        url = str(signed.url).replace(*changes.get("path", ("", "")))
        return httpx.Request(changes.get("method", "POST"), url, content=body, headers=headers | changes.get("headers", {}))

    return request


def sign_without(served: ServedCorridor, component: str) -> httpx.Request:
    """Signs all that has to be signed, but for one component."""
    request = unsent(served, **{"Content-Digest": ContentDigest.create(BODY)})
    covered = tuple(name for name in COMMAND_COMPONENTS if name != component)
    return sign(served, request, body=None, use_existing_digest=True, covered_component_ids=covered)


def client_certificate(*principals: str, now: datetime) -> str:
    """A Client-Cert field (RFC 9440) as the trusted proxy passes it on: a certificate of these principals, in force for an hour."""
    key, name = private_key("certificate"), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a bank")])
    uris = [x509.UniformResourceIdentifier(NAME_PREFIX + principal) for principal in principals]
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(uris), critical=False)
    )
    return f":{base64.b64encode(built.sign(key, None).public_bytes(Encoding.DER)).decode()}:"

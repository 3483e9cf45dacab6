"""The other side: how a bank signs what it sends. Used by the tests, the documentation and partner engineers.

>>> client = httpx.Client(base_url="https://corridor.example", auth=RequestSigner("abb-2026", private_key))
>>> client.post("/v1/corridors/abb-psbc/quotes", json={...}, headers=idempotency_key("quote-4711"))
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms

from api.authentication import COMMAND_COMPONENTS, READ_COMPONENTS, TAG
from ledger.clock import Clock, system_clock

Nonce = Callable[[], str]


def random_nonce() -> str:
    """128 random bits in characters that need no escape."""
    return secrets.token_urlsafe(16)


class RequestSigner(httpx.Auth):
    """Signs each request of an httpx client, sync or async, with an Ed25519 key that the corridor has registered.

    ``clock`` and ``nonce`` are the real ones unless a test passes its own.
    """

    requires_request_body = True

    def __init__(self, key_id: str, private_key: Ed25519PrivateKey, *, clock: Clock = system_clock, nonce: Nonce = random_nonce) -> None:
        self._key_id = key_id
        self._clock = clock
        self._nonce = nonce
        self._signer = HTTPMessageSigner(
            signature_algorithm=algorithms.ED25519,
            key_resolver=MappingKeyResolver(public_keys={}, private_keys={key_id: private_key}),
        )

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        self.sign(request)
        yield request

    def sign(self, request: httpx.Request) -> None:
        """Adds Content-Digest (commands only), Signature-Input and Signature."""
        reads = request.method in ("GET", "HEAD")
        # A request that is sent again is signed anew.
        request.headers.pop("Content-Digest", None)
        sent = (*request.headers, "content-digest")
        covered = READ_COMPONENTS if reads else tuple(c for c in COMMAND_COMPONENTS if c.startswith("@") or c in sent)
        self._signer.sign(
            request,
            key_id=self._key_id,
            created=self._clock(),
            nonce=self._nonce(),
            tag=TAG,
            label="corridor",
            include_alg=False,
            covered_component_ids=covered,
            body=None if reads else request.content,
        )


def idempotency_key(key: str) -> dict[str, str]:
    """The header that makes a command happen at most once: a string of RFC 8941 §3.3.3, in quotes."""
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return {"Idempotency-Key": f'"{escaped}"'}


def public_key_hex(private_key: Ed25519PrivateKey) -> str:
    """What the operator registers: the raw public key (RFC 8032) in hex."""
    return private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

"""The other side: how a bank signs what it sends. Used by the tests, the documentation and partner engineers.

>>> client = httpx.Client(base_url="https://corridor.example", auth=RequestSigner("abb-2026", private_key))
>>> client.post("/v1/corridors/abb-psbc/quotes", json={...}, headers=idempotency_key("quote-4711"))
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator

import httpx

from api.message_signatures import (
    COMMAND_COMPONENTS,
    LABEL,
    READ_COMPONENTS,
    TAG,
    PrivateKey,
    bytes_field,
    content_digest,
    parameters_line,
    public_key_hex,
    sign,
    signature_base,
)
from api.signed_head import SignedHead, joined
from ledger.clock import Clock, system_clock

__all__ = ["RequestSigner", "idempotency_key", "public_key_hex", "random_nonce"]

Nonce = Callable[[], str]


def random_nonce() -> str:
    """128 random bits in characters that need no escape."""
    return secrets.token_urlsafe(16)


class RequestSigner(httpx.Auth):
    """Signs each request of an httpx client, sync or async, with an Ed25519 or P-256 key that the corridor has registered.

    ``clock`` and ``nonce`` are the real ones unless a test passes its own. ``tag`` says what a signature is made for.
    """

    requires_request_body = True

    def __init__(
        self, key_id: str, private_key: PrivateKey, *, clock: Clock = system_clock, nonce: Nonce = random_nonce, tag: str = TAG
    ) -> None:
        self._key_id = key_id
        self._tag = tag
        self._private_key = private_key
        self._clock = clock
        self._nonce = nonce

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        self.sign(request)
        yield request

    def sign(self, request: httpx.Request) -> None:
        """Adds Content-Digest (commands only), Signature-Input and Signature."""
        # A request that is sent again is signed anew.
        for name in ("Content-Digest", "Signature-Input", "Signature"):
            request.headers.pop(name, None)
        reads = request.method in ("GET", "HEAD")
        if not reads:
            request.headers["Content-Digest"] = content_digest(request.content)
        head = SignedHead(request.method, str(request.url), joined((name.lower(), value) for name, value in request.headers.multi_items()))
        covered = READ_COMPONENTS if reads else tuple(name for name in COMMAND_COMPONENTS if name[0] == "@" or name in head.fields)
        line = parameters_line(
            covered, {"created": int(self._clock().timestamp()), "keyid": self._key_id, "nonce": self._nonce(), "tag": self._tag}
        )
        base = signature_base(covered, [head.value(name) for name in covered], line)
        request.headers["Signature-Input"] = f"{LABEL}={line}"
        request.headers["Signature"] = f"{LABEL}={bytes_field(sign(self._private_key, base))}"


def idempotency_key(key: str) -> dict[str, str]:
    """The header that makes a command happen at most once: a string of RFC 8941 §3.3.3, in quotes."""
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return {"Idempotency-Key": f'"{escaped}"'}

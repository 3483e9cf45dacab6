"""Every answer carries a signature of the service, so that a bank can prove later what it was told.

It covers the status, the digest of the body, and the request's own signature (RFC 9421 §2.4: ``"signature";req``), so an answer cannot be
passed off as that to another request. A request whose signature could not be read is answered with what is left: status and digest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.message_signatures import (
    LABEL,
    TAG,
    Signature,
    bytes_field,
    content_digest,
    digest_matches,
    parameters_line,
    read_signatures,
    sign,
    signature_base,
)
from api.service_key import ServiceKey
from api.signed_head import joined
from ledger.clock import Clock
from ledger.signatures import verifies

CLOCKS_DIFFER = timedelta(minutes=1)
_ALONE = ("@status", "content-digest")


def request_component(label: str) -> str:
    """The request's signature as a component of its answer (RFC 9421 §2.4, §2.1.2)."""
    return f'"signature";req;key="{label}"'


class AnswerSigning:
    """ASGI middleware, outside whatever answers: holds an answer back until it is whole, and signs it."""

    def __init__(self, app: ASGIApp, *, key: ServiceKey, clock: Clock) -> None:
        self._app = app
        self._key = key
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        start: Message = {}
        parts: list[bytes] = []

        async def signing(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                body = b"".join(parts)
                await send({**start, "headers": [*start["headers"], *self._fields(scope, start["status"], body)]})
                await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, signing)

    def _fields(self, scope: Scope, status: int, body: bytes) -> list[tuple[bytes, bytes]]:
        digest = content_digest(body)
        components, values = [*_ALONE], [str(status), digest]
        asked = _request_signature(scope)
        if asked is not None:
            label, signature = asked
            components.append(request_component(label))
            values.append(bytes_field(signature))
        line = parameters_line(components, {"created": int(self._clock().timestamp()), "keyid": self._key.key_id, "tag": TAG})
        signature = sign(self._key.private_key, signature_base(components, values, line))
        return [
            (b"content-digest", digest.encode()),
            (b"signature-input", f"{LABEL}={line}".encode()),
            (b"signature", f"{LABEL}={bytes_field(signature)}".encode()),
        ]


def _request_signature(scope: Scope) -> tuple[str, bytes] | None:
    read: Signature | None = scope.get("state", {}).get("signature")
    if read is not None:
        return read.label, read.value
    wanted = (b"signature-input", b"signature")
    fields = joined((name.decode(), value.decode("latin-1")) for name, value in scope["headers"] if name in wanted)
    try:
        [signature] = read_signatures(fields["signature-input"], fields["signature"], tag=TAG)
    except (KeyError, ValueError, UnicodeError):
        return None
    return signature.label, signature.value


class NotProven(ValueError):
    """An answer is not the service's own word about this request; whether the request was done is unknown."""


class ServiceKeyKnown(NamedTuple):
    """What a bank was told of the service's key, by a person: see `corridor service-key`."""

    key_id: str
    algorithm: str
    public_key: str


def check_answer(
    status: int, fields: Mapping[str, str], body: bytes, *, asked: tuple[str, bytes], key: ServiceKeyKnown, not_before: datetime
) -> None:
    """Checks an answer as a bank should: that it is whole, of the service's key, made for the request signed by ``asked`` (label and
    signature), and not older than ``not_before``. ``fields`` by their names in lower case. Raises NotProven."""
    try:
        [signature] = read_signatures(fields["signature-input"], fields["signature"], tag=TAG)
    except (KeyError, ValueError):
        raise NotProven("The answer carries no signature of the service.") from None
    parameters = signature.parameters
    if signature.components != (*_ALONE, request_component(asked[0])) or parameters.get("keyid") != key.key_id:
        raise NotProven("The answer's signature does not cover status, digest and the request, by the service's key.")
    if not digest_matches(fields.get("content-digest", ""), body):
        raise NotProven("The answer's body is not the one that was signed.")
    created = parameters.get("created")
    if type(created) is not int or created < int(not_before.timestamp()):
        raise NotProven("The answer was signed before the request was made.")
    values = (str(status), fields["content-digest"], bytes_field(asked[1]))
    base = signature_base(signature.components, values, signature.parameters_line)
    if not verifies(key.algorithm, key.public_key, signature.value, base):
        raise NotProven("The answer's signature does not verify.")


def checking(key: ServiceKeyKnown, *others: ServiceKeyKnown) -> Callable[[httpx.Request, httpx.Response], None]:
    """What a client that signs its requests asks about each answer; it raises NotProven. Clocks of the two sides may differ by a minute.

    While the service goes over from one key to the next both are given, and an answer by either is taken.
    """
    known = {one.key_id: one for one in (key, *others)}

    def check(request: httpx.Request, response: httpx.Response) -> None:
        [asked] = read_signatures(request.headers["signature-input"], request.headers["signature"], tag=TAG)
        not_before = datetime.fromtimestamp(asked.parameters["created"], UTC) - CLOCKS_DIFFER
        fields = joined((name.lower(), value) for name, value in response.headers.multi_items())
        by = known.get(_key_id_of(fields), key)
        check_answer(response.status_code, fields, response.content, asked=(asked.label, asked.value), key=by, not_before=not_before)

    return check


def _key_id_of(fields: Mapping[str, str]) -> str:
    """Which key an answer says it is signed by; "" when it says nothing that can be read."""
    try:
        [signature] = read_signatures(fields["signature-input"], fields["signature"], tag=TAG)
    except (KeyError, ValueError):
        return ""
    return str(signature.parameters.get("keyid", ""))

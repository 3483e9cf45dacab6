"""A command over HTTP is done at most once: the caller's key, the exact bytes, and the answer that is stored with the events.

The same key with the same request gets the stored answer, refusals included, with ``Idempotent-Replayed: true``; with another request
it is refused (422). While the first is being decided in this process a second one is told to come back (409). A request that is
malformed, unauthenticated or fails inside leaves nothing under its key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, cast

import http_sf
from fastapi import Depends, Header, Path, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.authentication import Caller
from api.errors import ContentTypeWrong, IdempotencyKeyMalformed, IdempotencyKeyMissing
from api.partner_view import shown_refusal
from api.problems import answer_with, refusal_problem
from ledger import batching
from ledger.application import Asked, Ledger
from ledger.batching import Answer
from ledger.bootstrap import Service
from ledger.commands import Command, ReceiveMessage
from ledger.domain import ids

KEY_CHARACTERS_MAX = 200
REPLAYED = {"Idempotent-Replayed": "true"}

Shape = Callable[[Answer], BaseModel]


def read_idempotency_key(field: str) -> str:
    """The key in a field value: a string of RFC 8941 §3.3.3, as draft-ietf-httpapi-idempotency-key-header asks.

    Raises IdempotencyKeyMissing or IdempotencyKeyMalformed.
    """
    if not field.strip():
        raise IdempotencyKeyMissing(
            "A command needs an idempotency key.",
            field="Idempotency-Key",
            way_out='Send a key of your own in quotes, such as "2026-03-27/4711", and the same one when you repeat the command.',
        )
    try:
        key, parameters = cast(tuple[Any, Any], http_sf.parse(field.encode(), tltype="item"))
    except (ValueError, TypeError):
        key, parameters = None, None
    if type(key) is not str or parameters or not 1 <= len(key) <= KEY_CHARACTERS_MAX:
        raise IdempotencyKeyMalformed(
            "The idempotency key is not a quoted string.",
            field="Idempotency-Key",
            way_out=f"Send 1 to {KEY_CHARACTERS_MAX} printable ASCII characters in double quotes (RFC 8941 §3.3.3).",
        )
    return key


class Asking:
    """One command request: the service, who asks, under which key, and the bytes that ask."""

    def __init__(self, request: Request, key: str) -> None:
        self.service: Service = request.app.state.service
        self.caller: Caller = request.state.caller
        self.ledger: Ledger = self.service.ledger(self.caller.corridor)
        self.key = key
        self.body: bytes = request.state.body
        query = f"?{request.url.query}" if request.url.query else ""
        self.asked = Asked(request.method, request.scope["raw_path"].decode("latin-1") + query, self.body)

    def named(self, cause: str = "") -> dict[str, Any]:
        """What every command says of its origin."""
        return {"corridor": self.caller.corridor, "actor": self.caller.principal, "idempotency_key": self.key, "cause": cause}

    async def run(self, command: Command, shape: Shape, *, status: int = 200) -> Response:
        """Decides a command without personal data and answers. Waiting takes no thread, so commands gather into one commit."""
        request = await run_in_threadpool(self.ledger.request, command, self.asked)
        return self.respond(await self.decided(request), shape, status=status)

    async def decided(self, request: batching.Request) -> Answer:
        """The durable answer to a prepared command. Raises KeyReused, StillRunning, Overloaded, Unavailable, OutcomeUnknown."""
        # Shielded: a caller who hangs up must not cancel a command that others are committed with.
        answered = await asyncio.shield(asyncio.wrap_future(self.ledger.submit(request)))
        return await run_in_threadpool(self.ledger.answer, answered, self.asked)

    async def replayed(self) -> Answer | None:
        """The answer given before under this key, if any. Raises KeyReused."""
        return await run_in_threadpool(self._replay)

    def _replay(self) -> Answer | None:
        # A durable replay costs a commit of its own, so it is asked for only where there is something to replay.
        if self.ledger.log_store.receipt(ids.receipt_digest(self.caller.principal, self.key)) is None:
            return None
        return self.ledger.replay(self.caller.principal, self.key, self.asked)

    async def bind(self) -> bool:
        """Binds the key to this request for good, where the work itself is known by an id of its own. True when it was bound before.

        Raises KeyReused when the key stands for another request.
        """
        command = ReceiveMessage(**self.named(), message_id=self.key)
        request = await run_in_threadpool(self.ledger.request, command, self.asked)
        return (await self.decided(request)).replayed

    def respond(self, answer: Answer, shape: Shape, *, status: int = 200) -> Response:
        """The answer as HTTP: the result in its shape, or the refusal as a problem; both say where the log stood."""
        headers = position_header(answer.position) | (REPLAYED if answer.replayed else {})
        if answer.refusal is not None:
            command = ids.command_id(self.caller.corridor, self.caller.principal, self.key)
            refusal = shown_refusal(self.caller.principal, answer.refusal)
            return answer_with(refusal_problem(refusal, position=answer.position, instance=f"urn:uuid:{command}"), headers)
        return json_answer(shape(answer), headers, status=status)


def position_header(position: int) -> dict[str, str]:
    """The log position an answer was taken at."""
    return {"Corridor-Position": str(position)}


def json_answer(body: BaseModel, headers: dict[str, str], *, status: int = 200, keep_none: bool = False) -> Response:
    """A JSON answer; what is None is left out unless ``keep_none``."""
    return Response(body.model_dump_json(exclude_none=not keep_none), status_code=status, media_type="application/json", headers=headers)


CorridorCode = Annotated[str, Path(alias="corridor", description="The corridor's code.", examples=["abb-psbc"])]
_KeyField = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="A quoted string of the caller's choice (RFC 8941 §3.3.3); the same command is repeated with the same key.",
        examples=['"2026-03-27/4711"'],
    ),
]


async def asking(request: Request, _corridor: CorridorCode, _key: _KeyField = None) -> Asking:
    """A command with a JSON body."""
    _check_content_type(request, "application/json")
    return Asking(request, read_idempotency_key(_whole_field(request, "Idempotency-Key")))


async def asking_with_message(request: Request, _corridor: CorridorCode, _key: _KeyField = None) -> Asking:
    """A command whose body is an ISO 20022 message."""
    _check_content_type(request, "application/xml")
    return Asking(request, read_idempotency_key(_whole_field(request, "Idempotency-Key")))


def _whole_field(request: Request, name: str) -> str:
    """All lines of a field, as they were signed: one of two keys must not be taken for the only one."""
    return ", ".join(request.headers.getlist(name))


def _check_content_type(request: Request, expected: str) -> None:
    declared = _whole_field(request, "Content-Type")
    if declared.partition(";")[0].strip().lower() != expected:
        raise ContentTypeWrong(
            f"The body is declared as {declared[:64] or 'nothing'}.",
            field="Content-Type",
            value=declared[:64],
            way_out=f"Send {expected}.",
        )


JsonCommand = Annotated[Asking, Depends(asking)]
MessageCommand = Annotated[Asking, Depends(asking_with_message)]

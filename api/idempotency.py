"""A command over HTTP is done at most once: the caller's key, the exact bytes, and the answer that is stored with the events.

The same key with the same request gets the stored answer, refusals included, with ``Idempotent-Replayed: true``; with another request
it is refused (422). While the first is being decided in this process a second one is told to come back (409). A request that is
malformed, unauthenticated or fails inside leaves nothing under its key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, cast

import http_sf
from fastapi import Depends, Header, Path, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Scope

from api.authentication import Caller
from api.errors import ContentTypeWrong, IdempotencyKeyMalformed, IdempotencyKeyMissing
from api.partner_view import shown_refusal
from api.problems import answer_with, refusal_problem
from api.reception import Reception
from ledger import batching
from ledger.application import Asked, Ledger
from ledger.batching import Answer
from ledger.bootstrap import Service
from ledger.commands import Command, ReceiveMessage
from ledger.domain import ids
from ledger.intake import Received, TransferOrder

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
    """One command request: the service, who asks, under which key, and the bytes that ask.

    What a signature covers is kept as evidence with the command. Of the body all is kept, sealed or in the vault; nothing with
    ``keeps_body`` False, for a file that names many people.
    """

    def __init__(self, scope: Scope, key: str, *, keeps_body: bool = True) -> None:
        state, found = scope["app"].state, scope["state"]
        self.service: Service = state.service
        self._state = state
        self.caller: Caller = found["caller"]
        self.ledger: Ledger = self.service.ledger(self.caller.corridor)
        self.key = key
        self.body: bytes = found["body"]
        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        signed = self.caller.signed
        evidence = None if signed is None else signed.with_body(self.body if keeps_body else None)
        self.asked = Asked(scope["method"], scope["raw_path"].decode("latin-1") + query, self.body, evidence)

    def named(self, cause: str = "") -> dict[str, Any]:
        """What every command says of its origin."""
        return {"corridor": self.caller.corridor, "actor": self.caller.principal, "idempotency_key": self.key, "cause": cause}

    async def run(self, command: Command, shape: Shape, *, status: int = 200) -> Response:
        """Decides a command without personal data and answers. Waiting takes no thread, so commands gather into one commit."""
        return self.respond(await self.decided(await self._prepared(command)), shape, status=status)

    async def take_in(self, order: TransferOrder, cause: str) -> Answer:
        """The durable answer to a transfer order, whose parties go into the vault first: what goes on to the ledger is not personal.

        Orders that come at the same time go there together. A key that was answered before finds its answer, and adds nobody.
        """
        reception: Reception = self._state.reception
        taken = await reception.take_in(self.caller.corridor, Received(order, self.caller.principal, self.key, cause, self.asked))
        return taken if isinstance(taken, Answer) else await self.decided(taken)

    async def decided(self, request: batching.Request) -> Answer:
        """The durable answer to a prepared command. Raises KeyReused, StillRunning, Overloaded, Unavailable, OutcomeUnknown."""
        answered = await self.ledger.ask(request)
        if answered.replayed:
            # Whether it is the same request may take a key from the vault.
            return await run_in_threadpool(self.ledger.answer, answered, self.asked)
        return self.ledger.answer(answered, self.asked)

    async def _prepared(self, command: Command) -> batching.Request:
        """With its fingerprint; in a thread as long as the corridor's key for it has to be fetched."""
        warm: set[str] = self._state.warm_corridors
        if self.caller.corridor in warm:
            return self.ledger.request(command, self.asked)
        request = await run_in_threadpool(self.ledger.request, command, self.asked)
        warm.add(self.caller.corridor)
        return request

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
        return (await self.decided(await self._prepared(command))).replayed

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
    return json_asking(request.scope)


async def asking_with_message(request: Request, _corridor: CorridorCode, _key: _KeyField = None) -> Asking:
    """A command whose body is an ISO 20022 message."""
    return _asking(request.scope, "application/xml", keeps_body=False)


def json_asking(scope: Scope) -> Asking:
    """A command with a JSON body, from the request that the gate let in."""
    return _asking(scope, "application/json")


def _asking(scope: Scope, content_type: str, *, keeps_body: bool = True) -> Asking:
    """Fields count as they were signed, all their lines as one: one of two keys must not be taken for the only one."""
    fields: Mapping[str, str] = scope["state"]["fields"]
    declared = fields.get("content-type", "")
    if declared != content_type and declared.partition(";")[0].strip().lower() != content_type:
        raise ContentTypeWrong(
            f"The body is declared as {declared[:64] or 'nothing'}.",
            field="Content-Type",
            value=declared[:64],
            way_out=f"Send {content_type}.",
        )
    return Asking(scope, read_idempotency_key(fields.get("idempotency-key", "")), keeps_body=keeps_body)


JsonCommand = Annotated[Asking, Depends(asking)]
MessageCommand = Annotated[Asking, Depends(asking_with_message)]

"""Messages of ISO 20022: each is answered whole, and one bad transaction never sinks its message."""

from __future__ import annotations

from contextlib import suppress

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.accepted_forms import preferred_form
from api.errors import AnswerNotAcceptable
from api.idempotency import REPLAYED, Asking, MessageCommand, json_answer, position_header
from api.openapi import answers
from api.permissions import check_message
from api.problems import problem_of
from api.schemas.messages import FileAnswer
from ledger import errors as e
from ledger.iso20022.errors import UnreadableMessage
from ledger.iso20022.xml import opening
from ledger.messages.incoming import kind_of, take_in
from ledger.messages.rejects import write_reject
from ledger.messages.taken import Taken

router = APIRouter(tags=["transfers"])

XML, JSON, PROBLEM = "application/xml", "application/json", "application/problem+json"
_FILE_BODY = {
    "requestBody": {
        "required": True,
        "description": "A message in UTF-8, alone or with its business application header. Without DTD; size and depth are limited.",
        "content": {
            XML: {
                "schema": {"type": "string"},
                "example": '<?xml version="1.0" encoding="UTF-8"?>\n'
                '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"><FIToFICstmrCdtTrf>…</FIToFICstmrCdtTrf></Document>\n',
            }
        },
    }
}
_ANSWERS = answers(FileAnswer, UnreadableMessage, e.UnknownParticipant, AnswerNotAcceptable)
_ANSWERS["responses"][200] = {
    "description": "The answer to each transaction: the message that answers it, or JSON, as Accept prefers.",
    "content": {
        XML: {
            "schema": {"type": "string"},
            "example": '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10"><FIToFIPmtStsRpt>…</FIToFIPmtStsRpt></Document>\n',
        }
    },
}
_ANSWERS["responses"][204] = {"description": "Taken in; no message answers one of this kind, and Accept asks for XML."}
# Whoever asks for XML alone gets an admi.002 where the message is refused as a whole.
_REJECT = {"schema": {"type": "string"}}
for _status in (400, 413):
    _ANSWERS["responses"].setdefault(_status, {"description": "The message cannot be read.", "content": {}})["content"][XML] = _REJECT


@router.post("/messages", summary="Send a message", openapi_extra=_FILE_BODY, **_ANSWERS)
async def receive_message(request: Request, ask: MessageCommand) -> Response:
    """Takes in a message of any kind that banks send here. It is known by its sender, its kind and its message id: sent again, it finds
    the answers that were given and adds nothing; other content under the same id is refused. The answer is the same, byte for byte, each
    time. One that cannot be read is answered with a problem, or with admi.002 where Accept asks for XML and for no problem."""
    accept = request.headers.get("accept", "")
    media_type = preferred_form(accept, (XML, JSON), "XML or JSON")
    await ask.replayed()
    try:
        taken = await run_in_threadpool(_take_in, ask)
    except UnreadableMessage as error:
        if not _rejects_as_xml(accept):
            raise
        _, kind = problem_of(error)
        caller = ask.caller
        reject = await run_in_threadpool(write_reject, ask.service, caller.corridor, caller.principal, ask.body, error)
        return Response(reject, status_code=kind.status, media_type=XML)
    replayed = await ask.bind()
    headers = position_header(taken.position) | (REPLAYED if replayed else {})
    if media_type == JSON:
        return json_answer(FileAnswer.of(taken), headers)
    if taken.reply is None:
        return Response(status_code=204, headers=headers)
    return Response(taken.reply, media_type=XML, headers=headers)


def _take_in(ask: Asking) -> Taken:
    # Whoever takes it in says what is wrong with one that cannot be read, and keeps it.
    with suppress(UnreadableMessage):
        check_message(ask.caller, kind_of(opening(ask.body).version))
    return take_in(ask.service, ask.caller.corridor, ask.caller.principal, ask.body, signed=ask.asked.signed)


def _rejects_as_xml(accept: str) -> bool:
    """Whether the caller names XML, and neither problems nor JSON, as what it takes."""
    named = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    return XML in named and not named & {JSON, PROBLEM}

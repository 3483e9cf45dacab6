"""Files of messages: a pacs.008 is answered whole, and one bad transfer never sinks its file."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.errors import AnswerNotAcceptable
from api.idempotency import REPLAYED, MessageCommand, json_answer, position_header
from api.openapi import answers
from api.schemas.messages import FileAnswer
from ledger import errors as e
from ledger.iso20022.errors import UnreadableMessage
from ledger.messages.credit_transfers import import_credit_transfers

router = APIRouter(tags=["transfers"])

XML, JSON = "application/xml", "application/json"
_FILE_BODY = {
    "requestBody": {
        "required": True,
        "description": "A pacs.008 in UTF-8, alone or in its business envelope. Without DTD; size and depth are limited.",
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
    "description": "The answer to each transfer: pacs.002, or JSON, as Accept prefers.",
    "content": {
        XML: {
            "schema": {"type": "string"},
            "example": '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10"><FIToFIPmtStsRpt>…</FIToFIPmtStsRpt></Document>\n',
        }
    },
}


@router.post("/messages", summary="Send a file of transfers", openapi_extra=_FILE_BODY, **_ANSWERS)
async def receive_file(request: Request, ask: MessageCommand) -> Response:
    """Takes in a pacs.008. The file is known by its message id: sent again, it finds the answers that were given and adds nothing; other
    content under the same message id is refused. The answer is the same, byte for byte, each time."""
    media_type = _preferred(request.headers.get("accept", ""))
    await ask.replayed()
    report = await run_in_threadpool(
        lambda: import_credit_transfers(ask.service, ask.caller.corridor, ask.caller.principal, ask.body, signed=ask.asked.signed)
    )
    replayed = await ask.bind()
    headers = position_header(report.position) | (REPLAYED if replayed else {})
    if media_type == JSON:
        return json_answer(FileAnswer.of(report), headers)
    return Response(await run_in_threadpool(report.to_pacs002), media_type=XML, headers=headers)


def _preferred(accept: str) -> str:
    """What of the two the caller likes better (RFC 9110 §12.5.1); pacs.002 when it does not mind."""
    weights = {XML: 0.0, JSON: 0.0}
    for part in accept.split(",") if accept.strip() else ["*/*"]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((_weight(parameter[2:]) for parameter in parameters if parameter.startswith("q=")), 1.0)
        for media_type, before in weights.items():
            if name in (media_type, "application/*", "*/*"):
                weights[media_type] = max(before, weight)
    if not any(weights.values()):
        raise AnswerNotAcceptable("The answer is pacs.002 or JSON.", field="Accept", value=accept[:64], way_out=f"Accept {XML} or {JSON}.")
    return max(weights, key=lambda media_type: weights[media_type])


def _weight(text: str) -> float:
    try:
        return max(0.0, min(1.0, float(text)))
    except ValueError:
        return 0.0

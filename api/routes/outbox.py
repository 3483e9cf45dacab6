"""A bank's messages from the corridor, to be fetched in order, as often as needed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api.idempotency import position_header
from api.openapi import shows
from api.partner_view import oversees
from api.reading import Limit, Look
from api.routes.messages import XML
from api.schemas.outbox import OutgoingMessage, OutgoingPage
from ledger.errors import MessageUnknown, NotPermitted
from ledger.messages.outgoing import Page, messages_seen

router = APIRouter(prefix="/messages", tags=["transfers"])

After = Annotated[int, Query(ge=0, le=2**62, description="The `next` of the page before; 0 for the beginning.")]
Place = Annotated[int, Path(ge=1, le=2**62, description="The message's position.")]
Index = Annotated[int, Path(ge=0, le=9, description="Its place among the messages of that position.")]
_DOCUMENT = {**shows(OutgoingPage, NotPermitted, MessageUnknown), "response_model": None}
_DOCUMENT["responses"][200] = {
    "description": "The message, the same bytes each time.",
    "content": {
        XML: {
            "schema": {"type": "string"},
            "example": '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10"><FIToFIPmtStsRpt>…</FIToFIPmtStsRpt></Document>\n',
        }
    },
}


@router.get("", summary="Fetch your messages", **shows(OutgoingPage, NotPermitted))
def fetch_messages(look: Look, after: After = 0, limit: Limit = 100) -> Response:
    """What the corridor says to the caller in ISO 20022 messages, after a position: a bank's transfers to pay out, the status of those it
    sent. Nothing is ever left out, and nothing is used up by reading: read on from `next` until a page is empty, then ask again later with
    the same `after`. A page may be a little longer than `limit`, since what one position tells stays together."""
    page = _page(look, after, limit)
    found = [OutgoingMessage.of(message) for message in page.messages]
    body = OutgoingPage(position=page.boundary, messages=found, next=found[-1].position if found else after)
    return look.answer(body, page.boundary)


@router.get("/{message_position}/{index}", summary="Fetch one message", response_class=Response, **_DOCUMENT)
def fetch_message(message_position: Place, index: Index, look: Look) -> Response:
    """One of the caller's messages as XML."""
    page = _page(look, message_position - 1, 1)
    for message in page.messages:
        if (message.position, message.index) == (message_position, index) and message.data is not None:
            return Response(message.data, media_type=XML, headers=position_header(page.boundary))
    raise MessageUnknown(
        f"There is no message {index} of position {message_position} to {look.principal}.",
        field="message_position",
        value=message_position,
        way_out="Fetch the list. A message in it without a document cannot be written any more, since a person in it was erased.",
    )


def _page(look: Look, after: int, limit: int) -> Page:
    if oversees(look.principal):
        raise NotPermitted(
            f"{look.principal} is sent no messages.", field="actor", value=look.principal, way_out="Let a bank fetch its own."
        )
    return messages_seen(look.service, look.caller.corridor, look.principal, look.snapshot, after=after, limit=limit)

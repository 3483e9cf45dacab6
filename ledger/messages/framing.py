"""The header of a reply: whoever sent a message with a business application header gets the answer with one, in the same version."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

from ledger.iso20022.envelope import BusinessHeader
from ledger.iso20022.head001 import VERSIONS, with_header

_MESSAGE_ID = re.compile(rb"<(?:MsgId|Id)>([^<]+)</")


def framed(reply: bytes, version: str, message_id: str, at: datetime, asked: BusinessHeader | None) -> bytes:
    """The reply in an envelope with a header that turns the asking one round; as it is, where that one was missing or cannot be answered.

    ``version`` and ``message_id`` are the reply's own; ``at`` is when the message that it answers first came.
    """
    if asked is None or asked.version not in VERSIONS or not (asked.sender and asked.receiver and asked.message and asked.message_id):
        return reply
    header = BusinessHeader(
        version=asked.version,
        message=version,
        message_id=message_id,
        sender=asked.receiver,
        receiver=asked.sender,
        created_at=f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        service=asked.service,
        # What it answers, as far as that header has what a header must have.
        related=(replace(asked, market_practice=None, business_date=None, related=()),) if asked.created_at else (),
    )
    return with_header(reply, header)


def message_id_of(reply: bytes) -> str:
    """The id of a message that we wrote: the first one in it."""
    found = _MESSAGE_ID.search(reply)
    assert found is not None
    return unescape(found[1].decode())

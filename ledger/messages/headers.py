"""The business application header: before messages to banks that want one, and before the reply to a message that had one."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from typing import NamedTuple

from ledger.domain.movement import SETTLEMENT_BANK
from ledger.domain.terms import Terms
from ledger.iso20022.envelope import BusinessHeader, HeaderParty
from ledger.iso20022.head001 import VERSIONS, with_header
from ledger.iso20022.values import write_exact_instant

_MESSAGE_ID = re.compile(rb"<(?:MsgId|Id)>([^<]+)</")


class Announced(NamedTuple):
    """The Document that a header of ``version`` announces: its own version, its message id, and when it was made."""

    version: str
    document: str
    message_id: str
    at: datetime


def header_of(announced: Announced, recipient: str, terms: Terms) -> BusinessHeader:
    """From the other bank of the corridor, on whose behalf it is; to the settlement bank from the holder of the account, which has no BIC
    of its own."""
    if recipient == SETTLEMENT_BANK:
        sender = HeaderParty(name=terms.settlement.holder, organisation=True)
        receiver = HeaderParty(bic=terms.settlement.bank_bic)
    else:
        [other] = [participant for key, participant in terms.participants.items() if key != recipient]
        sender, receiver = HeaderParty(bic=other.bic), HeaderParty(bic=terms.participant(recipient).bic)
    return BusinessHeader(
        version=announced.version,
        message=announced.document,
        message_id=announced.message_id,
        sender=sender,
        receiver=receiver,
        created_at=write_exact_instant(announced.at),
    )


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

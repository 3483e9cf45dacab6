"""The business application header that stands before a message, for banks that want one."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from ledger.domain.movement import SETTLEMENT_BANK
from ledger.domain.terms import Terms
from ledger.iso20022.envelope import BusinessHeader, HeaderParty
from ledger.iso20022.values import write_exact_instant


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

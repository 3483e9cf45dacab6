"""Officers stop a transfer and decide about it, four eyes at a time."""

from __future__ import annotations

from ledger import commands as c
from ledger.books import Books
from ledger.deciding.outcome import Result, transfer_result
from ledger.domain import ids, posting
from ledger.domain.case import ComplianceCase, check_officer
from ledger.domain.transfer import RATES_LAPSED
from ledger.errors import (
    Refusal,
)


def freeze_transfer(command: c.FreezeTransfer, books: Books) -> Result:
    """An officer stops a transfer in flight and thereby opens a case."""
    transfer = books.transfer(command.uetr)
    by = books.decision()
    check_officer(by)
    transfer.check_can_freeze()
    case = f"freeze-{command.uetr}-{transfer.version}"
    books.add(ComplianceCase.open(ids.case_stream(command.corridor, case), by, case=case, kind="freeze", uetr=command.uetr))
    transfer.freeze(by, case)
    return {**transfer_result(transfer), "case": case}


def give_opinion(command: c.GiveOpinion, books: Books) -> Result:
    """The second agreeing officer decides the case; what follows for the transfer happens in the same commit."""
    case = books.case(command.case)
    transfer = books.transfer(case.uetr)
    by = books.decision()
    outcome = case.outcome_with(by, command.opinion)
    fund = outcome == "clear" and case.kind == "hold" and not transfer.quote_lapsed(by.at)
    waits_for_room = False
    if fund:
        try:
            books.post(posting.funding(transfer.id, transfer.pricing))
        except Refusal as refusal:
            if not refusal.transient:
                raise
            waits_for_room = True
    case.give_opinion(by, command.opinion, command.reasons)
    if outcome == "reject" and case.kind == "hold":
        transfer.reject(by, "MS03")
    elif outcome == "clear" and case.kind == "hold":
        transfer.clear_hold(by, case.case)
        if not fund:
            transfer.reject(by, RATES_LAPSED)
        elif not waits_for_room:
            transfer.fund(by)
    elif outcome == "clear":
        transfer.lift_freeze(by, case.case)
    return {**transfer_result(transfer), "case": case.case, "outcome": case.outcome or "open"}

"""Opening and amending a corridor, its accounts' status, the messages it receives."""

from __future__ import annotations

from ledger import commands as c
from ledger.books import Books
from ledger.deciding.outcome import Result, check_operator
from ledger.domain import ids, posting
from ledger.domain.account import Account
from ledger.domain.aggregate import Decision
from ledger.domain.case import check_officer
from ledger.domain.corridor import Corridor
from ledger.domain.movement import SETTLEMENT_BANK
from ledger.errors import (
    TermsInvalid,
)


def open_corridor(command: c.OpenCorridor, books: Books) -> Result:
    """The first terms open the corridor and its accounts; newer ones amend it and move the positions' floors."""
    check_operator(command)
    terms = command.agreement
    corridor = books.corridor_or_none()
    by = Decision(books.now, command.actor, command.id, command.cause, terms.version)
    if corridor is None:
        if terms.code != command.corridor:
            raise TermsInvalid(
                f"These are the terms of {terms.code!r}.", field="corridor", value=terms.code, way_out="Open the corridor they name."
            )
        books.add(Corridor.open(ids.corridor_stream(command.corridor), by, terms))
        currencies = {key: participant.currency for key, participant in terms.participants.items()}
        for name in posting.account_names(currencies, terms.settlement.currency):
            owner, kind, _ = name.split(":")
            floor = -terms.cap(owner) if kind == "position" else 0 if posting.ACCOUNT_KINDS[kind][1] else None
            books.add(Account.open(ids.account_stream(command.corridor, name), by, name=name, floor=floor))
        return {"terms": terms.version, "changed": True}
    changed = corridor.amend(by, terms)
    if changed:
        books.forget_terms()
        for participant in terms.participants:
            books.account(f"{participant}:position:{terms.settlement.currency}").set_floor(by, -books.terms.cap(participant))
    return {"terms": terms.version, "changed": changed}


def set_account_status(command: c.SetAccountStatus, books: Books) -> Result:
    """One officer freezes an account; two open it again or close it."""
    by = books.decision()
    check_officer(by)
    account = books.account(command.account)
    account.set_status(by, command.status)
    return {"account": command.account, "status": account.status, "proposed": account.proposed[0] if account.proposed else ""}


def receive_message(command: c.ReceiveMessage, books: Books) -> Result:
    """Changes nothing; the instant of its receipt is when the file first came."""
    if command.actor != SETTLEMENT_BANK:
        books.terms.participant(command.actor)
    return {"message_id": command.message_id, "changed": False}

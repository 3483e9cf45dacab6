"""camt.054 from the settlement bank: what it booked on the corridor's account confirms the payments that the corridor waits for.

A payment is known by its end-to-end id, `settlement_references`, in any of the three places where banks carry it on. A credit confirms a
cycle's pay-in, a debit its pay-out or a withdrawal. Only what is booked confirms; an entry that names no payment of ours is taken note of,
and stands on the statement that the night job holds against the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ledger import commands as c
from ledger.domain.money import format_amount
from ledger.domain.movement import SETTLEMENT_BANK
from ledger.errors import AccountUnknown, NotDueInCycle, NotPermitted, Refusal
from ledger.iso20022.camt054 import read_camt054
from ledger.iso20022.errors import ElementMissing
from ledger.iso20022.statement import BOOKED, Entry, EntryDetail, Notification
from ledger.jobs import up_to_date
from ledger.messages import outcomes
from ledger.messages.asking import ask_all
from ledger.messages.outcomes import Named
from ledger.messages.received import Came, Incoming
from ledger.messages.settlement_references import end_to_end_of_withdrawal, read_cycle_payment
from ledger.messages.taken import Outcome, Taken
from ledger.projections.movements import MovementRow, withdrawals


class _Payment(NamedTuple):
    """One transaction of an entry. ``minor`` is positive in credit; ``known_by`` are the texts it may be known by, ``reference`` is the
    bank's own."""

    number: int
    entry: Entry
    detail: EntryDetail
    minor: int
    account: str

    @property
    def named(self) -> Named:
        return Named(self.number, self.detail.uetr, self.detail.instruction_id, self.detail.end_to_end_id)

    @property
    def known_by(self) -> tuple[str, ...]:
        texts = (self.detail.end_to_end_id, self.detail.transaction_id, self.detail.instruction_id)
        return tuple(dict.fromkeys(text.strip() for text in texts if text))

    @property
    def reference(self) -> str | None:
        return self.detail.servicer_reference or self.entry.servicer_reference or self.entry.reference


def take_in_notification(incoming: Incoming) -> Taken:
    """Takes in a camt.054; there is no reply to one. Raises what `take_in` raises, NotPermitted for anybody but the settlement bank."""
    if incoming.actor != SETTLEMENT_BANK:
        raise NotPermitted(
            f"{incoming.actor} does not keep the corridor's settlement account.",
            field="actor",
            value=incoming.actor,
            way_out="The settlement bank sends its notifications itself.",
        )
    notifications = read_camt054(incoming.data, incoming.limits)
    payments = list(_payments(notifications))
    if not payments:
        raise ElementMissing("The notification holds no entry.", field="Ntfctn/Ntry", way_out="Send one when something is booked.")
    came = incoming.receive(notifications[0].message_id, None)
    with up_to_date(incoming.service, incoming.corridor) as at:
        known = {end_to_end_of_withdrawal(row.reference): row for row in withdrawals(at)}
    commands: dict[int, c.Command] = {}
    answered: dict[int, Outcome] = {}
    for payment in payments:
        try:
            command = _command(incoming, came, payment, known)
        except Refusal as refusal:
            answered[payment.number] = outcomes.refused(payment.named, refusal)
            continue
        if command is None:
            answered[payment.number] = _noted(payment)
        else:
            commands[payment.number] = command
    answers = dict(zip(commands, ask_all(incoming, came, list(commands.values())), strict=True))
    answered |= {one.number: outcomes.answered(one.named, answers[one.number]) for one in payments if one.number in answers}
    return incoming.answer(came, [answered[payment.number] for payment in payments])


def _payments(notifications: Iterable[Notification]) -> Iterator[_Payment]:
    """Every transaction, in the message's order. An entry that books several is taken apart where their amounts come to its own."""
    index = 0
    for notification in notifications:
        for entry in notification.entries:
            parts = entry.parts()
            if len(parts) <= 1:
                parts = [(entry.details[0] if len(entry.details) == 1 else EntryDetail(), entry.signed_minor)]
            for detail, minor in parts:
                index += 1
                yield _Payment(index, entry, detail, minor, notification.account.number)


def _command(incoming: Incoming, came: Came, payment: _Payment, known: Mapping[str, MovementRow]) -> c.Command | None:
    """What the payment confirms; None where it is none of ours, or nothing that is booked for good. Raises a Refusal."""
    settlement = incoming.terms.settlement
    if payment.account.replace(" ", "").upper() != settlement.statement_account.replace(" ", "").upper():
        raise AccountUnknown(
            "The notification is of another account than the corridor's.",
            field="Acct/Id",
            way_out="Send what is booked on the account that the terms name.",
        )
    if payment.entry.status != BOOKED or payment.entry.reversal or payment.entry.currency != settlement.currency:
        return None
    said = {"corridor": incoming.corridor, "actor": incoming.actor, "cause": came.cause, "idempotency_key": came.key_of(payment.number)}
    bank_reference = payment.reference or f"{came.message_id}/{payment.number}"
    for text in payment.known_by:
        named = read_cycle_payment(text)
        if named is not None:
            kind = c.ConfirmPayIn if payment.minor > 0 else c.ConfirmPayOut
            amount = abs(payment.minor)
            return kind(**said, cycle=named.cycle, participant=named.participant, amount=amount, bank_reference=bank_reference)
        withdrawal = known.get(text)
        if withdrawal is not None:
            _check_amount(payment, withdrawal)
            return c.ConfirmWithdrawal(**said, reference=withdrawal.reference, bank_reference=bank_reference)
    return None


def _check_amount(payment: _Payment, withdrawal: MovementRow) -> None:
    if -payment.minor != withdrawal.amount:
        raise NotDueInCycle(
            f"Withdrawal {withdrawal.reference} is of {format_amount(withdrawal.amount, withdrawal.currency)} {withdrawal.currency}, "
            f"not {format_amount(-payment.minor, withdrawal.currency)}.",
            field="Ntry/Amt",
            value=format_amount(-payment.minor, withdrawal.currency),
            way_out="Notify what was paid out for it.",
        )


def _noted(payment: _Payment) -> Outcome:
    why = (
        "it is not booked"
        if payment.entry.status != BOOKED
        else "it takes an earlier entry back"
        if payment.entry.reversal
        else "it names no payment that the corridor waits for"
    )
    return outcomes.taken(payment.named, sentence=f"Taken note of, and nothing done: {why}.")

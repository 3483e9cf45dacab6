"""pacs.002 from a creditor agent: what it says has become of the transfers it was sent.

An acceptance, a payment and a refusal are the steps of the same names; a transfer whose outcome was unknown is answered by any of them, and
by *pending*. What a bank says again changes nothing and is taken note of; what contradicts what it said before is refused by name, except
that a payment reported after the refund is kept as a break (see `deciding.transfer_steps`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypedDict
from uuid import UUID

from ledger import commands as c
from ledger.answers import Answer
from ledger.domain.movement import SETTLEMENT_BANK
from ledger.errors import CashProofMissing, NotPermitted, StepOutOfOrder
from ledger.iso20022.errors import ElementMissing
from ledger.iso20022.pacs002 import StatusReport, TransferStatus, read_pacs002
from ledger.iso20022.rules import Rule
from ledger.messages import outcomes
from ledger.messages.asking import ask_all, seen_when_refused
from ledger.messages.outcomes import Named
from ledger.messages.present_status import Seen
from ledger.messages.received import Came, Incoming
from ledger.messages.replies import acknowledge
from ledger.messages.settlement_reports import confirmations
from ledger.messages.taken import Outcome, Taken

ACCEPTED: Final = frozenset({"ACTC", "ACCP", "ACFC", "ACWC", "ACWP", "ACSP"})
PAID: Final = frozenset({"ACCC", "ACSC", "CPUC"})
REFUSED: Final = frozenset({"RJCT"})
WAITING: Final = frozenset({"PDNG", "RCVD"})
"""Statuses of ExternalPaymentTransactionStatus1Code by what they make of a transfer; all others are refused."""

NARRATIVE: Final = "NARR"
# Where a transfer stands when there is nothing left to do for a status.
_DONE: Final[Mapping[frozenset[str], frozenset[str]]] = {
    ACCEPTED: frozenset({"accepted"}),
    PAID: frozenset({"paid", "returned"}),
    REFUSED: frozenset({"refunded"}),
    WAITING: frozenset({"dispatched", "accepted"}),
}
_CASH_WAY_OUT = "A pacs.002 carries neither: report the payment by the API."


def take_in_status_report(incoming: Incoming) -> Taken:
    """Takes in a pacs.002 of a creditor agent, or of the settlement bank; the reply is a pacs.002 about it, with the answer to each of its
    transactions.

    Raises what `take_in` raises, ElementMissing for a report that names no transaction.
    """
    report = read_pacs002(incoming.data, incoming.limits)
    if not report.transfers and not report.faults:
        raise ElementMissing(
            "The report names no transaction.",
            field="FIToFIPmtStsRpt/TxInfAndSts",
            way_out="State TxInfAndSts with OrgnlUETR and TxSts for each transfer.",
        )
    came = incoming.receive(report.message_id, report.instructing_agent.bic if report.instructing_agent else None)
    items = confirmations(incoming, came, report) if incoming.actor == SETTLEMENT_BANK else _Report(incoming, came).items(report)
    return acknowledge(incoming, came, report.created_at, items)


class _Asked(TypedDict):
    """What every step has."""

    corridor: str
    actor: str
    cause: str
    idempotency_key: str
    uetr: UUID


class _Report:
    """One report on its way into the ledger."""

    def __init__(self, incoming: Incoming, came: Came) -> None:
        self._incoming = incoming
        self._came = came

    def items(self, report: StatusReport) -> tuple[Outcome, ...]:
        """The answer to each transaction, in the report's order."""
        answered = {fault.index: outcomes.faulty(fault) for fault in report.faults}
        asked: dict[int, tuple[TransferStatus, c.TransferCommand]] = {}
        for one in report.transfers:
            fault = self._fault(one)
            if fault is not None:
                answered[one.index] = fault
            else:
                asked[one.index] = (one, self._step(one))
        said = dict(zip(asked, ask_all(self._incoming, self._came, [command for _, command in asked.values()]), strict=True))
        for index, answer in self._lifted(asked, said).items():
            said[index] = answer
        seen = seen_when_refused(self._incoming, {index: (command.uetr, said[index]) for index, (_, command) in asked.items()})
        for index, (one, _) in asked.items():
            answered[index] = self._told(one, said[index], seen.get(index))
        return tuple(answered[index] for index in sorted(answered))

    def _fault(self, one: TransferStatus) -> Outcome | None:
        """Why it is no status of a transfer, of this bank; None where it is."""
        named = _named(one)
        try:
            self._incoming.check_sender(one.instructing_agent.bic if one.instructing_agent else None, "InstgAgt")
        except NotPermitted as refusal:
            return outcomes.refused(named, refusal)
        if one.uetr is None:
            return outcomes.broken(named, Rule.UETR_MISSING, "OrgnlUETR")
        if one.status not in ACCEPTED | PAID | REFUSED | WAITING:
            return outcomes.broken(named, Rule.STATUS_NOT_TAKEN, "TxSts")
        if one.status in REFUSED and not any(reason.code or reason.proprietary for reason in one.reasons):
            return outcomes.broken(named, Rule.REJECTION_REASON_MISSING, "StsRsnInf/Rsn")
        return None

    def _step(self, one: TransferStatus) -> c.TransferCommand:
        """What the status asks the ledger for."""
        assert one.uetr is not None  # else it is a fault
        asked = _Asked(
            corridor=self._incoming.corridor,
            actor=self._incoming.actor,
            cause=self._came.cause,
            idempotency_key=self._came.key_of(one.index),
            uetr=one.uetr,
        )
        if one.status in ACCEPTED:
            return c.AcceptTransfer(**asked)
        if one.status in PAID:
            return c.PayTransfer(**asked)
        if one.status in WAITING:
            return c.ResolveUnanswered(**asked, outcome="pending")
        return c.RefuseTransfer(**asked, reason=one.reason_code or NARRATIVE)

    def _lifted(self, asked: Mapping[int, tuple[TransferStatus, c.TransferCommand]], said: Mapping[int, Answer]) -> dict[int, Answer]:
        """An acceptance said again answers a question all the same: where the outcome was unknown, it no longer is."""
        again = {
            index: c.ResolveUnanswered(
                corridor=command.corridor,
                actor=command.actor,
                cause=command.cause,
                idempotency_key=self._came.key_of(f"{index}/answered"),
                uetr=command.uetr,
                outcome="pending",
            )
            for index, (_, command) in asked.items()
            if isinstance(command, c.AcceptTransfer) and _stands(said[index]) == "accepted"
        }
        answers = dict(zip(again, ask_all(self._incoming, self._came, list(again.values())), strict=True))
        return {index: answer for index, answer in answers.items() if answer.refusal is None}

    def _told(self, one: TransferStatus, answer: Answer, seen: Seen | None) -> Outcome:
        named = _named(one)
        if answer.refusal is None:
            return outcomes.taken(named, answer=answer)
        if seen is None:
            return outcomes.unknown(named, answer)
        if answer.refusal["code"] == StepOutOfOrder.code and _is_done(one.status, seen.transfer.state):
            return outcomes.taken(named, answer=answer, sentence=f"It changes nothing: the transfer was {seen.transfer.state} already.")
        told = outcomes.refused_by_ledger(named, answer)
        if answer.refusal["code"] == CashProofMissing.code:
            return outcomes.with_way_out(told, _CASH_WAY_OUT)
        return told


def _named(one: TransferStatus) -> Named:
    return Named(one.index, one.uetr, one.instruction_id, one.end_to_end_id)


def _stands(answer: Answer) -> str:
    """Where the transfer stood that a step was out of order for; empty where the step was taken or refused for another reason."""
    refusal = answer.refusal
    return refusal["value"] if refusal is not None and refusal["code"] == StepOutOfOrder.code and refusal["field"] == "state" else ""


def _is_done(status: str, state: str) -> bool:
    return any(status in statuses and state in states for statuses, states in _DONE.items())

"""What the facts of transfers change: the transfer as it stands, and each agent's feed of it."""

from __future__ import annotations

from collections.abc import Callable

from ledger.projections.facts import Fact
from ledger.projections.folding import Folding, Row

_FROM_PRICING = (
    "debtor_agent", "creditor_agent", "debtor_currency", "settlement_currency", "creditor_currency", "instructed", "fee", "settlement",
    "remuneration", "payout", "creditor_fee", "debtor_rate", "creditor_rate", "debtor_sheet", "creditor_sheet", "valid_until",
)  # fmt: skip
_FROM_INITIATION = ("product", "payout_method", "purpose", "charge_bearer", "debtor", "creditor", "quote", "condition")
_AT_FIRST: Row = {
    "state": "initiated",
    "condition_met": False,
    "collect_until": None,
    "frozen": False,
    "held_or_frozen_by": None,
    "unanswered_since": None,
    "ended_by": "",
    "reason": "",
    "refund_cause": None,
    "refunded_to_debtor": None,
    "returned_payout": 0,
    "returned_settlement": 0,
    "returned_instructed": 0,
    "funded_at": None,
    "dispatched_at": None,
    "paid_at": None,
    "paid_boundary": None,
}


def _initiated(folding: Folding, fact: Fact) -> None:
    facts, pricing = fact.facts, fact.facts["pricing"]
    transfer = dict(_AT_FIRST)
    transfer.update((name, pricing[name]) for name in _FROM_PRICING)
    transfer.update((name, facts.get(name)) for name in _FROM_INITIATION)
    transfer.update(
        corridor=folding.corridor,
        uetr=fact.subject,
        paid_to_creditor=pricing["payout"] - pricing["creditor_fee"],
        recalls={},
        initiated_at=fact.recorded_at,
        first_position=fact.position,
    )
    folding.transfers[fact.subject] = transfer
    _tell_debtor_agent(folding, transfer, "initiated", fact)
    _moved(transfer, fact)


def _moved(transfer: Row, fact: Fact) -> None:
    transfer["updated_at"], transfer["last_position"], transfer["boundary"] = fact.recorded_at, fact.position, fact.boundary


def _tell_debtor_agent(folding: Folding, transfer: Row, kind: str, fact: Fact) -> None:
    folding.tell(transfer["debtor_agent"], None, kind, fact)


def _tell_both(folding: Folding, transfer: Row, kind: str, fact: Fact) -> None:
    folding.tell(transfer["debtor_agent"], transfer["creditor_agent"], kind, fact)


def _tell_of_end(folding: Folding, transfer: Row, kind: str, fact: Fact) -> None:
    """The debtor agent learns of it; the creditor agent only when it had been told of the transfer at all."""
    folding.tell(transfer["debtor_agent"], transfer["creditor_agent"] if transfer["dispatched_at"] is not None else None, kind, fact)


def _step(change: Callable[[Folding, Row, Fact], None]) -> Callable[[Folding, Fact], None]:
    """A fold of a transfer that exists already."""

    def fold(folding: Folding, fact: Fact) -> None:
        transfer = folding.transfers[fact.subject]
        change(folding, transfer, fact)
        _moved(transfer, fact)

    return fold


@_step
def _held(_folding: Folding, transfer: Row, fact: Fact) -> None:
    transfer["state"], transfer["held_or_frozen_by"] = "held", fact.facts["case"]


@_step
def _cleared(_folding: Folding, transfer: Row, _fact: Fact) -> None:
    transfer["state"], transfer["held_or_frozen_by"] = "cleared", None


@_step
def _rejected(folding: Folding, transfer: Row, fact: Fact) -> None:
    transfer["state"], transfer["reason"], transfer["held_or_frozen_by"] = "rejected", fact.facts["reason"], None
    _tell_debtor_agent(folding, transfer, "rejected", fact)


@_step
def _funded(_folding: Folding, transfer: Row, fact: Fact) -> None:
    transfer["state"], transfer["funded_at"] = "funded", fact.recorded_at


@_step
def _condition_met(_folding: Folding, transfer: Row, _fact: Fact) -> None:
    transfer["condition_met"] = True


@_step
def _dispatched(folding: Folding, transfer: Row, fact: Fact) -> None:
    transfer["state"], transfer["dispatched_at"] = "dispatched", fact.recorded_at
    _tell_both(folding, transfer, "dispatched", fact)


@_step
def _accepted(folding: Folding, transfer: Row, fact: Fact) -> None:
    if transfer["state"] == "dispatched":
        transfer["state"] = "accepted"
    transfer["collect_until"], transfer["unanswered_since"] = fact.facts["collect_until"], None
    _tell_both(folding, transfer, "accepted", fact)


@_step
def _paid(folding: Folding, transfer: Row, fact: Fact) -> None:
    transfer["state"], transfer["paid_at"], transfer["paid_boundary"] = "paid", fact.recorded_at, fact.boundary
    transfer["unanswered_since"] = None
    _tell_both(folding, transfer, "paid", fact)


@_step
def _refused(folding: Folding, transfer: Row, fact: Fact) -> None:
    transfer["state"], transfer["ended_by"], transfer["reason"] = "refused", "refused", fact.facts["reason"]
    transfer["unanswered_since"] = None
    _tell_both(folding, transfer, "refused", fact)


@_step
def _cancelled(folding: Folding, transfer: Row, fact: Fact) -> None:
    _tell_of_end(folding, transfer, "cancelled", fact)
    transfer["state"], transfer["ended_by"], transfer["reason"] = "cancelled", "cancelled", "CUST"


@_step
def _expired(folding: Folding, transfer: Row, fact: Fact) -> None:
    _tell_of_end(folding, transfer, "expired", fact)
    transfer["state"], transfer["ended_by"], transfer["reason"] = "expired", "expired", "NOAS"


@_step
def _refunded(folding: Folding, transfer: Row, fact: Fact) -> None:
    transfer["state"], transfer["refund_cause"] = "refunded", fact.facts["refund_cause"]
    transfer["refunded_to_debtor"] = fact.facts["refunded_to_debtor"]
    _tell_debtor_agent(folding, transfer, "refunded", fact)


@_step
def _returned(folding: Folding, transfer: Row, fact: Fact) -> None:
    payout, settlement, instructed = fact.facts["part"]
    transfer["state"] = "returned"
    transfer["returned_payout"] += payout
    transfer["returned_settlement"] += settlement
    transfer["returned_instructed"] += instructed
    _tell_both(folding, transfer, "returned", fact)


@_step
def _frozen(_folding: Folding, transfer: Row, fact: Fact) -> None:
    transfer["frozen"], transfer["held_or_frozen_by"] = True, fact.facts["case"]


@_step
def _freeze_lifted(_folding: Folding, transfer: Row, _fact: Fact) -> None:
    transfer["frozen"], transfer["held_or_frozen_by"] = False, None


@_step
def _unanswered(folding: Folding, transfer: Row, fact: Fact) -> None:
    transfer["unanswered_since"] = fact.facts["since"]
    _tell_both(folding, transfer, "unanswered", fact)


@_step
def _answered(_folding: Folding, transfer: Row, _fact: Fact) -> None:
    transfer["unanswered_since"] = None


@_step
def _recall_requested(folding: Folding, transfer: Row, fact: Fact) -> None:
    transfer["recalls"] = {**transfer["recalls"], fact.facts["recall"]: "open"}
    _tell_both(folding, transfer, "recall_requested", fact)


@_step
def _recall_answered(folding: Folding, transfer: Row, fact: Fact) -> None:
    transfer["recalls"] = {**transfer["recalls"], fact.facts["recall"]: "agreed" if fact.facts["agreed"] else "declined"}
    _tell_both(folding, transfer, "recall_answered", fact)


TRANSFER_BEGINS = "Transfer.Initiated.v1"
TRANSFER_FOLDS: dict[str, Callable[[Folding, Fact], None]] = {
    TRANSFER_BEGINS: _initiated,
    "Transfer.Held.v1": _held,
    "Transfer.Cleared.v1": _cleared,
    "Transfer.Rejected.v1": _rejected,
    "Transfer.Funded.v1": _funded,
    "Transfer.ConditionMet.v1": _condition_met,
    "Transfer.Dispatched.v1": _dispatched,
    "Transfer.Accepted.v1": _accepted,
    "Transfer.Paid.v1": _paid,
    "Transfer.Refused.v1": _refused,
    "Transfer.Cancelled.v1": _cancelled,
    "Transfer.Expired.v1": _expired,
    "Transfer.Refunded.v1": _refunded,
    "Transfer.Returned.v1": _returned,
    "Transfer.Frozen.v1": _frozen,
    "Transfer.FreezeLifted.v1": _freeze_lifted,
    "Transfer.Unanswered.v1": _unanswered,
    "Transfer.Answered.v1": _answered,
    "Transfer.RecallRequested.v1": _recall_requested,
    "Transfer.RecallAnswered.v1": _recall_answered,
}

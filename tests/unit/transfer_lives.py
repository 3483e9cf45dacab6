"""The life of one transfer as facts: what brought it to each of its states."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ledger.domain import transfer_events as happened
from ledger.domain.transfer import Transfer, collection_code_digest
from tests.unit.corridor_fixtures import (
    ABB,
    AMINA,
    BAO,
    CLEAR,
    COMMITMENTS,
    CONDITION,
    CREDITOR,
    DEADLINES,
    DEBTOR,
    HIT,
    NOW,
    PRICING,
    PSBC,
    RESOLVER,
    by,
    uetr,
)
from tests.unit.history import Fact, fact, given

UETR = uetr()
CODE = "0123456789"
CASH_DAYS = 30
COLLECT_UNTIL = NOW + timedelta(days=CASH_DAYS)


def initiated(**changes: Any) -> Fact:
    """MAD 1,000.00 from an account to an account."""
    said: dict[str, Any] = {
        "product": "account_to_account",
        "payout_method": "account",
        "purpose": "GDDS",
        "evidence": (),
        "charge_bearer": "DEBT",
        "pricing": PRICING,
        "quote": None,
        "debtor": DEBTOR,
        "creditor": CREDITOR,
        "commitments": COMMITMENTS,
        "condition": None,
        "collection_code_digest": None,
        "cash_days_to_collect": CASH_DAYS,
    }
    return fact(happened.TransferInitiated, by(ABB), **(said | changes))


INITIATED = initiated()
WITH_CONDITION = initiated(condition=CONDITION)
IN_CASH = initiated(product="account_to_cash", payout_method="cash", collection_code_digest=collection_code_digest(UETR, CODE))

HELD = fact(happened.TransferHeld, by(ABB), case="hold-1", screened=HIT)
CLEARED = fact(happened.TransferCleared, by(ABB), screened=CLEAR, case=None)
HOLD_CLEARED = fact(happened.TransferCleared, by(BAO), screened=None, case="hold-1")
REJECTED = fact(happened.TransferRejected, by(ABB), reason="AB03")
FUNDED = fact(happened.TransferFunded, by(ABB))
CONDITION_MET = fact(happened.TransferConditionMet, by(PSBC), reference=CONDITION.reference)
DISPATCHED = fact(happened.TransferDispatched, by(ABB))
SENT_ON = fact(happened.TransferDispatched, by(PSBC))
ACCEPTED = fact(happened.TransferAccepted, by(PSBC), collect_until=None)
ACCEPTED_FOR_CASH = fact(happened.TransferAccepted, by(PSBC), collect_until=COLLECT_UNTIL)
PAID = fact(happened.TransferPaid, by(PSBC), method="account", paid_to_creditor=720_00)
PAID_IN_CASH = fact(happened.TransferPaid, by(PSBC), method="cash", paid_to_creditor=720_00)
REFUSED = fact(happened.TransferRefused, by(PSBC), reason="AC04")
CANCELLED = fact(happened.TransferCancelled, by(ABB), recall=None)
CANCELLED_BY_RECALL = fact(happened.TransferCancelled, by(PSBC), recall="R1")
CONDITION_LAPSED = fact(happened.TransferExpired, by(DEADLINES), lapsed="condition")
REFUNDED = fact(happened.TransferRefunded, by(PSBC), refund_cause="refused", fee_given_back=True, refunded_to_debtor=1_030_00)
FROZEN = fact(happened.TransferFrozen, by(AMINA), case="freeze-1")
FREEZE_LIFTED = fact(happened.TransferFreezeLifted, by(BAO), case="freeze-1")
UNANSWERED = fact(happened.TransferUnanswered, by(RESOLVER), since=NOW)
ANSWERED = fact(happened.TransferAnswered, by(PSBC))
RECALL_REQUESTED = fact(happened.TransferRecallRequested, by(ABB), recall="R1", reason="DUPL")

TO_CLEARED = (INITIATED, CLEARED)
TO_FUNDED = (WITH_CONDITION, CLEARED, FUNDED)
TO_DISPATCHED = (*TO_CLEARED, FUNDED, DISPATCHED)
TO_ACCEPTED = (*TO_DISPATCHED, ACCEPTED)
TO_PAID = (*TO_ACCEPTED, PAID)
TO_CASH_WAITING = (IN_CASH, CLEARED, FUNDED, DISPATCHED, ACCEPTED_FOR_CASH)


def returned(return_id: str, payout: int, settlement: int, instructed: int) -> Fact:
    """One part of a return."""
    return fact(happened.TransferReturned, by(PSBC), return_id=return_id, reason="AC04", part=(payout, settlement, instructed))


# Every state of domain.md's diagram, each with one way to it.
LIVES: dict[str, tuple[Fact, ...]] = {
    "initiated": (INITIATED,),
    "held": (INITIATED, HELD),
    "cleared": TO_CLEARED,
    "rejected": (*TO_CLEARED, REJECTED),
    "funded": TO_FUNDED,
    "dispatched": TO_DISPATCHED,
    "accepted": TO_ACCEPTED,
    "paid": TO_PAID,
    "returned": (*TO_PAID, returned("RET-1", 720_00, 100_00, 1_000_00)),
    "refused": (*TO_ACCEPTED, REFUSED),
    "cancelled": (*TO_FUNDED, CANCELLED),
    "expired": (*TO_FUNDED, CONDITION_LAPSED),
    "refunded": (*TO_ACCEPTED, REFUSED, REFUNDED),
}


def transfer(*facts: Fact) -> Transfer:
    """The transfer these facts made."""
    return given(Transfer, UETR, *facts)


def in_state(state: str) -> Transfer:
    """A transfer that stands in this state."""
    found = transfer(*LIVES[state])
    assert found.state == state
    return found

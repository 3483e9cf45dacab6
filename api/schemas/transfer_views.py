"""A transfer as it is read: no personal data, amounts each in their own currency."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from api.partner_view import oversees, sees_fact, shown_state
from api.schemas.parts import ChargeBearer, Money, Taken, with_example
from api.schemas.quotes import PRICED
from api.schemas.transfers import UETR, ConditionBody, TransferState
from ledger.domain.money import format_amount
from ledger.projections.audit_trail import LINE_TOPIC, TrailEntry
from ledger.projections.transfers import TransferRow

SHOWN: dict[str, Any] = {
    "uetr": UETR,
    "state": "paid",
    "status": "ACCC",
    "debtor_agent": "abb",
    "creditor_agent": "psbc",
    "product": "account_to_account",
    "purpose": "DEPD",
    "charge_bearer": "DEBT",
    **{name: PRICED[name] for name in ("instructed", "fee", "settlement", "remuneration", "payout", "creditor_fee", "paid_to_creditor")},
    **{name: PRICED[name] for name in ("debtor_rate", "creditor_rate", "debtor_sheet", "creditor_sheet", "valid_until")},
    "unknown": False,
    "recalls": {},
    "initiated_at": "2026-03-27T09:00:00Z",
    "dispatched_at": "2026-03-27T09:00:00Z",
    "paid_at": "2026-03-27T09:04:10Z",
    "settled": False,
    "updated_at": "2026-03-27T09:04:10Z",
    "last_position": 1208,
}

STEP: dict[str, Any] = {
    "position": 1208,
    "boundary": 1210,
    "recorded_at": "2026-03-27T09:04:10Z",
    "event": "Transfer.Paid.v1",
    "actor": "psbc",
    "command": "1d7e9f2c-40e5-5a0e-9f0b-7b7b8f6ad0a4",
    "cause": "",
    "terms": 1,
    "rules": [],
    "facts": {"method": "account", "paid_to_creditor": 74052},
}

# What a state is called in the status messages that partners exchange (ISO 20022 ExternalPaymentTransactionStatus1Code).
_STATUS = {
    "initiated": "ACTC",
    "pending": "PDNG",
    "held": "PDNG",
    "cleared": "PDNG",
    "funded": "PDNG",
    "dispatched": "ACSP",
    "accepted": "ACSP",
    "paid": "ACCC",
    "returned": "ACCC",
    "rejected": "RJCT",
    "refused": "RJCT",
    "cancelled": "RJCT",
    "expired": "RJCT",
    "refunded": "RJCT",
}


class TransferView(BaseModel):
    """One transfer. To a bank ``state`` is ``pending`` while it was not sent onward, for whatever reason."""

    model_config = with_example(SHOWN)

    uetr: UUID
    state: TransferState
    status: Literal["ACTC", "PDNG", "ACSP", "ACCC", "CPUC", "RJCT"] = Field(description="ISO 20022 ExternalPaymentTransactionStatus1Code.")
    reason: str | None = Field(default=None, description="For RJCT: ISO 20022 ExternalStatusReason1Code.")
    debtor_agent: str
    creditor_agent: str
    product: str
    purpose: str
    charge_bearer: ChargeBearer
    quote: UUID | None = None
    instructed: Money
    fee: Money
    settlement: Money
    remuneration: Money
    payout: Money
    creditor_fee: Money
    paid_to_creditor: Money
    debtor_rate: Decimal = Field(description="Price of one unit of the settlement currency in the debtor agent's.")
    creditor_rate: Decimal = Field(description="Price of one unit of the settlement currency in the creditor agent's.")
    debtor_sheet: str
    creditor_sheet: str
    valid_until: datetime = Field(description="Until when rates and amounts held for funding.")
    condition: ConditionBody | None = None
    condition_met: bool | None = None
    collect_until: datetime | None = Field(default=None, description="For cash: when it expires uncollected.")
    unknown: bool = Field(description="Whether the creditor agent's answer is overdue.")
    unknown_since: datetime | None = None
    frozen: bool | None = Field(default=None, description="Told to officers and operators only.")
    case: str | None = Field(default=None, description="The open case; told to officers and operators only.")
    refund_cause: str | None = None
    refunded_to_debtor: Money | None = None
    returned: Money | None = Field(default=None, description="All parts returned so far, in the creditor agent's currency.")
    returned_to_debtor: Money | None = None
    recalls: dict[str, Literal["open", "agreed", "declined"]] = Field(description="Case ids of recalls and where each stands.")
    initiated_at: datetime
    funded_at: datetime | None = None
    dispatched_at: datetime | None = None
    paid_at: datetime | None = None
    settled: bool = Field(description="Whether the payout lies in a settled cycle.")
    updated_at: datetime
    last_position: int

    @classmethod
    def of(cls, t: TransferRow, principal: str) -> TransferView:
        """The row as this caller may see it."""
        state = shown_state(principal, t.state)
        whole = oversees(principal)
        return cls(
            **_kept(t),
            state=state,
            status=_status(t, state),
            reason=t.reason or None,
            **_amounts(t),
            condition=None if t.condition is None else ConditionBody.model_validate(t.condition),
            condition_met=None if t.condition is None else t.condition_met,
            unknown=t.unanswered,
            unknown_since=t.unanswered_since,
            frozen=t.frozen if whole else None,
            case=t.held_or_frozen_by if whole else None,
            # That it was funded would tell a hold from a condition.
            funded_at=None if state == "pending" else t.funded_at,
        )


_KEPT = (
    "uetr", "debtor_agent", "creditor_agent", "product", "purpose", "charge_bearer", "quote", "debtor_rate", "creditor_rate",
    "debtor_sheet", "creditor_sheet", "valid_until", "collect_until", "refund_cause", "recalls", "initiated_at", "dispatched_at", "paid_at",
    "settled", "updated_at", "last_position",
)  # fmt: skip


def _kept(t: TransferRow) -> dict[str, Any]:
    return {name: getattr(t, name) for name in _KEPT}


def _amounts(t: TransferRow) -> dict[str, Money | None]:
    debtor, usd, creditor = t.debtor_currency, t.settlement_currency, t.creditor_currency
    return {
        "instructed": Money.of(t.instructed, debtor),
        "fee": Money.of(t.fee, debtor),
        "settlement": Money.of(t.settlement, usd),
        "remuneration": Money.of(t.remuneration, usd),
        "payout": Money.of(t.payout, creditor),
        "creditor_fee": Money.of(t.creditor_fee, creditor),
        "paid_to_creditor": Money.of(t.paid_to_creditor, creditor),
        "refunded_to_debtor": None if t.refunded_to_debtor is None else Money.of(t.refunded_to_debtor, debtor),
        "returned": Money.of(t.returned_payout, creditor) if t.returned_payout else None,
        "returned_to_debtor": Money.of(t.returned_instructed, debtor) if t.returned_instructed else None,
    }


def _status(t: TransferRow, state: str) -> Any:
    status = _STATUS[state]
    return "CPUC" if status == "ACCC" and t.payout_method == "cash" else status


class TransferShown(Taken, TransferView):
    """One transfer, and the boundary it was read at."""

    model_config = with_example({"position": 1208, **SHOWN})

    @classmethod
    def at(cls, t: TransferRow, principal: str, position: int) -> TransferShown:
        return cls(position=position, **TransferView.of(t, principal).model_dump())


class TransferPage(Taken):
    """Transfers in the order of their initiation, or from the newest on."""

    model_config = with_example({"position": 1208, "transfers": [SHOWN], "next": "1188-0"})

    transfers: list[TransferView]
    next: str | None = Field(default=None, description="The cursor of the page that follows; absent on the last one.")


class TrailStep(BaseModel):
    """One event: what happened, when, who decided it, by which command, why, and under which terms and rules."""

    model_config = with_example(STEP)

    position: int
    boundary: int
    recorded_at: datetime
    event: str = Field(description="The topic of the event, with its schema version.")
    actor: str
    command: UUID
    cause: str
    terms: int = Field(description="The version of the terms it was decided under.")
    rules: list[str]
    facts: dict[str, Any] = Field(description="What the event states, as it is stored: amounts in minor units of their currency.")

    @classmethod
    def of(cls, entry: TrailEntry, principal: str) -> TrailStep:
        """The entry as this caller may see it."""
        facts = {name: fact for name, fact in entry.facts.items() if sees_fact(principal, name)}
        if entry.topic == LINE_TOPIC:
            facts["amount"] = format_amount(facts["amount"], facts["currency"])
        return cls(
            position=entry.position,
            boundary=entry.boundary,
            recorded_at=entry.recorded_at,
            event=entry.topic,
            actor=entry.actor,
            command=entry.command,
            cause=entry.cause,
            terms=entry.terms,
            rules=entry.rules,
            facts=facts,
        )


class Trail(Taken):
    """Everything that concerns one transfer, in log order: decisions, and the lines booked for it."""

    model_config = with_example({"position": 1210, "uetr": UETR, "steps": [STEP]})

    uetr: UUID
    steps: list[TrailStep]

"""What the facts around transfers change: settlement cycles, movements, breaks, cases, rate sheets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ledger.projections.facts import Fact
from ledger.projections.folding import Folding, Row

# Settlement cycles


def _cycle_closed(folding: Folding, fact: Fact) -> None:
    folding.cycles[fact.subject] = {
        **fact.facts,
        "corridor": folding.corridor,
        "stream": fact.subject,
        "state": "closed",
        "closed_at": fact.recorded_at,
        "settled_at": None,
        "first_position": fact.position,
        "last_position": fact.position,
    }


def _cycle_payment(direction: str) -> Callable[[Folding, Fact], None]:
    def fold(folding: Folding, fact: Fact) -> None:
        cycle = folding.cycles[fact.subject]
        cycle["last_position"] = fact.position
        folding.cycle_payments.append(
            {
                **fact.facts,
                "corridor": folding.corridor,
                "cycle": cycle["number"],
                "direction": direction,
                "currency": cycle["currency"],
                "confirmed_at": fact.recorded_at,
                "position": fact.position,
            }
        )

    return fold


def _cycle_settled(folding: Folding, fact: Fact) -> None:
    folding.cycles[fact.subject].update(state="settled", settled_at=fact.recorded_at, last_position=fact.position)


# Movements, by the kind of entry they book


def _movement(kind: str, state: str = "booked") -> Callable[[Folding, Fact], None]:
    def fold(folding: Folding, fact: Fact) -> None:
        facts = dict(fact.facts)
        folding.movements[fact.subject] = {
            "kind": facts.pop("cash_kind", kind),
            **facts,
            "corridor": folding.corridor,
            "stream": fact.subject,
            "state": state,
            "bank_reference": None,
            "reported_at": fact.recorded_at,
            "paid_at": None,
            "position": fact.position,
        }

    return fold


def _withdrawal_paid(folding: Folding, fact: Fact) -> None:
    folding.movements[fact.subject].update(state="paid", bank_reference=fact.facts["bank_reference"], paid_at=fact.recorded_at)


# Reconciliation breaks


def _break_found(folding: Folding, fact: Fact) -> None:
    folding.breaks[fact.subject] = {
        **fact.facts,
        "corridor": folding.corridor,
        "stream": fact.subject,
        "currency": fact.facts["account"].rpartition(":")[2],
        "state": "open",
        **dict.fromkeys(("proposal", "proposed_by", "parked_by", "resolved_by", "to_account", "explanation", "parked_at", "resolved_at")),
        "found_at": fact.recorded_at,
        "position": fact.position,
        "last_position": fact.position,
    }


def _break_step(folding: Folding, fact: Fact, **changes: Any) -> None:
    folding.breaks[fact.subject].update(last_position=fact.position, **changes)


def _parking_proposed(folding: Folding, fact: Fact) -> None:
    _break_step(folding, fact, proposal="park", proposed_by=fact.actor)


def _parked(folding: Folding, fact: Fact) -> None:
    _break_step(
        folding, fact, state="parked", proposal=None, proposed_by=None, parked_by=fact.facts["officers"], parked_at=fact.recorded_at
    )


def _resolution_proposed(folding: Folding, fact: Fact) -> None:
    _break_step(folding, fact, proposal="resolve", proposed_by=fact.actor, **_resolution(fact))


def _resolved(folding: Folding, fact: Fact) -> None:
    _break_step(
        folding, fact, state="resolved", proposal=None, proposed_by=None, resolved_by=fact.facts["officers"],
        resolved_at=fact.recorded_at, **_resolution(fact),
    )  # fmt: skip


def _resolution(fact: Fact) -> Row:
    return {"to_account": fact.facts["to_account"] or None, "explanation": fact.facts["explanation"]}


# Compliance cases


def _case_opened(folding: Folding, fact: Fact) -> None:
    folding.cases[fact.subject] = {
        **fact.facts,
        "corridor": folding.corridor,
        "stream": fact.subject,
        "opinions": {},
        "outcome": None,
        "officers": None,
        "opened_at": fact.recorded_at,
        "decided_at": None,
        "position": fact.position,
        "last_position": fact.position,
    }


def _opinion_given(folding: Folding, fact: Fact) -> None:
    case = folding.cases[fact.subject]
    case["opinions"] = {**case["opinions"], fact.actor: fact.facts["opinion"]}
    case["last_position"] = fact.position


def _case_decided(folding: Folding, fact: Fact) -> None:
    folding.cases[fact.subject].update(
        outcome=fact.facts["outcome"], officers=fact.facts["officers"], decided_at=fact.recorded_at, last_position=fact.position
    )


# Rates


def _rates_begun(folding: Folding, fact: Fact) -> None:
    folding.base_currencies[fact.facts["participant"]] = fact.facts["base_currency"]


def _rates_published(folding: Folding, fact: Fact) -> None:
    folding.rate_sheets.append(
        {
            **fact.facts,
            "corridor": folding.corridor,
            "participant": fact.actor,
            "base_currency": folding.base_currencies[fact.actor],
            "published_at": fact.recorded_at,
            "position": fact.position,
        }
    )


def _trail_only(_folding: Folding, _fact: Fact) -> None:
    """The audit trail keeps it; no other table does."""


OVERSIGHT_FOLDS: dict[str, Callable[[Folding, Fact], None]] = {
    "Corridor.Opened.v2": _trail_only,
    "Corridor.TermsAmended.v2": _trail_only,
    "Corridor.KeyRegistered.v1": _trail_only,
    "Corridor.KeyRevoked.v1": _trail_only,
    "SigningKeys.Begun.v1": _trail_only,
    "SigningKeys.KeyProposed.v1": _trail_only,
    "SigningKeys.KeyDeclined.v1": _trail_only,
    "SigningKeys.KeyRegistered.v1": _trail_only,
    "SigningKeys.KeySuspended.v1": _trail_only,
    "SigningKeys.KeySuspensionLifted.v1": _trail_only,
    "SigningKeys.KeyRevoked.v1": _trail_only,
    "Corridor.CycleClosed.v1": _trail_only,
    "Corridor.CycleSettled.v1": _trail_only,
    "Quote.Given.v1": _trail_only,
    "Quote.Used.v1": _trail_only,
    "RateSheet.Begun.v1": _rates_begun,
    "RateSheet.Published.v1": _rates_published,
    "SettlementCycle.Closed.v1": _cycle_closed,
    "SettlementCycle.PaidIn.v1": _cycle_payment("pay_in"),
    "SettlementCycle.PaidOut.v1": _cycle_payment("pay_out"),
    "SettlementCycle.Settled.v1": _cycle_settled,
    "Movement.PositionFunded.v1": _movement("prefund"),
    "Movement.SettlementCharged.v1": _movement("settlement_charge"),
    "Movement.CashMoved.v1": _movement(""),
    "Movement.PayInAnnounced.v1": _movement("pay_in", "announced"),
    "Movement.WithdrawalRequested.v1": _movement("withdrawal", "requested"),
    "Movement.WithdrawalPaid.v1": _withdrawal_paid,
    "ReconciliationBreak.Found.v1": _break_found,
    "ReconciliationBreak.ParkingProposed.v1": _parking_proposed,
    "ReconciliationBreak.Parked.v1": _parked,
    "ReconciliationBreak.ResolutionProposed.v1": _resolution_proposed,
    "ReconciliationBreak.Resolved.v1": _resolved,
    "PersonalData.Read.v1": _trail_only,
    "PersonalData.MessageRead.v1": _trail_only,
    "Person.ErasureProposed.v1": _trail_only,
    "Person.Erased.v1": _trail_only,
    "Retention.Ended.v1": _trail_only,
    "ComplianceCase.Opened.v1": _case_opened,
    "ComplianceCase.OpinionGiven.v1": _opinion_given,
    "ComplianceCase.Decided.v1": _case_decided,
}

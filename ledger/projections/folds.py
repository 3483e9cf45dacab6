"""One table: topic → what its facts change. A topic that is not in it was written by a newer version and stops the runner, since a fact
passed over would never be looked at again."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ledger.errors import LedgerError
from ledger.eventstore.mapper import UnknownEvent
from ledger.projections.facts import Fact
from ledger.projections.fold_accounts import ACCOUNT_FOLDS
from ledger.projections.fold_oversight import OVERSIGHT_FOLDS
from ledger.projections.fold_transfers import TRANSFER_BEGINS, TRANSFER_FOLDS
from ledger.projections.folding import Folding

FOLDS: dict[str, Callable[[Folding, Fact], None]] = {**ACCOUNT_FOLDS, **TRANSFER_FOLDS, **OVERSIGHT_FOLDS}

# Topic -> the table whose row it goes on with; the other topics of these streams begin one.
GOES_ON_WITH: dict[str, str] = {
    **dict.fromkeys(TRANSFER_FOLDS.keys() - {TRANSFER_BEGINS}, "transfers"),
    **dict.fromkeys(("SettlementCycle.PaidIn.v1", "SettlementCycle.PaidOut.v1", "SettlementCycle.Settled.v1"), "cycles"),
    "Movement.WithdrawalPaid.v1": "movements",
    **dict.fromkeys(
        (
            "ReconciliationBreak.ParkingProposed.v1",
            "ReconciliationBreak.Parked.v1",
            "ReconciliationBreak.ResolutionProposed.v1",
            "ReconciliationBreak.Resolved.v1",
        ),
        "breaks",
    ),
    **dict.fromkeys(("ComplianceCase.OpinionGiven.v1", "ComplianceCase.Decided.v1"), "cases"),
}


class FoldFailed(LedgerError):
    """A fact that cannot follow from the ones before it: the log or the tables were changed from outside."""


def needed(facts: Iterable[Fact]) -> dict[str, list[str]]:
    """Table → the streams whose rows these facts go on with and did not begin."""
    begun: set[str] = set()
    wanted: dict[str, dict[str, None]] = {}
    for fact in facts:
        table = GOES_ON_WITH.get(fact.topic)
        if table is None:
            begun.add(fact.subject)
        elif fact.subject not in begun:
            wanted.setdefault(table, {})[fact.subject] = None
    return {table: list(streams) for table, streams in wanted.items()}


def fold(folding: Folding, facts: Iterable[Fact]) -> None:
    """Applies facts in their order. Raises UnknownEvent for a topic from the future, FoldFailed for a fact that cannot be."""
    for fact in facts:
        change = FOLDS.get(fact.topic)
        if change is None:
            raise UnknownEvent(
                f"Event {fact.position} of {folding.corridor} has topic {fact.topic!r}, which these projections do not know. "
                "Run a version at least as new as the one that wrote it."
            )
        try:
            change(folding, fact)
        except (KeyError, TypeError, ValueError) as error:
            raise FoldFailed(
                f"Event {fact.position} of {folding.corridor} ({fact.topic}) does not fit what the projections hold: {error!r}. "
                "Run `corridor verify`: if it finds the log sound, rebuild the projections."
            ) from error

"""How the demo ended: everything it prints, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ledger import verify
from ledger.domain.money import format_amount
from ledger.iso20022.credit_transfer import CreditTransfer
from ledger.messages.taken import Taken
from ledger.projections.audit_trail import TrailEntry
from ledger.projections.balances import Balance, InFlight
from ledger.projections.cycles import Cycle
from ledger.projections.transfers import StateTotal
from ledger.sandbox import story
from ledger.sandbox.paying_bank import Decided
from ledger.sandbox.planted_faults import PlantedFault
from reconciliation.report import Report


@dataclass(frozen=True)
class DemoResult:
    """``added`` is how many events this run appended: none when the demo had been run to its end before. ``reports`` are the nights', the
    oldest first. ``lapsed`` is the code by which an order with a lapsed quote was refused. ``trail`` is that of the transfer ``traced``,
    which was paid and came back in two parts. ``decided`` is what the simulated paying bank did about each transfer it was told of."""

    position: int
    root: str
    added: int
    accounts: tuple[Balance, ...]
    states: tuple[StateTotal, ...]
    flight: InFlight
    cycles: tuple[Cycle, ...]
    imports: tuple[Taken, Taken]
    planted: tuple[PlantedFault, ...]
    lapsed: str
    decided: dict[UUID, Decided]
    reports: tuple[Report, ...]
    traced: CreditTransfer
    trail: tuple[TrailEntry, ...]
    verification: verify.Report

    @property
    def balances(self) -> dict[str, int]:
        """Minor units on each account's normal side."""
        return {found.account: found.balance for found in self.accounts}

    @property
    def faults_named(self) -> bool:
        """Whether the answer to the second file names exactly the faults that were planted in it."""
        named = [(transfer.index, transfer.rule) for transfer in self.imports[1].rejected]
        return named == [(fault.index, fault.rule) for fault in self.planted]

    @property
    def differences_named(self) -> bool:
        """Whether the first night names exactly the three differences that were planted, and no later night another one."""
        first, *later = self.reports
        found = sorted(difference.break_class for difference in first.new_differences)
        return found == sorted(story.PLANTED_DIFFERENCES) and not any(report.new_differences for report in later)

    @property
    def ok(self) -> bool:
        """Whether everything came out as it should; the exit code of the command."""
        return self.verification.ok and self.faults_named and self.differences_named

    def to_json(self) -> dict[str, Any]:
        """For machines: amounts are decimal strings of the account's currency, on its normal side."""
        return {
            "ok": self.ok,
            "position": self.position,
            "root": self.root,
            "added": self.added,
            "balances": {found.account: format_amount(found.balance, found.currency) for found in self.accounts},
            "transfers": {found.state: found.transfers for found in self.states},
            "in_flight": format_amount(self.flight.in_flight, self.flight.currency),
            "files": [
                {"message_id": file.message_id, "taken": len(file.accepted), "rejected": len(file.rejected)} for file in self.imports
            ],
            "faults_named": self.faults_named,
            "differences_named": self.differences_named,
            "differences": [difference.model_dump(mode="json") for difference in self.reports[0].new_differences],
            "verification": self.verification.as_json(),
        }

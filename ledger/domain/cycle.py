"""A settlement cycle: an interval between two boundaries of the log, netted to what each bank pays in or is paid out."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from ledger.domain.aggregate import Aggregate, Decision
from ledger.domain.cycle_events import CycleClosed, CycleSettled, SettlementPaidIn, SettlementPaidOut
from ledger.domain.money import format_amount
from ledger.errors import NotDueInCycle


class SettlementCycle(Aggregate):
    """Decides which payments the cycle expects and when it is settled."""

    TOPIC = "SettlementCycle"

    def __init__(self) -> None:
        self.number = 0
        self.to_boundary = 0
        self.currency = ""
        self.due_in: dict[str, int] = {}
        self.due_out: dict[str, int] = {}
        self.settled = False

    @staticmethod
    def net(
        positions: Mapping[str, int], retained: Mapping[str, int], already_due: Mapping[str, int]
    ) -> tuple[dict[str, int], dict[str, int]]:
        """Pay-ins and pay-outs at the boundary: below zero is to pay in (less what earlier cycles still await), above the retained
        balance is paid the excess."""
        pay_ins = {p: -v - already_due.get(p, 0) for p, v in positions.items() if -v > already_due.get(p, 0)}
        pay_outs = {p: v - retained[p] for p, v in positions.items() if v > retained[p]}
        return pay_ins, pay_outs

    @classmethod
    def close(
        cls,
        stream: UUID,
        by: Decision,
        *,
        number: int,
        from_boundary: int,
        to_boundary: int,
        currency: str,
        positions: dict[str, int],
        pay_ins: dict[str, int],
        pay_outs: dict[str, int],
    ) -> SettlementCycle:
        """The interval ends; a cycle with nothing to pay is settled at once."""
        cycle = cls.begin(
            CycleClosed,
            stream,
            by,
            number=number,
            from_boundary=from_boundary,
            to_boundary=to_boundary,
            currency=currency,
            positions=positions,
            pay_ins=pay_ins,
            pay_outs=pay_outs,
        )
        cycle.settle_if_done(by)
        return cycle

    def paid_in(self, by: Decision, participant: str, amount: int, bank_reference: str) -> None:
        """The settlement bank confirmed a payer's money. Raises NotDueInCycle."""
        self.check_due_in(participant, amount)
        self.record(SettlementPaidIn, by, participant=participant, amount=amount, bank_reference=bank_reference)
        self.settle_if_done(by)

    def paid_out(self, by: Decision, participant: str, amount: int, bank_reference: str) -> None:
        """The settlement bank confirmed that a payee's money left. Raises NotDueInCycle."""
        self.check_due_out(participant, amount)
        self.record(SettlementPaidOut, by, participant=participant, amount=amount, bank_reference=bank_reference)
        self.settle_if_done(by)

    def check_due_in(self, participant: str, amount: int) -> None:
        """Raises NotDueInCycle unless the cycle awaits exactly this pay-in (minor units of the settlement currency)."""
        self._check_due(self.due_in, participant, amount, "pay-in")

    def check_due_out(self, participant: str, amount: int) -> None:
        """Raises NotDueInCycle unless the cycle awaits exactly this pay-out (minor units of the settlement currency)."""
        self._check_due(self.due_out, participant, amount, "pay-out")

    def settle_if_done(self, by: Decision) -> None:
        """A missing payment leaves the cycle open; nothing is unwound."""
        if not self.due_in and not self.due_out and not self.settled:
            self.record(CycleSettled, by)

    def _check_due(self, due: Mapping[str, int], participant: str, amount: int, what: str) -> None:
        if due.get(participant) != amount:
            expected = f"{format_amount(due[participant], self.currency)}" if participant in due else "none"
            raise NotDueInCycle(
                f"Cycle {self.number} expects a {what} of {expected} from or to {participant}, not "
                f"{format_amount(amount, self.currency)}.",
                field="amount", value=format_amount(amount, self.currency), way_out="Confirm what the cycle says is due.",
            )  # fmt: skip

"""A reconciliation break: found by the night job, parked and resolved by two officers each."""

from __future__ import annotations

from datetime import date
from typing import Literal, NoReturn
from uuid import UUID

from ledger.domain.aggregate import Aggregate, Decision
from ledger.domain.break_events import (
    BreakClass,
    BreakFound,
    BreakParked,
    BreakParkingProposed,
    BreakResolutionProposed,
    BreakResolved,
)
from ledger.domain.case import check_officer
from ledger.errors import BreakStepOutOfOrder, CurrencyNotAccepted, NotPermitted, SecondOfficerNeeded

# Accounts that mirror a bank's statement: only these can be parked to it.
MIRRORED_KINDS = ("cash", "settlement_bank")
# Kinds that no adjustment reaches (I15).
NEVER_ADJUSTED = (["in_flight"], ["remuneration"], ["suspense"])


class ReconciliationBreak(Aggregate):
    """Decides what two officers may book to close a difference. It never touches in_flight."""

    TOPIC = "ReconciliationBreak"

    def __init__(self) -> None:
        self.break_id = ""
        self.break_class: BreakClass = "missing_in_ledger"
        self.account = ""
        self.difference = 0
        self.proposal: tuple[str, str, str] | None = None
        self.parked = False
        self.resolved = False

    @classmethod
    def find(
        cls,
        stream: UUID,
        by: Decision,
        *,
        break_id: str,
        break_class: BreakClass,
        account: str,
        difference: int,
        statement: str,
        reference: str,
        business_date: date,
    ) -> ReconciliationBreak:
        """A difference between statement and ledger, known by its id."""
        return cls.begin(
            BreakFound, stream, by, break_id=break_id, break_class=break_class, account=account, difference=difference,
            statement=statement, reference=reference, business_date=business_date,
        )  # fmt: skip

    def second_officer_agrees(self, by: Decision, step: Literal["park", "resolve"], to_account: str) -> bool:
        """Whether this officer confirms what another one proposed.

        Raises NotPermitted, BreakStepOutOfOrder, CurrencyNotAccepted, SecondOfficerNeeded.
        """
        check_officer(by)
        if self.resolved:
            self._refuse("change", "an open break")
        if step == "park" and (self.parked or self.difference == 0 or self.account.split(":")[1] not in MIRRORED_KINDS):
            self._refuse("park", "an open break with a difference on a mirrored account that is not parked yet")
        if step == "resolve" and self.parked != bool(to_account):
            self._refuse("resolve", "a parked break that names an account, or an unparked one that names none")
        if to_account.split(":")[1:2] in NEVER_ADJUSTED:
            raise NotPermitted(
                f"{to_account} is never corrected by officers: in flight and remuneration move by legal steps of a transfer only, and "
                "suspense is where the difference lies already.",
                field="to_account",
                value=to_account,
                way_out="Resolve to another account.",
            )
        currency = self.account.rpartition(":")[2]
        if to_account and to_account.rpartition(":")[2] != currency:
            raise CurrencyNotAccepted(
                f"The difference of break {self.break_id} is in {currency}.",
                field="to_account",
                value=to_account,
                way_out=f"Resolve to an account in {currency}.",
            )
        if self.proposal is None or (self.proposal[0], self.proposal[2]) != (step, to_account):
            return False
        if self.proposal[1] == by.actor:
            raise SecondOfficerNeeded(
                f"{by.actor} proposed this for break {self.break_id}.",
                field="actor",
                value=by.actor,
                way_out="Another officer must confirm it.",
            )
        return True

    def park(self, by: Decision) -> bool:
        """The first officer proposes, another one parks. True when it is thereby parked."""
        if not self.second_officer_agrees(by, "park", ""):
            self.record(BreakParkingProposed, by)
            return False
        self.record(BreakParked, by, officers=(self._first_officer, by.actor))
        return True

    def resolve(self, by: Decision, to_account: str, explanation: str) -> bool:
        """The first officer proposes, another one resolves with the same account. True when it is thereby resolved.

        A parked break names the account the difference belongs to (its own account reverses the parking); an unparked one names none.
        """
        if not self.second_officer_agrees(by, "resolve", to_account):
            self.record(BreakResolutionProposed, by, to_account=to_account, explanation=explanation)
            return False
        officers = (self._first_officer, by.actor)
        self.record(BreakResolved, by, to_account=to_account, explanation=explanation, officers=officers)
        return True

    @property
    def _first_officer(self) -> str:
        assert self.proposal is not None
        return self.proposal[1]

    def _refuse(self, step: str, needed: str) -> NoReturn:
        raise BreakStepOutOfOrder(
            f"Cannot {step} break {self.break_id}.", field="break", value=self.break_id, way_out=f"The step needs {needed}."
        )

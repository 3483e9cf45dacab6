"""The corridor: the terms in force, the cycles that follow one another."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from ledger.domain.aggregate import Aggregate, Decision
from ledger.domain.corridor_events import (
    CorridorCycleClosed,
    CorridorCycleSettled,
    CorridorOpened,
    CorridorTermsAmended,
)
from ledger.domain.terms import Terms
from ledger.errors import CorridorAlreadyOpen, TermsInvalid


class Corridor(Aggregate):
    """Decides which terms are in force."""

    TOPIC = "Corridor"
    SHARED = True

    def __init__(self) -> None:
        self.code = ""
        self.agreements: tuple[Terms, ...] = ()
        self.last_cycle = 0
        self.last_boundary = 0
        self.unsettled_cycles: tuple[int, ...] = ()

    @classmethod
    def open(cls, stream: UUID, by: Decision, terms: Terms) -> Corridor:
        """The corridor begins with its first terms."""
        return cls.begin(CorridorOpened, stream, by, agreement=terms)

    def terms_on(self, day: date) -> Terms:
        """The newest version that is effective on ``day``; before the first one's date, the first."""
        in_force = self.agreements[0]
        for agreement in self.agreements:
            if agreement.effective_from <= day:
                in_force = agreement
        return in_force

    def amend(self, by: Decision, terms: Terms) -> bool:
        """New terms from a date on. False when these very terms are known already. Raises CorridorAlreadyOpen or TermsInvalid."""
        if terms in self.agreements:
            return False
        newest = self.agreements[-1]
        if terms.version == self.agreements[0].version:
            raise CorridorAlreadyOpen(
                f"{self.code} was opened with other terms of version {terms.version}.", field="version", value=terms.version,
                way_out=f"Number amended terms {newest.version + 1}.",
            )  # fmt: skip
        if terms.version != newest.version + 1:
            raise TermsInvalid(
                f"Version {terms.version} cannot follow version {newest.version} of {self.code}.", field="version", value=terms.version,
                way_out=f"Number the amended terms {newest.version + 1}.",
            )  # fmt: skip
        if terms.effective_from < newest.effective_from:
            raise TermsInvalid(
                f"Terms {terms.version} would take effect before terms {newest.version}.", field="effective_from",
                value=terms.effective_from, way_out=f"Choose {newest.effective_from} or later.",
            )  # fmt: skip
        if self._identity(terms) != self._identity(newest):
            raise TermsInvalid(
                "Code, participants and their currencies never change within a corridor.", field="participants", value=terms.code,
                way_out="Open another corridor.",
            )  # fmt: skip
        self.record(CorridorTermsAmended, by, agreement=terms)
        return True

    @staticmethod
    def _identity(terms: Terms) -> tuple[str, str, dict[str, str]]:
        return terms.code, terms.settlement.currency, {key: p.currency for key, p in terms.participants.items()}

    def close_cycle(self, by: Decision, boundary: int) -> int:
        """The number of the cycle that ends at ``boundary``. One in which nothing is due is settled at once."""
        number = self.last_cycle + 1
        self.record(CorridorCycleClosed, by, number=number, boundary=boundary)
        return number

    def settle_cycle(self, by: Decision, number: int) -> None:
        """Every payment of the cycle is confirmed."""
        self.record(CorridorCycleSettled, by, number=number)

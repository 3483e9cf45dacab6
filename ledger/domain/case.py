"""A compliance case: four eyes, enforced here and not by a screen."""

from __future__ import annotations

from uuid import UUID

from ledger.domain.aggregate import Aggregate, Decision
from ledger.domain.case_events import CaseDecided, CaseKind, CaseOpened, CaseOpinionGiven, Opinion
from ledger.errors import CaseAlreadyDecided, NotPermitted, SecondOfficerNeeded

OFFICER = "officer:"


def check_officer(by: Decision) -> None:
    """Raises NotPermitted unless a compliance officer acts."""
    if not by.actor.startswith(OFFICER):
        raise NotPermitted(f"{by.actor} is not an officer.", field="actor", value=by.actor, way_out="Let an officer act.")


class ComplianceCase(Aggregate):
    """Decides by the agreement of two different officers."""

    TOPIC = "ComplianceCase"

    def __init__(self) -> None:
        self.case = ""
        self.kind: CaseKind = "hold"
        self.uetr: UUID
        self.opinions: dict[str, Opinion] = {}
        self.outcome: Opinion | None = None

    @classmethod
    def open(cls, stream: UUID, by: Decision, *, case: str, kind: CaseKind, uetr: UUID) -> ComplianceCase:
        """A case about one transfer."""
        return cls.begin(CaseOpened, stream, by, case=case, kind=kind, uetr=uetr)

    def outcome_with(self, by: Decision, opinion: Opinion) -> Opinion | None:
        """What the case comes to if this officer says so: decided as soon as another officer said the same, else None.

        A freeze can only be lifted: opinions against that are kept and leave its case open, so that it can still be lifted later.

        Raises NotPermitted, CaseAlreadyDecided, SecondOfficerNeeded (an officer who repeats an opinion).
        """
        check_officer(by)
        if self.outcome is not None:
            raise CaseAlreadyDecided(f"Case {self.case} was decided.", field="case", value=self.case, way_out="Nothing is left to do.")
        if self.opinions.get(by.actor) == opinion:
            raise SecondOfficerNeeded(
                f"{by.actor} gave this opinion on case {self.case} before.",
                field="actor",
                value=by.actor,
                way_out="Another officer must give the second opinion.",
            )
        upheld = self.kind == "freeze" and opinion == "reject"
        return opinion if self._agreeing(by, opinion) and not upheld else None

    def give_opinion(self, by: Decision, opinion: Opinion, reasons: str) -> None:
        """One officer's opinion; the second agreeing one decides."""
        outcome = self.outcome_with(by, opinion)
        agreeing = self._agreeing(by, opinion)
        self.record(CaseOpinionGiven, by, opinion=opinion, reasons=reasons)
        if outcome is not None:
            self.record(CaseDecided, by, outcome=outcome, officers=(agreeing[0], by.actor))

    def _agreeing(self, by: Decision, opinion: Opinion) -> list[str]:
        return [officer for officer, said in self.opinions.items() if said == opinion and officer != by.actor]

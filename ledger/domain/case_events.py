"""What can happen to a compliance case. Opinions carry commitments only; their texts stand in the owner's vault."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from ledger.domain.aggregate import CreatedEvent, DecidedEvent

CaseKind = Literal["hold", "freeze"]
Opinion = Literal["clear", "reject"]


class CaseOpened(CreatedEvent):
    TOPIC = "ComplianceCase.Opened.v1"
    case: str
    kind: CaseKind
    uetr: UUID

    def apply(self, aggregate: Any) -> None:
        aggregate.case = self.case
        aggregate.kind = self.kind
        aggregate.uetr = self.uetr


class CaseOpinionGiven(DecidedEvent):
    """``reasons`` is the salted commitment to the officer's words, hex."""

    TOPIC = "ComplianceCase.OpinionGiven.v1"
    opinion: Opinion
    reasons: str

    def apply(self, aggregate: Any) -> None:
        aggregate.opinions = {**aggregate.opinions, self.actor: self.opinion}


class CaseDecided(DecidedEvent):
    """Two different officers agree."""

    TOPIC = "ComplianceCase.Decided.v1"
    outcome: Opinion
    officers: tuple[str, str]

    def apply(self, aggregate: Any) -> None:
        aggregate.outcome = self.outcome

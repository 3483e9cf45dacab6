"""Compliance cases: an officer's opinion, and what it came to."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from api.schemas.parts import CommandBody, Decided, Random, Taken, with_example
from api.schemas.transfers import DECIDED, UETR, TransferState
from ledger.projections.cases import CaseRow

CASE = f"hold-{UETR}"
SHOWN: dict[str, Any] = {
    "case": CASE,
    "kind": "hold",
    "uetr": UETR,
    "opinions": {"officer:amina": "clear"},
    "outcome": "open",
    "opened_at": "2026-03-27T09:00:00Z",
}


class OpinionBody(CommandBody):
    """One officer's opinion. The second officer of the same opinion decides the case."""

    model_config = with_example({"opinion": "clear", "reasons": "Namesake: another date of birth and another town."})

    opinion: Literal["clear", "reject"]
    reasons: str = Field(
        min_length=1, max_length=2000, repr=False, description="The officer's words. They go into the vault; the log keeps a commitment."
    )
    random: Random = ""


class OpinionTaken(Decided):
    """The case after an opinion: ``open``, ``clear`` or ``reject``."""

    model_config = with_example({**DECIDED, "case": CASE, "outcome": "open", "uetr": UETR, "state": "held"})

    case: str
    outcome: Literal["open", "clear", "reject"]
    uetr: UUID
    state: TransferState


class CaseView(BaseModel):
    """One case about a transfer: a ``hold`` before funding or a ``freeze`` after it."""

    model_config = with_example(SHOWN)

    case: str
    kind: Literal["hold", "freeze"]
    uetr: UUID
    opinions: dict[str, Literal["clear", "reject"]] = Field(description="By officer.")
    outcome: Literal["open", "clear", "reject"]
    officers: list[str] | None = Field(default=None, description="The two who decided it.")
    opened_at: datetime
    decided_at: datetime | None = None

    @classmethod
    def of(cls, row: CaseRow) -> CaseView:
        return cls(
            case=row.case,
            kind=row.kind,
            uetr=row.uetr,
            opinions=row.opinions,
            outcome=row.outcome or "open",
            officers=row.officers,
            opened_at=row.opened_at,
            decided_at=row.decided_at,
        )


class CaseShown(Taken, CaseView):
    """One case, and the boundary it was read at."""

    model_config = with_example({"position": 1208, **SHOWN})


class CasePage(Taken):
    """Cases in log order."""

    model_config = with_example({"position": 1208, "cases": [SHOWN], "next": "1203-0"})

    cases: list[CaseView]
    next: str | None = Field(default=None, description="The cursor of the page that follows; absent on the last one.")

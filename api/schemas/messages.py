"""The answer to a file of messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from api.schemas.parts import with_example
from api.schemas.transfers import UETR
from ledger.messages.credit_transfers import ImportReport
from ledger.messages.taken import Outcome

TAKEN: dict[str, Any] = {"index": 1, "uetr": UETR, "end_to_end_id": "E2E-4711", "status": "ACSP", "position": 1208}
TURNED_AWAY: dict[str, Any] = {
    "index": 2,
    "uetr": "0d2b6c0e-41a3-4c84-9f3a-7f3a0c6b2e55",
    "end_to_end_id": "E2E-4712",
    "status": "RJCT",
    "reason": "AM02",
    "rule": "amount-over-limit",
    "field": "amount",
    "sentence": "90000.00 MAD is above the limit of 50000.00 for one transfer. Send at most 50000.00 MAD.",
    "position": 1208,
}


class TransferAnswer(BaseModel):
    """The answer to one transfer of the file; ``index`` counts from 1."""

    model_config = with_example(TAKEN)

    index: int
    uetr: UUID | None = None
    instruction_id: str | None = None
    end_to_end_id: str | None = None
    status: str = Field(description="ACTC, ACSP, PDNG or RJCT.")
    reason: str | None = Field(default=None, description="For RJCT: ISO 20022 ExternalStatusReason1Code.")
    rule: str | None = Field(default=None, description="For RJCT: the rule it broke, or the code of the refusal.")
    field: str | None = None
    sentence: str | None = Field(default=None, description="What is wrong, and what to do. Never personal.")
    position: int | None = Field(default=None, description="Where the answer stands in the log; absent when the transfer was unreadable.")

    @classmethod
    def of(cls, outcome: Outcome) -> TransferAnswer:
        """Empty texts are left out."""
        return cls(**{name: getattr(outcome, name) or None for name in cls.model_fields if name not in ("index", "status")},
                   index=outcome.index, status=outcome.status)  # fmt: skip


class FileAnswer(BaseModel):
    """The answer to a file as a whole: each of its transfers is taken or turned away by itself."""

    model_config = with_example(
        {
            "position": 1208,
            "message_id": "ABB-20260327-0001",
            "received_at": "2026-03-27T09:00:00Z",
            "recognised": False,
            "taken": 1,
            "rejected": 1,
            "transfers": [TAKEN, TURNED_AWAY],
        }
    )

    position: int = Field(description="Reads that ask for at least this log position see every transfer of the file.")
    message_id: str
    received_at: datetime = Field(description="When the file first came.")
    recognised: bool = Field(description="Whether it had come before; then nothing was added.")
    taken: int
    rejected: int
    transfers: list[TransferAnswer]

    @classmethod
    def of(cls, report: ImportReport) -> FileAnswer:
        return cls(
            position=report.position,
            message_id=report.message_id,
            received_at=report.received_at,
            recognised=report.recognised,
            taken=len(report.taken),
            rejected=len(report.rejected),
            transfers=[TransferAnswer.of(outcome) for outcome in report.transfers],
        )

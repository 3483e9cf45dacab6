"""The answer to a message."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from api.schemas.parts import with_example
from api.schemas.transfers import UETR
from ledger.messages.taken import Outcome, Taken

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
    """The answer to one transaction of the message; ``index`` counts from 1."""

    model_config = with_example(TAKEN)

    index: int
    uetr: UUID | None = None
    instruction_id: str | None = None
    end_to_end_id: str | None = None
    status: str = Field(description="ACTC, ACSP, PDNG or RJCT; ACCP where it is taken note of and has no status of its own.")
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
    """The answer to a message as a whole: each of its transactions is taken or turned away by itself."""

    model_config = with_example(
        {
            "position": 1208,
            "message": "pacs.008",
            "version": "pacs.008.001.08",
            "status": "part",
            "message_id": "ABB-20260327-0001",
            "received_at": "2026-03-27T09:00:00Z",
            "recognised": False,
            "taken": 1,
            "rejected": 1,
            "transfers": [TAKEN, TURNED_AWAY],
        }
    )

    position: int = Field(description="Reads that ask for at least this log position see all that the message did.")
    message: str = Field(description="Its kind.")
    version: str = Field(description="What it was read as.")
    status: str = Field(description="accepted, part or rejected.")
    message_id: str
    received_at: datetime = Field(description="When the message first came.")
    recognised: bool = Field(description="Whether it had come before; then nothing was added.")
    taken: int
    rejected: int
    transfers: list[TransferAnswer]

    @classmethod
    def of(cls, taken: Taken) -> FileAnswer:
        return cls(
            position=taken.position,
            message=taken.message,
            version=taken.version,
            status=taken.status,
            message_id=taken.message_id,
            received_at=taken.received_at,
            recognised=taken.recognised,
            taken=len(taken.accepted),
            rejected=len(taken.rejected),
            transfers=[TransferAnswer.of(outcome) for outcome in taken.items],
        )

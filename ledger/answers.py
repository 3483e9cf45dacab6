"""What goes into the batcher and what comes out of it: requests, receipts, and the answers that receipts keep."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import json
from pydantic_core import from_json

from ledger.commands import Command
from ledger.domain import ids
from ledger.errors import Refusal
from ledger.eventstore.records import Evidence, Receipt

_to_json = json.Encoder().encode


class Request(NamedTuple):
    """A command with what its receipt will need: the fingerprint of the bytes that asked for it, and which key made it; and the signed
    request that they came in, where one did."""

    command: Command
    fingerprint: bytes
    fingerprint_key: UUID | None = None
    evidence: Evidence | None = None

    @property
    def digest(self) -> bytes:
        return ids.receipt_digest(self.command.actor, self.command.idempotency_key)


class Answered(NamedTuple):
    """What a caller gets: the receipt of its command, and whether it had been answered before."""

    receipt: Receipt
    replayed: bool


class Answer(NamedTuple):
    """A stored answer, read: exactly one of ``result`` and ``refusal`` is there. ``position`` is the boundary it was committed at."""

    position: int
    recorded_at: datetime
    result: dict[str, Any] | None
    refusal: dict[str, Any] | None
    replayed: bool


def encode_answer(outcome: dict[str, Any] | Refusal) -> bytes:
    """The stored answer: the handler's ids and positions, or the refusal in words."""
    if isinstance(outcome, Refusal):
        return _to_json(
            {
                "refusal": {
                    "code": outcome.code,
                    "detail": outcome.detail,
                    "field": outcome.field,
                    "value": outcome.value,
                    "way_out": outcome.way_out,
                    "transient": outcome.transient,
                }
            }
        )
    return _to_json({"result": outcome})


def decode_answer(answered: Answered) -> Answer:
    """The answer that a receipt keeps."""
    said = from_json(answered.receipt.answer)
    return Answer(answered.receipt.position, answered.receipt.recorded_at, said.get("result"), said.get("refusal"), answered.replayed)


# A transfer in one of these was not sent onward yet; to a bank all of them are one, so that a hold tips nobody off.
NOT_SENT_ONWARD = ("initiated", "held", "cleared", "funded")


def told_to_a_bank(refusal: Mapping[str, Any]) -> Mapping[str, Any]:
    """A stored refusal as a bank is told it: one that quotes a state of a transfer not sent onward says no more than that it is pending."""
    state = refusal["value"]
    if refusal["field"] != "state" or state not in NOT_SENT_ONWARD:
        return refusal
    return {**refusal, "value": "pending", "detail": refusal["detail"].replace(f"it is {state}", "it is pending")}

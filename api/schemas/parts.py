"""What all bodies have in common: strict reading, amounts, references, and where the log stood."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.errors import RequestInvalid
from ledger.batching import Answer
from ledger.domain.money import format_amount, parse_amount
from ledger.errors import CurrencyNotAccepted

ChargeBearer = Literal["DEBT", "SHAR", "CRED", "SLEV"]

Reference = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:+-]{0,79}$"),
    Field(description="An id of the sender's own: letters, digits and . _ : + - only. Never personal."),
]
MessageReference = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:+-]{0,34}$"),
    Field(description="As a reference, within the 35 characters that messages have room for. Never personal."),
]
Cause = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9._:/+-]{0,64}$"),
    Field(description="What made the caller act, as an id of its own; it is kept with the events. Never personal."),
]
Participant = Annotated[str, StringConstraints(pattern="^[a-z]{2,8}$"), Field(description="A bank of the corridor.", examples=["psbc"])]
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$"), Field(description="ISO 4217.", examples=["MAD"])]
AmountText = Annotated[
    str,
    Field(
        max_length=64,
        description="A decimal string with a point and at most the currency's decimals, above zero.",
        examples=["1000.00"],
    ),
]
ReasonCode = Annotated[
    str, StringConstraints(pattern="^[A-Z0-9]{4}$"), Field(description="A code of the ISO 20022 external code sets.", examples=["AC04"])
]


def with_example(example: dict[str, Any]) -> ConfigDict:
    """The configuration of a body that the documentation shows by ``example``."""
    return ConfigDict(extra="forbid", hide_input_in_errors=True, json_schema_extra={"examples": [example]})


class CommandBody(BaseModel):
    """The body of a command that says no more than what its path says."""

    model_config = with_example({"cause": "pacs.002/STS-88210"})

    cause: Cause = ""


Random = Annotated[
    str,
    Field(
        max_length=64,
        repr=False,
        description="Random characters of the sender's, 22 or more. The signed digest of this body is kept as evidence; with them in it, "
        "nobody can guess the body back from its digest once the people in it were erased.",
        examples=["Jv8PMhGbY7nTgKYiFJlHqw"],
    ),
]


class Money(BaseModel):
    """An amount in its currency."""

    model_config = with_example({"amount": "1000.00", "currency": "MAD"})

    amount: str = Field(description="A decimal string; negative where the text beside it says that it may be.")
    currency: str = Field(description="ISO 4217.")

    @classmethod
    def of(cls, minor: int, currency: str) -> Money:
        """From minor units."""
        return cls(amount=format_amount(minor, currency), currency=currency)


class Decided(BaseModel):
    """The answer to a command: ``position`` is the log position by which it is durable; reads accept it as ``at_least``."""

    model_config = with_example({"position": 1208, "recorded_at": "2026-03-27T09:00:00Z"})

    position: int = Field(description="The log position at which the command's commit ended.")
    recorded_at: datetime = Field(description="The instant the commit bears.")

    @staticmethod
    def facts(answer: Answer) -> dict[str, Any]:
        """``position`` and ``recorded_at`` of an answer."""
        return {"position": answer.position, "recorded_at": answer.recorded_at}


class Taken(BaseModel):
    """The answer to a read: ``position`` is the boundary of the log at which it was taken."""

    model_config = with_example({"position": 1208})

    position: int = Field(description="The boundary of the log at which this was read; the books balance there.")


def result_of(answer: Answer) -> dict[str, Any]:
    """The result of an answer that is no refusal."""
    assert answer.result is not None
    return answer.result


def minor_units(amount: str, currency: str, *, field: str = "amount") -> int:
    """The amount in minor units. Raises AmountInvalid, or RequestInvalid for a currency that ISO 4217 does not know."""
    try:
        return parse_amount(amount, currency, field=field)
    except CurrencyNotAccepted as refusal:
        raise RequestInvalid(refusal.detail, field="currency", value=currency, way_out=refusal.way_out) from None

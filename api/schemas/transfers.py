"""What is asked of a transfer, and what a command on it answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import UUID4, AwareDatetime, BaseModel, Field, StringConstraints

from api.schemas.parts import (
    AmountText,
    Cause,
    ChargeBearer,
    CommandBody,
    Currency,
    Decided,
    MessageReference,
    Participant,
    Random,
    ReasonCode,
    Reference,
    with_example,
)
from ledger.intake import PartyDetails

UETR = "8a562c67-ca16-48ba-b074-65581be6f011"
DECIDED: dict[str, Any] = {"position": 1208, "recorded_at": "2026-03-27T09:00:00Z"}

TransferState = Literal[
    "pending", "initiated", "held", "cleared", "rejected", "funded", "dispatched", "accepted", "paid", "returned", "refused", "cancelled",
    "expired", "refunded",
]  # fmt: skip
Evidence = Annotated[str, StringConstraints(pattern="^[a-z_]{1,40}$")]


class ConditionBody(BaseModel):
    """What the transfer waits for after funding, who confirms it, and until when."""

    model_config = with_example(
        {"kind": "parcel_delivered", "reference": "RR123456785MA", "confirmed_by": "psbc", "deadline": "2026-04-10T16:00:00Z"}
    )

    kind: Literal["parcel_delivered", "document_presented"]
    reference: Reference
    confirmed_by: Participant
    deadline: AwareDatetime


class TransferBody(BaseModel):
    """A transfer. Sending it is the debtor agent's statement that it holds the money."""

    model_config = with_example(
        {
            "uetr": UETR,
            "creditor_agent": "psbc",
            "product": "account_to_account",
            "purpose": "DEPD",
            "evidence": ["identity", "kinship"],
            "charge_bearer": "DEBT",
            "amount": "1000.00",
            "currency": "MAD",
            "debtor": {"name": "Yasmina Testouni", "town": "Rabat", "country": "MA"},
            "creditor": {
                "name": "Wei Shili",
                "native_name": "魏实例",
                "town": "Beijing",
                "country": "CN",
                "account": "6210000000000000000",
            },
            "end_to_end_id": "E2E-4711",
            "remittance": "Support for March",
            "random": "Jv8PMhGbY7nTgKYiFJlHqw",
        }
    )

    uetr: UUID4 = Field(description="The unique end-to-end transaction reference, a random UUID (version 4), of the sender's choice.")
    creditor_agent: Participant
    product: str = Field(pattern="^[a-z_]{1,40}$", description="One of the products the terms list for this direction.")
    purpose: str = Field(pattern="^[A-Z0-9]{1,4}$", description="ISO 20022 ExternalPurpose1Code, one that the terms list.")
    evidence: list[Evidence] = Field(default=[], max_length=20, description="The evidence the debtor agent holds.")
    charge_bearer: ChargeBearer = "DEBT"
    amount: AmountText
    currency: Currency = Field(description="The debtor agent's own currency.")
    quote: UUID | None = Field(default=None, description="A quote to use; without one the rate sheets in force apply.")
    debtor: PartyDetails
    creditor: PartyDetails
    end_to_end_id: str = Field(default="", max_length=35, repr=False)
    remittance: str = Field(default="", max_length=140, repr=False)
    condition: ConditionBody | None = None
    cause: Cause = ""
    random: Random = ""


class TransferMoved(Decided):
    """Where a transfer stands after a command. ``pending`` to a bank: not sent onward yet, for whatever reason."""

    model_config = with_example({**DECIDED, "uetr": UETR, "state": "paid"})

    uetr: UUID
    state: TransferState


class TransferInitiated(TransferMoved):
    """Where a new transfer stands."""

    model_config = with_example({**DECIDED, "uetr": UETR, "state": "dispatched"})

    collection_code: str | None = Field(
        default=None, description="For cash payout: the one-time code that the debtor passes on to the creditor. Told to nobody else."
    )


class TransferFrozen(TransferMoved):
    """A transfer that an officer stopped, and the case that two officers now decide."""

    model_config = with_example({**DECIDED, "uetr": UETR, "state": "dispatched", "case": f"freeze-{UETR}-4"})

    case: str


class PayBody(CommandBody):
    """The creditor has the money, or for cash: may have it now."""

    model_config = with_example({"identity_checked": True, "code": "4182905517"})

    identity_checked: bool = Field(default=False, description="For cash: the creditor's identity document was checked.")
    code: str = Field(default="", pattern="^[0-9]{0,20}$", repr=False, description="For cash: the one-time code the creditor showed.")


class RefuseBody(CommandBody):
    """The creditor agent will not pay."""

    model_config = with_example({"reason": "AC04"})

    reason: ReasonCode = Field(description="ISO 20022 ExternalStatusReason1Code.")


class ReturnBody(CommandBody):
    """Part of what was paid comes back."""

    model_config = with_example({"return_id": "RTR-1", "amount": "240.00", "currency": "CNY", "reason": "AC06"})

    return_id: MessageReference = Field(description="Makes this part unique within the transfer.")
    amount: AmountText
    currency: Currency = Field(description="The creditor agent's own currency.")
    reason: ReasonCode = Field(description="ISO 20022 ExternalReturnReason1Code.")


class RecallBody(CommandBody):
    """The debtor agent asks for the money back (camt.056)."""

    model_config = with_example({"recall": "CASE-7", "reason": "DUPL"})

    recall: MessageReference = Field(description="The case id, unique within the transfer.")
    reason: ReasonCode = Field(description="ISO 20022 ExternalCancellationReason1Code.")


class RecallAnswerBody(CommandBody):
    """The creditor agent's answer to a recall (camt.029)."""

    model_config = with_example({"agreed": True, "reason": "CUST"})

    agreed: bool
    reason: ReasonCode


class ConditionMetBody(CommandBody):
    """What the transfer waited for has happened."""

    model_config = with_example({"reference": "RR123456785MA"})

    reference: Reference


class ResolveUnknownBody(CommandBody):
    """What became of a transfer on which the creditor agent was silent; ``pending`` lifts the flag only."""

    model_config = with_example({"outcome": "paid"})

    outcome: Literal["paid", "refused", "pending"]
    reason: ReasonCode | None = Field(default=None, description="For refused: ISO 20022 ExternalStatusReason1Code.")
    identity_checked: bool = False
    code: str = Field(default="", pattern="^[0-9]{0,20}$", repr=False)

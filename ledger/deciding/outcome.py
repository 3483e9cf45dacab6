"""What handlers return, and the guards that several of them share."""

from __future__ import annotations

from typing import Any

from ledger import commands as c
from ledger.domain.transfer import Transfer
from ledger.errors import (
    AmountInvalid,
    NotPermitted,
    Refusal,
)

Result = dict[str, Any]
"""Ids stand in it as they are; they become text where the answer is written."""
Outcome = Result | Refusal


def transfer_result(transfer: Transfer) -> Result:
    return {"uetr": transfer.id, "state": transfer.state}


def check_amount(command: c.AskQuote | c.InitiateTransfer | c.ReturnTransfer | c.MovementCommand) -> None:
    if command.amount <= 0:
        raise AmountInvalid("The amount is not above zero.", field="amount", value=command.amount, way_out="Send an amount above zero.")


def check_operator(command: c.Command) -> None:
    if not command.actor.startswith(("operator:", "system:")):
        raise NotPermitted(
            f"{command.actor} cannot operate the corridor.", field="actor", value=command.actor, way_out="Let an operator do it."
        )

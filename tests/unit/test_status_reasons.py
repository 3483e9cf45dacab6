"""Refusals told to partners: each by a code of the external set, those that a file can meet all by one of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger import errors
from ledger.iso20022.rules import Rule
from ledger.iso20022.status_reasons import STATUS_REASONS, status_reason

# What InitiateTransfer can be refused for.
MET_BY_A_FILE = (
    errors.AmountInvalid, errors.CurrencyNotAccepted, errors.AmountOverLimit, errors.AmountUnderLimit, errors.UnknownParticipant,
    errors.PurposeUnknown, errors.ProductUnknown, errors.EvidenceMissing, errors.PartyFieldMissing, errors.CalendarExhausted,
    errors.RateMissing, errors.QuoteUnknown, errors.QuoteExpired, errors.QuoteAlreadyUsed, errors.QuoteDiffers,
    errors.StatedAmountDiffers, errors.UetrAlreadyUsed, errors.AccountFrozen, errors.AccountClosed, errors.FloorReached,
    errors.NotPermitted,
)  # fmt: skip
# What only a status, a return or a question of a bank can be refused for.
MET_BY_ANSWERS = (errors.TransferUnknown, errors.ReturnExceedsPayment, errors.ReturnAlreadyBooked)


def test_every_refusal_that_a_file_can_meet_has_a_code() -> None:
    """And none stands in the table that no message can meet."""
    assert set(STATUS_REASONS) == {*MET_BY_A_FILE, *MET_BY_ANSWERS}


@pytest.mark.parametrize(
    ("code", "field", "reason"),
    [
        ("amount-over-limit", "amount", "AM02"),
        ("currency-not-accepted", "currency", "AM03"),
        ("account-closed", "account", "AC04"),
        ("party-field-missing", "debtor.birth_date", "RR02"),
        ("party-field-missing", "creditor.town", "RR03"),
        ("party-field-missing", "", "RR12"),
        ("step-out-of-order", "state", "NARR"),
        ("malformed", "creditor.name", "NARR"),
    ],
)
def test_a_refusal_is_told_by_its_code(code: str, field: str, reason: str) -> None:
    """A missing field is told by whose field it is; what has no code of its own is narrative."""
    assert status_reason(code, field) == reason


def test_every_code_is_of_the_external_set(conformance_data: Path) -> None:
    """Of the refusals' table and of the reader's rules alike."""
    [published] = conformance_data.rglob("*__external_status_reason_code.json")
    known = set(json.loads(published.read_text(encoding="utf-8"))["codes"])
    used = {*STATUS_REASONS.values(), *(rule.reason_code for rule in Rule), "RR02", "RR03", "NARR"}
    assert used - known == set()

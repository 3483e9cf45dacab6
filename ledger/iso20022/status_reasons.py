"""What a refusal of the ledger is called in a status message: one table from our rules to ISO 20022 ExternalStatusReason1Code.

A message carries the external code for the partner's machines and our own rule beside it for its people, so no refusal that stands
here loses its meaning. A rule without a code of its own is told as narrative (NARR).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger import errors

NARRATIVE: Final = "NARR"

STATUS_REASONS: Final[Mapping[type[errors.Refusal], str]] = {
    # Money
    errors.AmountInvalid: "AM12",
    errors.CurrencyNotAccepted: "AM03",
    errors.AmountOverLimit: "AM02",
    errors.AmountUnderLimit: "AM06",
    # Terms
    errors.UnknownParticipant: "RC04",
    errors.PurposeUnknown: "FF07",
    errors.ProductUnknown: "FF05",
    errors.EvidenceMissing: "RR05",
    errors.PartyFieldMissing: "RR12",
    errors.CalendarExhausted: "DT04",
    # Rates and quotes
    errors.RateMissing: "ED06",
    errors.QuoteUnknown: "CH16",
    errors.QuoteExpired: "AB03",
    errors.QuoteAlreadyUsed: "AM05",
    errors.QuoteDiffers: "AM09",
    errors.StatedAmountDiffers: "AM09",
    # Transfer and accounts
    errors.TransferUnknown: "AG09",
    errors.UetrAlreadyUsed: "DU03",
    errors.ReturnExceedsPayment: "AM09",
    errors.ReturnAlreadyBooked: "AM05",
    errors.AccountFrozen: "AC06",
    errors.AccountClosed: "AC04",
    errors.FloorReached: "AM04",
    errors.NotPermitted: "RC03",
}

_BY_CODE: Final = {refusal.code: reason for refusal, reason in STATUS_REASONS.items()}
# Which party lacks a field decides between two codes of the set.
_PARTY_REASONS: Final = {"debtor": "RR02", "creditor": "RR03"}


def status_reason(refusal_code: str, field: str = "") -> str:
    """ExternalStatusReason1Code of a refusal's ``code``; ``field`` is the input it names."""
    if refusal_code == errors.PartyFieldMissing.code:
        return _PARTY_REASONS.get(field.partition(".")[0], STATUS_REASONS[errors.PartyFieldMissing])
    return _BY_CODE.get(refusal_code, NARRATIVE)

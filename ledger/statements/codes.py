"""What kind of transaction an entry is to the bank that reads it: ISO 20022 bank transaction codes (external sets for domain, family and
sub-family), and beside them our own word."""

from __future__ import annotations

from ledger.iso20022.statement import BankTransactionCode

ISSUER = "corridor-ledger"

# entry -> (domain, family, sub-family)
_CODES: dict[str, tuple[str, str, str]] = {
    # A customer's transfer across the border: the debtor agent's part is issued, the creditor agent's received.
    "funding": ("PMNT", "ICDT", "XBCT"),
    "payout": ("PMNT", "RCDT", "XBCT"),
    # Given back: what was issued comes back, what was received goes back (payment return).
    "refund": ("PMNT", "ICDT", "RRTN"),
    "return": ("PMNT", "RCDT", "RRTN"),
    # Between the banks.
    "prefund": ("PMNT", "RCDT", "FICT"),
    "pay_in": ("PMNT", "RCDT", "FICT"),
    "withdrawal": ("PMNT", "ICDT", "FICT"),
    "cycle_close": ("PMNT", "ICDT", "FICT"),
    "settlement_charge": ("ACMT", "MDOP", "CHRG"),
}
_RETURN_TO_THE_SENDER = ("PMNT", "ICDT", "RRTN")
# Adjustments by two officers: miscellaneous credit and debit operations.
_ADJUSTED_UP, _ADJUSTED_DOWN = ("ACMT", "MCOP", "ADJT"), ("ACMT", "MDOP", "ADJT")


def code_of(entry: str, minor: int) -> BankTransactionCode:
    """The code of an entry by its kind, and by its side where that tells two things apart: a return is a credit to the bank that sent."""
    found = _CODES.get(entry)
    if found is None:
        found = _ADJUSTED_UP if minor > 0 else _ADJUSTED_DOWN
    elif entry == "return" and minor > 0:
        found = _RETURN_TO_THE_SENDER
    return BankTransactionCode(*found, proprietary=entry, proprietary_issuer=ISSUER)

"""What a pacs.008 tells the creditor agent beside who gets what from whom: what banks charged, and what is to be paid out.

The amount that the creditor receives is fixed by the quote, in the creditor agent's own currency, which may be neither that of the
instructed nor that of the settlement amount. The standard has no element for it, so it stands in an instruction for the creditor agent::

    <InstrForCdtrAgt><InstrInf>/PAYOUT/CNY720.00</InstrInf></InstrForCdtrAgt>

Instructions in other words are left alone.
"""

from __future__ import annotations

import re

from lxml import etree

from ledger.domain.money import decimals, format_amount, parse_amount
from ledger.errors import CurrencyNotAccepted, Malformed, Refusal
from ledger.iso20022.checked import CheckedFields
from ledger.iso20022.credit_transfer import Charge, CreditTransfer
from ledger.iso20022.elements import add_agent, branch, leaf
from ledger.iso20022.parties import Agent
from ledger.iso20022.rules import Rule
from ledger.iso20022.values import plain_decimal, read_decimal

_PAYOUT = re.compile(r"/PAYOUT/([A-Z]{3})([0-9]{1,15}(?:\.[0-9]{1,3})?)")


def read_charges(checked: CheckedFields) -> tuple[Charge, ...]:
    """Every ChrgsInf. An amount of nothing is allowed: it says that nothing was taken."""
    if not checked.fields.has("ChrgsInf"):
        return ()
    found = (_charge(checked, sibling) for sibling in checked.fields.siblings("ChrgsInf"))
    return tuple(charge for charge in found if charge is not None)


def _charge(checked: CheckedFields, path: str) -> Charge | None:
    at = f"{path}/Amt"
    text, currency = plain_decimal(checked.fields.text(at) or ""), checked.fields.text(f"{at}@Ccy")
    agent = checked.agent(f"{path}/Agt") or Agent()
    if currency is None:
        checked.breach(Rule.CURRENCY_MISSING, f"{at}/@Ccy")
        return None
    try:
        places = decimals(currency)
    except CurrencyNotAccepted:
        checked.breach(Rule.CURRENCY_UNKNOWN, f"{at}/@Ccy", currency)
        return None
    if text is None or text.startswith("-") or read_decimal(text, digits_max=18, decimals_max=places) is None:
        checked.breach(Rule.AMOUNT_INVALID, at)
        return None
    return Charge(parse_amount(text, currency, allow_zero=True), currency, agent)


def add_charges(parent: etree._Element, transfer: CreditTransfer) -> None:
    """Appends a ChrgsInf for each charge."""
    for charge in transfer.charges:
        element = branch(parent, "ChrgsInf")
        leaf(element, "Amt", format_amount(charge.minor, charge.currency), Ccy=charge.currency)
        add_agent(element, "Agt", charge.agent)


def read_payout(checked: CheckedFields) -> tuple[int, str] | None:
    """What the creditor receives, as (minor units, currency); None where the message fixes nothing."""
    if not checked.fields.has("InstrForCdtrAgt"):
        return None
    for sibling in checked.fields.siblings("InstrForCdtrAgt"):
        found = _PAYOUT.fullmatch(checked.fields.text(f"{sibling}/InstrInf") or "")
        if found is not None:
            try:
                return parse_amount(found[2], found[1]), found[1]
            except (Refusal, Malformed):
                checked.breach(Rule.AMOUNT_INVALID, f"{sibling}/InstrInf")
    return None


def add_payout(parent: etree._Element, transfer: CreditTransfer) -> None:
    """Appends the instruction what to pay out, where that is fixed."""
    if transfer.payout_minor is not None and transfer.payout_currency is not None:
        amount = format_amount(transfer.payout_minor, transfer.payout_currency)
        leaf(branch(parent, "InstrForCdtrAgt"), "InstrInf", f"/PAYOUT/{transfer.payout_currency}{amount}")

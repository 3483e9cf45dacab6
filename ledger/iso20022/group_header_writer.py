"""Writes the header of a group of payments; pacs.004, pacs.008 and pacs.009 have it alike."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal

from lxml import etree

from ledger.domain.money import format_amount
from ledger.iso20022.credit_transfer import GroupHeader
from ledger.iso20022.elements import add_agent, branch, leaf
from ledger.iso20022.values import Amount

# Sums of many amounts of 18 digits stay exact.
_EXACT = Context(prec=60)


def add_group_header(parent: etree._Element, group: GroupHeader, created_at: str, count: int, control_sum: Decimal | None) -> None:
    """GrpHdr, with number and sum as they were computed; no sum where it is None."""
    header = branch(parent, "GrpHdr")
    leaf(header, "MsgId", group.message_id)
    leaf(header, "CreDtTm", created_at)
    leaf(header, "NbOfTxs", str(count))
    if control_sum is not None:
        leaf(header, "CtrlSum", format(control_sum, "f"))
    if group.settlement_date is not None:
        leaf(header, "IntrBkSttlmDt", group.settlement_date.isoformat())
    leaf(branch(header, "SttlmInf"), "SttlmMtd", group.settlement_method)
    add_agent(header, "InstgAgt", group.instructing_agent)
    add_agent(header, "InstdAgt", group.instructed_agent)


def sum_of_amounts(amounts: Iterable[Amount]) -> Decimal:
    """What amounts come to, irrespective of their currencies."""
    return exact_sum(Decimal(format_amount(amount.minor, amount.currency)) for amount in amounts)


def exact_sum(numbers: Iterable[Decimal]) -> Decimal:
    """Their sum, however many they are."""
    total = Decimal(0)
    for number in numbers:
        total = _EXACT.add(total, number)
    return total

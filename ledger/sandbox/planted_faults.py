"""Files with faults planted in them, and the list of what was planted where: the reader and the ledger must find exactly these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from lxml import etree

from ledger.iso20022.credit_transfer import CreditTransfer
from ledger.iso20022.pacs008_writer import assemble_file, transfer_element
from ledger.iso20022.rules import Rule
from ledger.sandbox.generator import CorridorFacts, Dice, generate_transfers, group_of

_OVER_LIMIT_MINOR = 25_000_000  # 250,000.00


class PlantedKind(StrEnum):
    """What can be wrong with a transfer. The last three are messages without fault that the ledger must refuse."""

    TOO_MANY_DECIMALS = "too_many_decimals"
    ZERO_AMOUNT = "zero_amount"
    NEGATIVE_AMOUNT = "negative_amount"
    UNKNOWN_CURRENCY = "unknown_currency"
    UETR_MISSING = "uetr_missing"
    UETR_NOT_V4 = "uetr_not_v4"
    UETR_REPEATED = "uetr_repeated"
    CREDITOR_NAME_MISSING = "creditor_name_missing"
    CREDITOR_TOWN_MISSING = "creditor_town_missing"
    CHARGE_BEARER_UNKNOWN = "charge_bearer_unknown"
    SETTLEMENT_DATE_IMPOSSIBLE = "settlement_date_impossible"
    WRONG_CURRENCY = "wrong_currency"
    OVER_LIMIT = "over_limit"
    UNKNOWN_PURPOSE = "unknown_purpose"


@dataclass(frozen=True, slots=True)
class PlantedFault:
    """One fault: transfer ``index`` (from 1) must be refused by ``rule``.

    With ``business`` the reader takes the transfer and the ledger refuses it; ``rule`` is then the refusal's code. ``uetr`` is the one
    that can be read from the transfer, None where none can.
    """

    index: int
    uetr: UUID | None
    kind: PlantedKind
    rule: str
    business: bool


@dataclass(frozen=True, slots=True)
class FaultyFile:
    """A file and what is wrong with it, in the file's order."""

    data: bytes
    planted: tuple[PlantedFault, ...]


def generate_faulty_pacs008(seed: int, count: int, facts: CorridorFacts, kinds: Sequence[PlantedKind] = tuple(PlantedKind)) -> FaultyFile:
    """A file of ``count`` transfers, each of ``kinds`` planted in one of them; the first transfer is always good.

    Number and control sum agree with what the file holds. Raises ValueError when the file is too small for its faults.
    """
    transfers = list(generate_transfers(seed, count, facts))
    places = Dice("faults", seed, facts.settlement_date.isoformat()).draw(range(1, count), len(kinds))
    elements = [transfer_element(transfer) for transfer in transfers]
    planted = []
    for place, kind in zip(places, kinds, strict=True):
        transfer = transfers[place]
        if kind in _BUSINESS:
            code, change = _BUSINESS[kind]
            elements[place] = transfer_element(change(transfer))
            planted.append(PlantedFault(place + 1, transfer.uetr, kind, code, business=True))
        else:
            rule, damage = _DAMAGE[kind]
            damage(elements[place], transfers[0])
            planted.append(PlantedFault(place + 1, _readable_uetr(kind, transfer, transfers[0]), kind, rule.id, business=False))
    return FaultyFile(assemble_file(group_of(seed, count, facts), elements), tuple(planted))


def _readable_uetr(kind: PlantedKind, transfer: CreditTransfer, first: CreditTransfer) -> UUID | None:
    if kind in (PlantedKind.UETR_MISSING, PlantedKind.UETR_NOT_V4):
        return None
    return first.uetr if kind is PlantedKind.UETR_REPEATED else transfer.uetr


def _over_limit(transfer: CreditTransfer) -> CreditTransfer:
    """Settlement grows with the instructed amount, so that only the limit is passed."""
    settlement = transfer.settlement_minor * _OVER_LIMIT_MINOR // transfer.instructed_minor
    return replace(transfer, instructed_minor=_OVER_LIMIT_MINOR, settlement_minor=settlement)


def _in_euro(transfer: CreditTransfer) -> CreditTransfer:
    if transfer.states_settlement:
        return replace(transfer, instructed_currency="EUR")
    return replace(transfer, instructed_currency="EUR", settlement_currency="EUR")


def _for_no_purpose(transfer: CreditTransfer) -> CreditTransfer:
    return replace(transfer, purpose="DIVD")


_BUSINESS: dict[PlantedKind, tuple[str, Callable[[CreditTransfer], CreditTransfer]]] = {
    PlantedKind.WRONG_CURRENCY: ("currency-not-accepted", _in_euro),
    PlantedKind.OVER_LIMIT: ("amount-over-limit", _over_limit),
    PlantedKind.UNKNOWN_PURPOSE: ("purpose-unknown", _for_no_purpose),
}


def _found(element: etree._Element, *names: str) -> etree._Element:
    namespace = etree.QName(element).namespace
    found = element.find("/".join(f"{{{namespace}}}{name}" for name in names))
    if found is None:
        raise ValueError(f"the transfer has no {'/'.join(names)} to damage")
    return found


def _set(*names: str, text: str) -> Callable[[etree._Element, CreditTransfer], None]:
    def damage(element: etree._Element, _first: CreditTransfer) -> None:
        _found(element, *names).text = text

    return damage


def _remove(*names: str) -> Callable[[etree._Element, CreditTransfer], None]:
    def damage(element: etree._Element, _first: CreditTransfer) -> None:
        found = _found(element, *names)
        parent = found.getparent()
        if parent is not None:
            parent.remove(found)

    return damage


def _add_a_decimal(element: etree._Element, _first: CreditTransfer) -> None:
    amount = _found(element, "IntrBkSttlmAmt")
    amount.text = f"{amount.text}1"


def _negate(element: etree._Element, _first: CreditTransfer) -> None:
    amount = _found(element, "IntrBkSttlmAmt")
    amount.text = f"-{amount.text}"


def _invent_currency(element: etree._Element, _first: CreditTransfer) -> None:
    _found(element, "IntrBkSttlmAmt").set("Ccy", "XQX")


def _repeat_uetr(element: etree._Element, first: CreditTransfer) -> None:
    _found(element, "PmtId", "UETR").text = str(first.uetr)


_DAMAGE: dict[PlantedKind, tuple[Rule, Callable[[etree._Element, CreditTransfer], None]]] = {
    PlantedKind.TOO_MANY_DECIMALS: (Rule.AMOUNT_DECIMALS, _add_a_decimal),
    PlantedKind.ZERO_AMOUNT: (Rule.AMOUNT_ZERO, _set("IntrBkSttlmAmt", text="0.00")),
    PlantedKind.NEGATIVE_AMOUNT: (Rule.AMOUNT_NEGATIVE, _negate),
    PlantedKind.UNKNOWN_CURRENCY: (Rule.CURRENCY_UNKNOWN, _invent_currency),
    PlantedKind.UETR_MISSING: (Rule.UETR_MISSING, _remove("PmtId", "UETR")),
    PlantedKind.UETR_NOT_V4: (Rule.UETR_INVALID, _set("PmtId", "UETR", text="2026-0327-0001")),
    PlantedKind.UETR_REPEATED: (Rule.UETR_REPEATED, _repeat_uetr),
    PlantedKind.CREDITOR_NAME_MISSING: (Rule.CREDITOR_NAME_MISSING, _remove("Cdtr", "Nm")),
    PlantedKind.CREDITOR_TOWN_MISSING: (Rule.CREDITOR_TOWN_MISSING, _remove("Cdtr", "PstlAdr", "TwnNm")),
    PlantedKind.CHARGE_BEARER_UNKNOWN: (Rule.CHARGE_BEARER_UNKNOWN, _set("ChrgBr", text="BOTH")),
    PlantedKind.SETTLEMENT_DATE_IMPOSSIBLE: (Rule.DATE_INVALID, _set("IntrBkSttlmDt", text="2026-02-30")),
}

"""Writes pacs.008, valid against the official schemas of versions 08 to 12."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from lxml import etree

from ledger.domain.money import format_amount
from ledger.iso20022.credit_transfer import CreditTransfer, GroupHeader
from ledger.iso20022.elements import add_account, add_agent, add_party, branch, leaf, root, to_bytes
from ledger.iso20022.group_header_writer import add_group_header, exact_sum
from ledger.iso20022.pacs008_instructions import add_charges, add_payout
from ledger.iso20022.supplement import add_supplement
from ledger.iso20022.values import read_decimal, write_instant

VERSION = "pacs.008.001.08"


def write_pacs008(group: GroupHeader, transfers: Iterable[CreditTransfer], version: str = VERSION) -> bytes:
    """A file of these transfers in this version and in UTF-8, in their order.

    Number and control sum are computed, not taken from ``group``.
    Raises ValueError when there is no transfer, or an instant lacks its offset.
    """
    return assemble_file(group, [transfer_element(transfer, version) for transfer in transfers], version)


def assemble_file(group: GroupHeader, elements: Sequence[etree._Element], version: str = VERSION) -> bytes:
    """A file of transfers already written, whatever stands in them; the control sum adds the amounts that are numbers."""
    if not elements:
        raise ValueError("a file has at least one transfer")
    document = root(version, "Document")
    message = branch(document, "FIToFICstmrCdtTrf")
    add_group_header(message, group, write_instant(group.created_at), len(elements), exact_sum(map(_settled, elements)))
    for element in elements:
        message.append(element)
    return to_bytes(document)


def transfer_element(transfer: CreditTransfer, version: str = VERSION) -> etree._Element:
    """One CdtTrfTxInf, for `assemble_file`."""
    element = root(version, "CdtTrfTxInf")
    _add_ids_and_kind(element, transfer)
    _add_amounts(element, transfer)
    leaf(element, "ChrgBr", transfer.charge_bearer)
    add_charges(element, transfer)
    add_agent(element, "InstgAgt", transfer.instructing_agent)
    add_agent(element, "InstdAgt", transfer.instructed_agent)
    add_party(element, "Dbtr", transfer.debtor)
    add_account(element, "DbtrAcct", transfer.debtor_account)
    add_agent(element, "DbtrAgt", transfer.debtor_agent)
    add_agent(element, "CdtrAgt", transfer.creditor_agent)
    add_party(element, "Cdtr", transfer.creditor)
    add_account(element, "CdtrAcct", transfer.creditor_account)
    add_payout(element, transfer)
    if transfer.purpose:
        leaf(branch(element, "Purp"), "Cd", transfer.purpose)
    if transfer.remittance:
        information = branch(element, "RmtInf")
        for line in transfer.remittance:
            leaf(information, "Ustrd", line)
    add_supplement(element, transfer)
    return element


def _add_ids_and_kind(element: etree._Element, transfer: CreditTransfer) -> None:
    ids = branch(element, "PmtId")
    leaf(ids, "InstrId", transfer.instruction_id)
    leaf(ids, "EndToEndId", transfer.end_to_end_id)
    leaf(ids, "TxId", transfer.transaction_id)
    leaf(ids, "UETR", str(transfer.uetr))
    kind = branch(element, "PmtTpInf")
    leaf(branch(kind, "LclInstrm"), "Prtry", transfer.product)
    if transfer.category_purpose:
        leaf(branch(kind, "CtgyPurp"), "Cd", transfer.category_purpose)


def _add_amounts(element: etree._Element, transfer: CreditTransfer) -> None:
    settlement = format_amount(transfer.settlement_minor, transfer.settlement_currency)
    instructed = format_amount(transfer.instructed_minor, transfer.instructed_currency)
    leaf(element, "IntrBkSttlmAmt", settlement, Ccy=transfer.settlement_currency)
    leaf(element, "IntrBkSttlmDt", transfer.settlement_date.isoformat())
    if transfer.accepted_at is not None:
        leaf(element, "AccptncDtTm", write_instant(transfer.accepted_at))
    if transfer.states_settlement or transfer.instructed_minor != transfer.settlement_minor:
        leaf(element, "InstdAmt", instructed, Ccy=transfer.instructed_currency)
    if transfer.exchange_rate is not None:
        leaf(element, "XchgRate", format(transfer.exchange_rate, "f"))


def _settled(element: etree._Element) -> Decimal:
    text = element.findtext(f"{{{etree.QName(element).namespace}}}IntrBkSttlmAmt") or ""
    return read_decimal(text, digits_max=18, decimals_max=17) or Decimal(0)

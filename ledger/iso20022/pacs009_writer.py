"""Writes pacs.009.001.08, valid against the official schema."""

from __future__ import annotations

from lxml import etree

from ledger.iso20022.elements import add_account, add_agent, add_amount, add_party, branch, leaf, root, to_bytes
from ledger.iso20022.group_header_writer import add_group_header, sum_of_amounts
from ledger.iso20022.institution_transfer import InstitutionTransfer, InstitutionTransferFile, UnderlyingTransfer
from ledger.iso20022.values import write_exact_instant

VERSION = "pacs.009.001.08"


def write_pacs009(file: InstitutionTransferFile) -> bytes:
    """The transfers of the file in UTF-8, in their order; faults are left away. Number and control sum are computed.

    A cover or an advice is known by its business service, which stands in the header and not here. Raises ValueError when there is no
    transfer, or an instant lacks its offset.
    """
    transfers = [one for one in file.outcomes if isinstance(one, InstitutionTransfer)]
    if not transfers:
        raise ValueError("a file has at least one transfer")
    group = file.group
    document = root(VERSION, "Document")
    message = branch(document, "FICdtTrf")
    total = None if group.control_sum is None else sum_of_amounts(one.settlement for one in transfers)
    add_group_header(message, group, write_exact_instant(group.created_at), len(transfers), total)
    for transfer in transfers:
        _add_transfer(message, transfer)
    return to_bytes(document)


def _add_transfer(parent: etree._Element, transfer: InstitutionTransfer) -> None:
    element = branch(parent, "CdtTrfTxInf")
    ids = branch(element, "PmtId")
    leaf(ids, "InstrId", transfer.instruction_id)
    leaf(ids, "EndToEndId", transfer.end_to_end_id)
    leaf(ids, "TxId", transfer.transaction_id)
    leaf(ids, "UETR", str(transfer.uetr))
    leaf(ids, "ClrSysRef", transfer.clearing_reference)
    add_amount(element, "IntrBkSttlmAmt", transfer.settlement)
    leaf(element, "IntrBkSttlmDt", transfer.settlement_date.isoformat())
    leaf(element, "SttlmPrty", transfer.priority)
    for number, agent in enumerate(transfer.previous_agents, 1):
        add_agent(element, f"PrvsInstgAgt{number}", agent)
    add_agent(element, "InstgAgt", transfer.instructing_agent)
    add_agent(element, "InstdAgt", transfer.instructed_agent)
    for number, agent in enumerate(transfer.intermediaries, 1):
        add_agent(element, f"IntrmyAgt{number}", agent)
    add_agent(element, "Dbtr", transfer.debtor)
    add_account(element, "DbtrAcct", transfer.debtor_account)
    add_agent(element, "DbtrAgt", transfer.debtor_agent)
    add_agent(element, "CdtrAgt", transfer.creditor_agent)
    add_agent(element, "Cdtr", transfer.creditor)
    add_account(element, "CdtrAcct", transfer.creditor_account)
    if transfer.purpose:
        leaf(branch(element, "Purp"), "Cd", transfer.purpose)
    _add_remittance(element, transfer.remittance)
    if transfer.underlying is not None:
        _add_underlying(element, transfer.underlying)


def _add_underlying(parent: etree._Element, underlying: UnderlyingTransfer) -> None:
    element = branch(parent, "UndrlygCstmrCdtTrf")
    add_party(element, "Dbtr", underlying.debtor)
    add_account(element, "DbtrAcct", underlying.debtor_account)
    add_agent(element, "DbtrAgt", underlying.debtor_agent)
    add_agent(element, "CdtrAgt", underlying.creditor_agent)
    add_party(element, "Cdtr", underlying.creditor)
    add_account(element, "CdtrAcct", underlying.creditor_account)
    _add_remittance(element, underlying.remittance)
    add_amount(element, "InstdAmt", underlying.instructed)


def _add_remittance(parent: etree._Element, lines: tuple[str, ...]) -> None:
    if lines:
        element = branch(parent, "RmtInf")
        for line in lines:
            leaf(element, "Ustrd", line)

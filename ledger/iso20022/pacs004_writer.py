"""Writes pacs.004 in the versions 09 to 13, valid against the official schemas."""

from __future__ import annotations

from lxml import etree

from ledger.iso20022.elements import add_agent, add_amount, add_party, branch, leaf, root, to_bytes
from ledger.iso20022.group_header_writer import add_group_header, sum_of_amounts
from ledger.iso20022.original import add_original
from ledger.iso20022.parties import Agent, Party
from ledger.iso20022.payment_return import PaymentReturn, ReturnChain, ReturnFile, ReturnReason
from ledger.iso20022.values import write_exact_instant

VERSION = "pacs.004.001.09"
# What we write stands in the same order in all of them.
VERSIONS_WRITTEN = frozenset(f"pacs.004.001.{number:02}" for number in range(9, 14))
_INFORMATION_MAX = 105  # Max105Text


def write_pacs004(file: ReturnFile, version: str = VERSION) -> bytes:
    """The returns of the file in UTF-8, in their order; faults are left away. Number and control sum are computed.

    Raises ValueError when there is no return, an instant lacks its offset, or the version is not one that is written.
    """
    returns = [one for one in file.outcomes if isinstance(one, PaymentReturn)]
    if not returns:
        raise ValueError("a file has at least one return")
    if version not in VERSIONS_WRITTEN:
        raise ValueError(f"{version} is not written")
    group = file.group
    document = root(version, "Document")
    message = branch(document, "PmtRtr")
    total = None if group.control_sum is None else sum_of_amounts(one.returned for one in returns)
    add_group_header(message, group, write_exact_instant(group.created_at), len(returns), total)
    add_original(message, file.original)
    for one in returns:
        _add_return(message, one)
    return to_bytes(document)


def _add_return(parent: etree._Element, one: PaymentReturn) -> None:
    element = branch(parent, "TxInf")
    leaf(element, "RtrId", one.return_id)
    add_original(element, one.original)
    leaf(element, "OrgnlInstrId", one.original_instruction_id)
    leaf(element, "OrgnlEndToEndId", one.original_end_to_end_id)
    leaf(element, "OrgnlTxId", one.original_transaction_id)
    leaf(element, "OrgnlUETR", str(one.uetr))
    leaf(element, "OrgnlClrSysRef", one.original_clearing_reference)
    add_amount(element, "OrgnlIntrBkSttlmAmt", one.original_settlement)
    if one.original_settlement_date is not None:
        leaf(element, "OrgnlIntrBkSttlmDt", one.original_settlement_date.isoformat())
    add_amount(element, "RtrdIntrBkSttlmAmt", one.returned)
    if one.settlement_date is not None:
        leaf(element, "IntrBkSttlmDt", one.settlement_date.isoformat())
    add_amount(element, "RtrdInstdAmt", one.returned_instructed)
    if one.exchange_rate is not None:
        leaf(element, "XchgRate", format(one.exchange_rate, "f"))
    add_amount(element, "CompstnAmt", one.compensation)
    leaf(element, "ChrgBr", one.charge_bearer)
    for charge in one.charges:
        charged = branch(element, "ChrgsInf")
        add_amount(charged, "Amt", charge.amount)
        add_agent(charged, "Agt", charge.agent or Agent())
    leaf(element, "ClrSysRef", one.clearing_reference)
    add_agent(element, "InstgAgt", one.instructing_agent)
    add_agent(element, "InstdAgt", one.instructed_agent)
    _add_chain(element, one.chain)
    for reason in one.reasons:
        _add_reason(element, reason)


def _add_chain(parent: etree._Element, chain: ReturnChain | None) -> None:
    if chain is None:
        return
    element = branch(parent, "RtrChain")
    _add_end(element, "UltmtDbtr", chain.ultimate_debtor)
    _add_end(element, "Dbtr", chain.debtor)
    _add_end(element, "InitgPty", chain.initiating_party)
    add_agent(element, "DbtrAgt", chain.debtor_agent)
    for number, agent in enumerate(chain.previous_agents, 1):
        add_agent(element, f"PrvsInstgAgt{number}", agent)
    for number, agent in enumerate(chain.intermediaries, 1):
        add_agent(element, f"IntrmyAgt{number}", agent)
    add_agent(element, "CdtrAgt", chain.creditor_agent)
    _add_end(element, "Cdtr", chain.creditor)
    _add_end(element, "UltmtCdtr", chain.ultimate_creditor)


def _add_end(parent: etree._Element, name: str, end: Party | Agent | None) -> None:
    if isinstance(end, Party):
        add_party(branch(parent, name), "Pty", end)
    elif end is not None:
        add_agent(branch(parent, name), "Agt", end)


def _add_reason(parent: etree._Element, reason: ReturnReason) -> None:
    element = branch(parent, "RtrRsnInf")
    if reason.originator is not None:
        add_party(element, "Orgtr", reason.originator)
    if reason.code or reason.proprietary:
        leaf(branch(element, "Rsn"), "Cd" if reason.code else "Prtry", reason.code or reason.proprietary)
    for line in reason.information:
        leaf(element, "AddtlInf", line[:_INFORMATION_MAX])

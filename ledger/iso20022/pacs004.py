"""pacs.004, payment return: money that was paid comes back, whole or in part.

Versions 02 to 15 are read, 09 to 13 are written (`pacs004_writer`). A return names its payment by the UETR, says how much comes back and
why. One bad return never sinks its file; a file that cannot be trusted as a whole is refused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO
from uuid import UUID

from ledger.iso20022.checked import CheckedFields
from ledger.iso20022.credit_transfer import ChargeBearer, TransferFault
from ledger.iso20022.errors import ElementRepeated, ValueInvalid
from ledger.iso20022.fields import DEFAULT_LIMITS, Fields, Limits
from ledger.iso20022.group_header import Payments, Totals, missing, read_group
from ledger.iso20022.original import read_original
from ledger.iso20022.pacs004_writer import write_pacs004
from ledger.iso20022.parties import Agent, Party
from ledger.iso20022.payment_return import PaymentReturn, ReturnChain, ReturnCharge, ReturnFile, ReturnReason
from ledger.iso20022.rules import Rule
from ledger.iso20022.status_report import OriginalMessage
from ledger.iso20022.values import is_code
from ledger.iso20022.xml import MessageStream

__all__ = ["read_pacs004", "write_pacs004"]

_GROUP = "PmtRtr/GrpHdr"
_ORIGINAL = "PmtRtr/OrgnlGrpInf"
_RETURN = "PmtRtr/TxInf"
_PAYMENTS = Payments(_GROUP, _RETURN, amount="RtrdIntrBkSttlmAmt", total="TtlRtrdIntrBkSttlmAmt")
_CHARGE_BEARERS = {bearer.value: bearer for bearer in ChargeBearer}
_READ_ONCE = frozenset(
    {"RtrId", "OrgnlGrpInf", "OrgnlInstrId", "OrgnlEndToEndId", "OrgnlTxId", "OrgnlUETR", "OrgnlClrSysRef", "OrgnlIntrBkSttlmAmt"}
    | {"OrgnlIntrBkSttlmDt", "RtrdIntrBkSttlmAmt", "IntrBkSttlmDt", "RtrdInstdAmt", "XchgRate", "CompstnAmt", "ChrgBr", "ChrgsInf"}
    | {"ClrSysRef", "InstgAgt", "InstdAgt", "RtrChain", "RtrRsnInf"}
)
_MAY_REPEAT = ("ChrgsInf", "RtrRsnInf", "/AddtlInf", "/AdrLine", "/PrvtId/Othr", "/OrgId/Othr", "/CtctDtls/Othr")
_PREVIOUS = tuple(f"RtrChain/PrvsInstgAgt{number}" for number in (1, 2, 3))
_INTERMEDIARY = tuple(f"RtrChain/IntrmyAgt{number}" for number in (1, 2, 3))


def read_pacs004(source: bytes | BinaryIO, limits: Limits = DEFAULT_LIMITS) -> ReturnFile:
    """The whole file: its group header and, in order, each return or its fault.

    Raises an `UnreadableMessage` when the file as a whole cannot be taken: not XML, truncated, another message, without its group
    header or without a return, or with totals that are not those of its returns.
    """
    stream = MessageStream(source, "pacs.004", frozenset({_GROUP, _ORIGINAL, _RETURN}), versions=range(2, 16), limits=limits)
    totals: Totals | None = None
    original: OriginalMessage | None = None
    outcomes: list[PaymentReturn | TransferFault] = []
    seen: set[tuple[UUID, str | None]] = set()
    for path, fields in stream:
        if path == _GROUP:
            if totals is not None:
                raise ElementRepeated("The file has two group headers.", field=_GROUP, way_out="Send one.")
            totals = Totals(read_group(fields, stream, _GROUP), fields, _PAYMENTS)
        elif totals is None:
            raise missing("GrpHdr, before everything else", _GROUP)
        elif path == _ORIGINAL:
            original = _original_of_all(fields)
        else:
            totals.count(fields)
            outcomes.append(_read_return(totals.transfers, fields, seen))
    if totals is None:
        raise missing("GrpHdr", _GROUP)
    totals.check()
    return ReturnFile(replace(totals.group, notes=tuple(stream.notes)), tuple(outcomes), original)


def _original_of_all(fields: Fields) -> OriginalMessage:
    named = Fields()
    named.values = {f"OrgnlGrpInf/{path}": text for path, text in fields.values.items()}
    named.counts = {"OrgnlGrpInf": 1}
    checked = CheckedFields(named, f"/Document/{_ORIGINAL}")
    original = read_original(checked)
    if original is None or checked.findings:
        found = checked.findings[0]
        raise ValueInvalid(found.sentence, field=_ORIGINAL)
    return original


def _read_return(index: int, fields: Fields, seen: set[tuple[UUID, str | None]]) -> PaymentReturn | TransferFault:
    checked = CheckedFields(fields, f"/Document/{_RETURN}[{index}]")
    uetr = checked.uetr("OrgnlUETR")
    checked.once(_READ_ONCE, _MAY_REPEAT)
    return_id = checked.text("RtrId")
    if uetr is not None and (uetr, return_id) in seen:
        checked.breach(Rule.RETURN_REPEATED, "RtrId", return_id)
    elif uetr is not None:
        seen.add((uetr, return_id))
    original = read_original(checked)
    instruction_id, end_to_end_id = checked.text("OrgnlInstrId"), checked.text("OrgnlEndToEndId")
    transaction_id, original_clearing = checked.text("OrgnlTxId"), checked.text("OrgnlClrSysRef")
    original_amount, original_date = checked.amount("OrgnlIntrBkSttlmAmt"), checked.day("OrgnlIntrBkSttlmDt")
    if not fields.has("RtrdIntrBkSttlmAmt"):
        checked.breach(Rule.RETURNED_AMOUNT_MISSING, "RtrdIntrBkSttlmAmt")
    returned, settlement_date = checked.amount("RtrdIntrBkSttlmAmt"), checked.day("IntrBkSttlmDt")
    instructed, compensation = checked.amount("RtrdInstdAmt"), checked.amount("CompstnAmt")
    rate = checked.exchange_rate()
    bearer_text = fields.text("ChrgBr")
    if bearer_text is not None and bearer_text not in _CHARGE_BEARERS:
        checked.breach(Rule.CHARGE_BEARER_UNKNOWN, "ChrgBr", bearer_text)
    charges = _charges(checked)
    clearing_reference = checked.text("ClrSysRef")
    instructing, instructed_agent = checked.agent("InstgAgt"), checked.agent("InstdAgt")
    chain = _chain(checked)
    reasons = _reasons(checked)
    if checked.findings or uetr is None or returned is None:
        return TransferFault(index, uetr, instruction_id, end_to_end_id, tuple(checked.findings))
    return PaymentReturn(
        index=index,
        uetr=uetr,
        returned=returned,
        reasons=reasons,
        return_id=return_id,
        original=original,
        original_instruction_id=instruction_id,
        original_end_to_end_id=end_to_end_id,
        original_transaction_id=transaction_id,
        original_clearing_reference=original_clearing,
        original_settlement=original_amount,
        original_settlement_date=original_date,
        settlement_date=settlement_date,
        returned_instructed=instructed,
        exchange_rate=rate,
        compensation=compensation,
        charge_bearer=None if bearer_text is None else _CHARGE_BEARERS[bearer_text],
        charges=charges,
        clearing_reference=clearing_reference,
        instructing_agent=instructing,
        instructed_agent=instructed_agent,
        chain=chain,
    )


def _charges(checked: CheckedFields) -> tuple[ReturnCharge, ...]:
    """Charges of zero are told, but nothing was taken: they are left away."""
    charges = []
    for path in checked.fields.siblings("ChrgsInf"):
        text = checked.fields.text(f"{path}/Amt") or ""
        if text and not text.strip("0."):
            continue
        amount = checked.amount(f"{path}/Amt")
        agent = checked.agent(f"{path}/Agt") or checked.agent(f"{path}/Pty")  # its name up to version 02
        if amount is not None:
            charges.append(ReturnCharge(amount, agent))
    return tuple(charges)


def _reasons(checked: CheckedFields) -> tuple[ReturnReason, ...]:
    reasons = []
    for path in checked.fields.siblings("RtrRsnInf"):
        code, word = checked.fields.text(f"{path}/Rsn/Cd"), checked.text(f"{path}/Rsn/Prtry")
        if code is not None and not is_code(code):
            checked.breach(Rule.REASON_INVALID, f"{path}/Rsn/Cd", code)
        originator = checked.party(f"{path}/Orgtr") if checked.fields.has(f"{path}/Orgtr") else None
        reasons.append(ReturnReason(code, word, checked.texts(f"{path}/AddtlInf", 105), originator))
    if not any(reason.code or reason.proprietary for reason in reasons):
        checked.breach(Rule.RETURN_REASON_MISSING, "RtrRsnInf/Rsn")
    return tuple(reasons)


def _chain(checked: CheckedFields) -> ReturnChain | None:
    """None where there is none, or where one of its ends is missing."""
    debtor, creditor = _end(checked, "RtrChain/Dbtr"), _end(checked, "RtrChain/Cdtr")
    if debtor is None or creditor is None:
        return None
    return ReturnChain(
        debtor=debtor,
        creditor=creditor,
        debtor_agent=checked.agent("RtrChain/DbtrAgt"),
        creditor_agent=checked.agent("RtrChain/CdtrAgt"),
        previous_agents=checked.agents(*_PREVIOUS),
        intermediaries=checked.agents(*_INTERMEDIARY),
        ultimate_debtor=_end(checked, "RtrChain/UltmtDbtr"),
        initiating_party=_end(checked, "RtrChain/InitgPty"),
        ultimate_creditor=_end(checked, "RtrChain/UltmtCdtr"),
    )


def _end(checked: CheckedFields, path: str) -> Party | Agent | None:
    if checked.fields.has(f"{path}/Pty"):
        return checked.party(f"{path}/Pty")
    return checked.agent(f"{path}/Agt")

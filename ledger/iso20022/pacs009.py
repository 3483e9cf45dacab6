"""pacs.009, financial institution credit transfer: money of one bank for another, as in the settlement of a cycle.

Versions 02 to 15 are read, 08 is written (`pacs009_writer`). A cover names the customer transfer it settles, an advice says so in its
business service only; both are read as what they are. One bad transfer never sinks its file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO
from uuid import UUID

from ledger.iso20022.checked import CheckedFields
from ledger.iso20022.credit_transfer import GroupHeader, TransferFault
from ledger.iso20022.errors import ElementRepeated
from ledger.iso20022.fields import DEFAULT_LIMITS, Fields, Limits
from ledger.iso20022.group_header import Payments, Totals, missing, read_group
from ledger.iso20022.institution_transfer import InstitutionTransfer, InstitutionTransferFile, TransferUse, UnderlyingTransfer
from ledger.iso20022.pacs009_writer import write_pacs009
from ledger.iso20022.parties import Agent
from ledger.iso20022.rules import Rule
from ledger.iso20022.values import is_code
from ledger.iso20022.xml import MessageStream

__all__ = ["read_pacs009", "write_pacs009"]

_GROUP = "FICdtTrf/GrpHdr"
_TRANSFER = "FICdtTrf/CdtTrfTxInf"
_PAYMENTS = Payments(_GROUP, _TRANSFER)
_UNDERLYING = "UndrlygCstmrCdtTrf"
_UETR = "PmtId/UETR"
_READ_ONCE = frozenset(
    {"PmtId", "IntrBkSttlmAmt", "IntrBkSttlmDt", "SttlmPrty", "InstgAgt", "InstdAgt", "Dbtr", "DbtrAcct", "DbtrAgt", "CdtrAgt", "Cdtr"}
    | {"CdtrAcct", "Purp", "RmtInf", _UNDERLYING}
)
_MAY_REPEAT = ("/AdrLine", "/PrvtId/Othr", "/OrgId/Othr", "/CtctDtls/Othr", "RmtInf/Ustrd", "/InstrForCdtrAgt", "/InstrForNxtAgt")
_PREVIOUS = ("PrvsInstgAgt1", "PrvsInstgAgt2", "PrvsInstgAgt3", "PrvsInstgAgt")  # without a number up to version 06
_INTERMEDIARY = ("IntrmyAgt1", "IntrmyAgt2", "IntrmyAgt3")
_PRIORITIES = frozenset({"URGT", "HIGH", "NORM"})


def read_pacs009(source: bytes | BinaryIO, limits: Limits = DEFAULT_LIMITS) -> InstitutionTransferFile:
    """The whole file: its group header and, in order, each transfer or its fault.

    Raises an `UnreadableMessage` when the file as a whole cannot be taken: not XML, truncated, another message, without its group
    header or without a transfer, or with totals that are not those of its transfers.
    """
    stream = MessageStream(source, "pacs.009", frozenset({_GROUP, _TRANSFER}), versions=range(2, 16), limits=limits)
    totals: Totals | None = None
    outcomes: list[InstitutionTransfer | TransferFault] = []
    seen: set[UUID] = set()
    for path, fields in stream:
        if path == _GROUP:
            if totals is not None:
                raise ElementRepeated("The file has two group headers.", field=_GROUP, way_out="Send one.")
            totals = Totals(read_group(fields, stream, _GROUP), fields, _PAYMENTS)
        elif totals is None:
            raise missing("GrpHdr, before the first transfer", _GROUP)
        else:
            totals.count(fields)
            outcomes.append(_read_transfer(totals.transfers, fields, totals.group, seen))
    if totals is None:
        raise missing("GrpHdr", _GROUP)
    totals.check()
    return InstitutionTransferFile(replace(totals.group, notes=tuple(stream.notes)), _use(totals.group, outcomes), tuple(outcomes))


def _announced(group: GroupHeader) -> TransferUse | None:
    """The use that the header's business service names, such as ``swift.cbprplus.cov.03``."""
    words = (group.header.service or "").split(".") if group.header is not None else []
    return next((use for use in (TransferUse.COVER, TransferUse.ADVICE) if use in words), None)


def _use(group: GroupHeader, outcomes: list[InstitutionTransfer | TransferFault]) -> TransferUse:
    """What is in the file decides before what its header says."""
    if any(isinstance(one, InstitutionTransfer) and one.underlying is not None for one in outcomes):
        return TransferUse.COVER
    return _announced(group) or TransferUse.CORE


def _read_transfer(index: int, fields: Fields, group: GroupHeader, seen: set[UUID]) -> InstitutionTransfer | TransferFault:
    checked = CheckedFields(fields, f"/Document/{_TRANSFER}[{index}]")
    uetr = _uetr(checked, seen)
    checked.once(_READ_ONCE, _MAY_REPEAT)
    end_to_end_id, instruction_id = checked.text("PmtId/EndToEndId"), checked.text("PmtId/InstrId")
    if not fields.text("PmtId/EndToEndId"):
        checked.breach(Rule.END_TO_END_ID_MISSING, "PmtId/EndToEndId")
    transaction_id, clearing_reference = checked.text("PmtId/TxId"), checked.text("PmtId/ClrSysRef")
    if not fields.has("IntrBkSttlmAmt"):
        checked.breach(Rule.AMOUNT_MISSING, "IntrBkSttlmAmt")
    settlement = checked.amount("IntrBkSttlmAmt")
    settlement_date = checked.day("IntrBkSttlmDt") or group.settlement_date
    if settlement_date is None and fields.text("IntrBkSttlmDt") is None:
        checked.breach(Rule.DATE_MISSING, "IntrBkSttlmDt")
    priority = fields.text("SttlmPrty")
    if priority is not None and priority not in _PRIORITIES:
        checked.breach(Rule.PRIORITY_UNKNOWN, "SttlmPrty", priority)
    instructing, instructed = checked.agent("InstgAgt"), checked.agent("InstdAgt")
    previous, intermediaries = checked.agents(*_PREVIOUS), checked.agents(*_INTERMEDIARY)
    debtor = _institution(checked, "Dbtr", Rule.DEBTOR_INSTITUTION_MISSING)
    creditor = _institution(checked, "Cdtr", Rule.CREDITOR_INSTITUTION_MISSING)
    debtor_account, creditor_account = checked.account("DbtrAcct"), checked.account("CdtrAcct")
    debtor_agent, creditor_agent = checked.agent("DbtrAgt"), checked.agent("CdtrAgt")
    purpose = fields.text("Purp/Cd")
    if purpose is not None and not is_code(purpose):
        checked.breach(Rule.PURPOSE_INVALID, "Purp/Cd", purpose)
    remittance = checked.texts("RmtInf/Ustrd", 140)
    underlying = _underlying(checked, required=_announced(group) is TransferUse.COVER)
    if (
        checked.findings
        or uetr is None
        or end_to_end_id is None
        or settlement is None
        or settlement_date is None
        or debtor is None
        or creditor is None
    ):
        return TransferFault(index, uetr, instruction_id, end_to_end_id, tuple(checked.findings))
    return InstitutionTransfer(
        index=index,
        uetr=uetr,
        end_to_end_id=end_to_end_id,
        settlement=settlement,
        settlement_date=settlement_date,
        debtor=debtor,
        creditor=creditor,
        instruction_id=instruction_id,
        transaction_id=transaction_id,
        clearing_reference=clearing_reference,
        priority=priority,
        instructing_agent=instructing or group.instructing_agent,
        instructed_agent=instructed or group.instructed_agent,
        previous_agents=previous,
        intermediaries=intermediaries,
        debtor_account=debtor_account,
        debtor_agent=debtor_agent,
        creditor_agent=creditor_agent,
        creditor_account=creditor_account,
        purpose=purpose,
        remittance=remittance,
        underlying=underlying,
    )


def _uetr(checked: CheckedFields, seen: set[UUID]) -> UUID | None:
    uetr = checked.uetr(_UETR)
    if uetr is not None and uetr in seen:
        checked.breach(Rule.UETR_REPEATED, _UETR, str(uetr))
    elif uetr is not None:
        seen.add(uetr)
    return uetr


def _institution(checked: CheckedFields, path: str, required: Rule) -> Agent | None:
    """A bank at either end of the transfer."""
    bank = checked.agent(path)
    if bank is None or not (bank.bic or bank.lei or bank.name):
        # A BIC that is none has been named already.
        institution = f"{path}/FinInstnId"
        if not any(checked.fields.text(f"{institution}/{name}") for name in ("BICFI", "BIC", "LEI", "Nm")):
            checked.breach(required, institution)
    return bank


def _underlying(checked: CheckedFields, *, required: bool) -> UnderlyingTransfer | None:
    """The transfer that a cover settles. ``required`` where the header says that this is a cover."""
    at, fields = _UNDERLYING, checked.fields
    if not fields.has(at) and not required:
        return None
    debtor_agent, creditor_agent = checked.agent(f"{at}/DbtrAgt"), checked.agent(f"{at}/CdtrAgt")
    ends_there = fields.has(f"{at}/Dbtr") and fields.has(f"{at}/Cdtr")
    if not ends_there or debtor_agent is None or creditor_agent is None:
        checked.breach(Rule.UNDERLYING_TRANSFER_MISSING, at)
        return None
    return UnderlyingTransfer(
        debtor=checked.party(f"{at}/Dbtr"),
        debtor_agent=debtor_agent,
        creditor_agent=creditor_agent,
        creditor=checked.party(f"{at}/Cdtr"),
        debtor_account=checked.account(f"{at}/DbtrAcct"),
        creditor_account=checked.account(f"{at}/CdtrAcct"),
        remittance=checked.texts(f"{at}/RmtInf/Ustrd", 140),
        instructed=checked.amount(f"{at}/InstdAmt"),
    )

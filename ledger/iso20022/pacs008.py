"""pacs.008, FI to FI customer credit transfer: the file in which a debtor agent hands over its customers' transfers.

Versions 02 to 13 are read, 08 is written (`pacs008_writer`). The official schema is not carried; the rules in its place, and those
that banks add to it, are in `rules`. One bad transfer never sinks its file; a file that cannot be trusted as a whole is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Context, Decimal
from typing import BinaryIO, cast
from uuid import UUID

from ledger.iso20022.checked import CREDITOR, DEBTOR, CheckedFields
from ledger.iso20022.credit_transfer import (
    ChargeBearer,
    CreditTransfer,
    CreditTransferFile,
    GroupHeader,
    Product,
    TransferFault,
)
from ledger.iso20022.errors import ControlSumWrong, ElementMissing, ElementRepeated, TransferCountWrong, ValueInvalid
from ledger.iso20022.fields import DEFAULT_LIMITS, Fields, Limits, safe
from ledger.iso20022.pacs008_writer import write_pacs008
from ledger.iso20022.parties import Agent
from ledger.iso20022.rules import Rule
from ledger.iso20022.supplement import read_supplement
from ledger.iso20022.values import read_count, read_date, read_decimal, read_instant, read_uetr
from ledger.iso20022.xml import MessageStream

__all__ = ["read_pacs008", "stream_pacs008", "write_pacs008"]

_GROUP = "FIToFICstmrCdtTrf/GrpHdr"
_TRANSFER = "FIToFICstmrCdtTrf/CdtTrfTxInf"
_SETTLEMENT_METHODS = frozenset({"INDA", "INGA", "COVE", "CLRG"})
_CHARGE_BEARERS = {bearer.value: bearer for bearer in ChargeBearer}
_PRODUCTS = {product.value: product for product in Product}
# Sums of many amounts of 18 digits stay exact.
_EXACT = Context(prec=60)
# What is read once must stand once: below these, equal siblings are refused, except where the standard allows them.
_READ_ONCE = frozenset(
    {"PmtId", "PmtTpInf", "IntrBkSttlmAmt", "IntrBkSttlmDt", "AccptncDtTm", "InstdAmt", "XchgRate", "ChrgBr", "InstgAgt", "InstdAgt"}
    | {"Dbtr", "DbtrAcct", "DbtrAgt", "CdtrAgt", "Cdtr", "CdtrAcct", "Purp", "RmtInf"}
)
_MAY_REPEAT = ("/AdrLine", "/PrvtId/Othr", "/OrgId/Othr", "/CtctDtls/Othr", "PmtTpInf/SvcLvl", "RmtInf/Ustrd", "RmtInf/Strd")


def read_pacs008(source: bytes | BinaryIO, limits: Limits = DEFAULT_LIMITS) -> CreditTransferFile:
    """The whole file: its group header and, in order, each transfer or its fault.

    Raises an `UnreadableMessage` when the file as a whole cannot be taken: not XML, truncated, another message, without its group
    header, or with totals that are not those of its transfers.
    """
    stream = stream_pacs008(source, limits)
    group = cast(GroupHeader, next(stream))
    return CreditTransferFile(group, tuple(cast("Iterator[CreditTransfer | TransferFault]", stream)))


def stream_pacs008(source: bytes | BinaryIO, limits: Limits = DEFAULT_LIMITS) -> Iterator[GroupHeader | CreditTransfer | TransferFault]:
    """The group header, then each transfer or its fault as it is read, in the memory of one.

    What is wrong with the file as a whole may show only at its end: act on nothing before the iteration is complete.
    """
    stream = MessageStream(source, "pacs.008", frozenset({_GROUP, _TRANSFER}), limits=limits)
    totals: _Totals | None = None
    seen: set[UUID] = set()
    for path, fields in stream:
        if path == _GROUP:
            if totals is not None:
                raise ElementRepeated("The file has two group headers.", field=_GROUP, way_out="Send one.")
            group = _read_group(fields, stream)
            totals = _Totals(group, fields)
            yield group
        elif totals is None:
            raise _missing("GrpHdr, before the first transfer", _GROUP)
        else:
            totals.count(fields)
            yield _read_transfer(fields, totals, seen)
    if totals is None:
        raise _missing("GrpHdr", _GROUP)
    totals.check()


class _Totals:
    """What the group header says of all transfers, and what they come to."""

    def __init__(self, group: GroupHeader, fields: Fields) -> None:
        self.group = group
        self.product = fields.text("PmtTpInf/LclInstrm/Prtry")
        self.category_purpose = fields.text("PmtTpInf/CtgyPurp/Cd")
        self.transfers = 0
        self._sum = Decimal(0)
        self._currencies: set[str | None] = set()
        self._total = _sum_field(fields, "TtlIntrBkSttlmAmt")
        self._total_currency = fields.text("TtlIntrBkSttlmAmt@Ccy")

    def count(self, transfer: Fields) -> None:
        """Adds one transfer. An amount that is no number adds nothing; its transfer is refused anyway."""
        self.transfers += 1
        amount = read_decimal(transfer.text("IntrBkSttlmAmt") or "", digits_max=18, decimals_max=17)
        if amount is not None:
            self._sum = _EXACT.add(self._sum, amount)
        self._currencies.add(transfer.text("IntrBkSttlmAmt@Ccy"))

    def check(self) -> None:
        """Raises ElementMissing, TransferCountWrong or ControlSumWrong."""
        if self.transfers == 0:
            raise _missing("CdtTrfTxInf", _TRANSFER)
        if self.transfers != self.group.transfer_count:
            raise TransferCountWrong(
                f"NbOfTxs says {self.group.transfer_count}, the file has {self.transfers} transfers.",
                field=f"{_GROUP}/NbOfTxs",
                value=self.group.transfer_count,
                way_out="Send the whole file again.",
            )
        for name, stated in (("CtrlSum", self.group.control_sum), ("TtlIntrBkSttlmAmt", self._total)):
            if stated is not None and stated != self._sum:
                raise ControlSumWrong(
                    f"{name} says {stated}, the settlement amounts come to {self._sum}.",
                    field=f"{_GROUP}/{name}",
                    value=stated,
                    way_out="Send the whole file again.",
                )
        if self._total is not None and self._currencies != {self._total_currency}:
            raise ControlSumWrong(
                "TtlIntrBkSttlmAmt is in another currency than the settlement amounts.",
                field=f"{_GROUP}/TtlIntrBkSttlmAmt",
                way_out="Send one file for each settlement currency.",
            )


def _read_group(fields: Fields, stream: MessageStream) -> GroupHeader:
    if fields.repeated:
        again = fields.repeated[0]
        raise ElementRepeated(f"{again} stands twice.", field=f"{_GROUP}/{again}", way_out="Send it once.")
    message_id = fields.text("MsgId")
    if message_id is None:
        raise _missing("MsgId", f"{_GROUP}/MsgId")
    if len(message_id) > 35:
        raise _invalid("MsgId", "has more than 35 characters")
    created_at = _group_instant(fields, "CreDtTm")
    count_text = fields.text("NbOfTxs")
    if count_text is None:
        raise _missing("NbOfTxs", f"{_GROUP}/NbOfTxs")
    count = read_count(count_text)
    if count is None:
        raise _invalid("NbOfTxs", f"is {safe(count_text)}, not a number of at most 15 digits")
    method = fields.text("SttlmInf/SttlmMtd")
    if method is None:
        raise _missing("SttlmMtd", f"{_GROUP}/SttlmInf/SttlmMtd")
    if method not in _SETTLEMENT_METHODS:
        raise _invalid("SttlmInf/SttlmMtd", f"is {safe(method)}, not one of {', '.join(sorted(_SETTLEMENT_METHODS))}")
    return GroupHeader(
        message_id=message_id,
        created_at=created_at,
        transfer_count=count,
        settlement_method=method,
        control_sum=_sum_field(fields, "CtrlSum"),
        settlement_date=_group_date(fields, "IntrBkSttlmDt"),
        instructing_agent=_group_agent(fields, "InstgAgt"),
        instructed_agent=_group_agent(fields, "InstdAgt"),
        version=stream.version,
        header=stream.header,
        notes=tuple(stream.notes),
    )


def _read_transfer(fields: Fields, totals: _Totals, seen: set[UUID]) -> CreditTransfer | TransferFault:
    index = totals.transfers
    checked = CheckedFields(fields, f"/Document/{_TRANSFER}[{index}]")
    uetr = _uetr(checked, seen)
    for path in dict.fromkeys(fields.repeated):
        if path.partition("/")[0] in _READ_ONCE and not path.endswith(_MAY_REPEAT) and "RmtInf/Strd" not in path:
            checked.breach(Rule.ELEMENT_REPEATED, path)
    end_to_end_id = checked.text("PmtId/EndToEndId")
    if not fields.text("PmtId/EndToEndId"):
        checked.breach(Rule.END_TO_END_ID_MISSING, "PmtId/EndToEndId")
    instruction_id = checked.text("PmtId/InstrId")
    settlement, instructed, rate = _amounts(checked)
    settlement_date = checked.day("IntrBkSttlmDt") or totals.group.settlement_date
    if settlement_date is None and not fields.has("IntrBkSttlmDt"):
        checked.breach(Rule.DATE_MISSING, "IntrBkSttlmDt")
    charge_bearer = _charge_bearer(checked)
    product = _product(checked, totals.product)
    debtor, creditor = checked.party("Dbtr", DEBTOR), checked.party("Cdtr", CREDITOR)
    debtor_agent = checked.agent("DbtrAgt", Rule.DEBTOR_AGENT_MISSING)
    creditor_agent = checked.agent("CdtrAgt", Rule.CREDITOR_AGENT_MISSING)
    debtor_account, creditor_account = checked.account("DbtrAcct"), checked.account("CdtrAcct")
    if debtor_account is None and not product.takes_cash:
        checked.breach(Rule.DEBTOR_ACCOUNT_MISSING, "DbtrAcct")
    if creditor_account is None and not product.pays_cash:
        checked.breach(Rule.CREDITOR_ACCOUNT_MISSING, "CdtrAcct")
    purpose = fields.text("Purp/Cd")
    if purpose is not None and not (purpose.isascii() and purpose.isalnum() and len(purpose) <= 4):
        checked.breach(Rule.PURPOSE_INVALID, "Purp/Cd", purpose)
    supplement = read_supplement(checked)
    accepted_at = _accepted_at(checked)
    transfer_id = checked.text("PmtId/TxId")
    remittance = checked.texts("RmtInf/Ustrd", 140)
    instructing, instructed_agent = checked.agent("InstgAgt"), checked.agent("InstdAgt")
    if (
        checked.findings
        or uetr is None
        or end_to_end_id is None
        or settlement is None
        or instructed is None
        or settlement_date is None
        or charge_bearer is None
        or debtor_agent is None
        or creditor_agent is None
    ):
        return TransferFault(index, uetr, instruction_id, end_to_end_id, tuple(checked.findings))
    return CreditTransfer(
        index=index,
        uetr=uetr,
        end_to_end_id=end_to_end_id,
        instructed_minor=instructed[0],
        instructed_currency=instructed[1],
        settlement_minor=settlement[0],
        settlement_currency=settlement[1],
        settlement_date=settlement_date,
        charge_bearer=charge_bearer,
        debtor=supplement.debtor(debtor),
        debtor_agent=debtor_agent,
        creditor_agent=creditor_agent,
        creditor=supplement.creditor(creditor),
        debtor_account=debtor_account,
        creditor_account=creditor_account,
        instruction_id=instruction_id,
        transaction_id=transfer_id,
        exchange_rate=rate,
        accepted_at=accepted_at,
        instructing_agent=instructing or totals.group.instructing_agent,
        instructed_agent=instructed_agent or totals.group.instructed_agent,
        purpose=purpose,
        category_purpose=checked.fields.text("PmtTpInf/CtgyPurp/Cd") or totals.category_purpose,
        product=product,
        evidence=supplement.evidence,
        release_condition=supplement.release_condition,
        remittance=remittance,
    )


def _uetr(checked: CheckedFields, seen: set[UUID]) -> UUID | None:
    text = checked.fields.text("PmtId/UETR")
    if text is None:
        checked.breach(Rule.UETR_MISSING, "PmtId/UETR")
        return None
    uetr = read_uetr(text)
    if uetr is None:
        checked.breach(Rule.UETR_INVALID, "PmtId/UETR", text)
    elif uetr in seen:
        checked.breach(Rule.UETR_REPEATED, "PmtId/UETR", text)
    else:
        seen.add(uetr)
    return uetr


def _amounts(checked: CheckedFields) -> tuple[tuple[int, str] | None, tuple[int, str] | None, Decimal | None]:
    """Settlement amount, instructed amount and rate (InstructedAmountAndExchangeRate rules of the message definition)."""
    if not checked.fields.has("IntrBkSttlmAmt"):
        checked.breach(Rule.AMOUNT_MISSING, "IntrBkSttlmAmt")
    settlement = checked.amount("IntrBkSttlmAmt")
    instructed = checked.amount("InstdAmt") if checked.fields.has("InstdAmt") else settlement
    text = checked.fields.text("XchgRate")
    if text is None:
        if settlement is not None and instructed is not None and settlement[1] != instructed[1]:
            checked.breach(Rule.EXCHANGE_RATE_MISSING, "XchgRate")
        return settlement, instructed, None
    rate = read_decimal(text, digits_max=11, decimals_max=10)
    if rate is None or rate <= 0:
        checked.breach(Rule.EXCHANGE_RATE_INVALID, "XchgRate", text)
    return settlement, instructed, rate


def _charge_bearer(checked: CheckedFields) -> ChargeBearer | None:
    text = checked.fields.text("ChrgBr")
    if text is None:
        checked.breach(Rule.CHARGE_BEARER_MISSING, "ChrgBr")
        return None
    bearer = _CHARGE_BEARERS.get(text)
    if bearer is None:
        checked.breach(Rule.CHARGE_BEARER_UNKNOWN, "ChrgBr", text)
    return bearer


def _product(checked: CheckedFields, of_group: str | None) -> Product:
    text = checked.fields.text("PmtTpInf/LclInstrm/Prtry") or of_group
    if text is None:
        return Product.ACCOUNT_TO_ACCOUNT
    product = _PRODUCTS.get(text)
    if product is None:
        checked.breach(Rule.PRODUCT_UNKNOWN, "PmtTpInf/LclInstrm/Prtry", text)
        return Product.CASH_TO_CASH  # asks for no account, so that the one mistake is named once
    return product


def _accepted_at(checked: CheckedFields) -> datetime | None:
    text = checked.fields.text("AccptncDtTm")
    if text is None:
        return None
    found = read_instant(text)
    if found is None:
        checked.breach(Rule.DATE_INVALID, "AccptncDtTm", text)
    return found


def _group_instant(fields: Fields, path: str) -> datetime:
    text = fields.text(path)
    if text is None:
        raise _missing(path, f"{_GROUP}/{path}")
    found = read_instant(text)
    if found is None:
        raise _invalid(path, f"is {safe(text)}, not a date and time such as 2026-03-27T09:30:00+01:00")
    return found


def _group_date(fields: Fields, path: str) -> date | None:
    text = fields.text(path)
    if text is None:
        return None
    found = read_date(text)
    if found is None:
        raise _invalid(path, f"is {safe(text)}, not a date such as 2026-03-27")
    return found


def _sum_field(fields: Fields, path: str) -> Decimal | None:
    text = fields.text(path)
    if text is None:
        return None
    found = read_decimal(text, digits_max=18, decimals_max=17)
    if found is None:
        raise _invalid(path, f"is {safe(text)}, not a decimal number of at most 18 digits")
    return found


def _group_agent(fields: Fields, path: str) -> Agent | None:
    if not fields.has(path):
        return None
    prefix = f"{path}/FinInstnId"
    return Agent(
        bic=fields.text(f"{prefix}/BICFI") or fields.text(f"{prefix}/BIC"),
        lei=fields.text(f"{prefix}/LEI"),
        name=fields.text(f"{prefix}/Nm"),
        clearing_member=fields.text(f"{prefix}/ClrSysMmbId/MmbId"),
    )


def _missing(what: str, path: str) -> ElementMissing:
    return ElementMissing(f"The file lacks {what}.", field=path, way_out="Send the whole file, as its schema asks.")


def _invalid(path: str, why: str) -> ValueInvalid:
    return ValueInvalid(f"{path} {why}.", field=f"{_GROUP}/{path}", way_out="Correct it.")

"""pacs.008, FI to FI customer credit transfer: the file in which a debtor agent hands over its customers' transfers.

Versions 02 to 13 are read, 08 to 12 are written (`pacs008_writer`). The official schema is not carried; the rules in its place, and those
that banks add to it, are in `rules`. One bad transfer never sinks its file; a file that cannot be trusted as a whole is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO, NamedTuple, cast

from ledger.iso20022.characters import in_x
from ledger.iso20022.checked import CREDITOR, DEBTOR, CheckedFields
from ledger.iso20022.code_sets import CodeSet, codes_in_force
from ledger.iso20022.credit_transfer import (
    ChargeBearer,
    CreditTransfer,
    CreditTransferFile,
    GroupHeader,
    Product,
    TransferFault,
)
from ledger.iso20022.errors import ElementRepeated, ValueInvalid
from ledger.iso20022.fields import DEFAULT_LIMITS, Fields, Limits
from ledger.iso20022.group_header import Payments, Totals, missing, read_group
from ledger.iso20022.packed import PackedPart, Packer
from ledger.iso20022.pacs008_instructions import read_charges, read_payout
from ledger.iso20022.pacs008_writer import write_pacs008
from ledger.iso20022.rules import Rule
from ledger.iso20022.supplement import read_supplement
from ledger.iso20022.values import is_code, is_uetr
from ledger.iso20022.wording import check_reference, check_wording
from ledger.iso20022.xml import MessageStream

__all__ = ["ScannedFile", "read_pacs008", "stream_pacs008", "write_pacs008"]

GROUP = "FIToFICstmrCdtTrf/GrpHdr"
TRANSFER = "FIToFICstmrCdtTrf/CdtTrfTxInf"
_PAYMENTS = Payments(GROUP, TRANSFER)
_UETR = "PmtId/UETR"
_IDS = ("PmtId/InstrId", "PmtId/EndToEndId", "PmtId/TxId")
_CHARGE_BEARERS = {bearer.value: bearer for bearer in ChargeBearer}
_PRODUCTS = {product.value: product for product in Product}
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
    parts = _parts(source, limits)
    totals = cast(_Totals, next(parts))
    yield totals.group
    for part in cast("Iterator[_Part]", parts):
        yield _read_transfer(part, totals)


class ScannedFile:
    """A file that can be taken as a whole, to be read transfer by transfer, as often as needed: each transfer, or its fault, in order.

    What was read of it is kept packed, about a kilobyte a transfer.
    """

    def __init__(self, source: bytes | BinaryIO, limits: Limits = DEFAULT_LIMITS) -> None:
        """Reads the file to its end. Raises what `read_pacs008` raises."""
        parts = _parts(source, limits)
        packer = Packer()
        self._totals = cast(_Totals, next(parts))
        self._kept: list[tuple[PackedPart, bool] | CreditTransfer | TransferFault] = []
        for part in cast("Iterator[_Part]", parts):
            if part.fields.strange:
                # Full of elements that only a stranger would send: what it comes to is small, and what it holds is not.
                self._kept.append(_read_transfer(part, self._totals))
            else:
                self._kept.append((packer.packed(part.fields), part.uetr_came_before))

    @property
    def group(self) -> GroupHeader:
        """What the file says of itself."""
        return self._totals.group

    def __len__(self) -> int:
        """How many transfers it has, faulty ones among them."""
        return len(self._kept)

    def __iter__(self) -> Iterator[CreditTransfer | TransferFault]:
        for index, kept in enumerate(self._kept, 1):
            if isinstance(kept, tuple):
                packed, uetr_came_before = kept
                yield _read_transfer(_Part(index, packed.unpacked(), uetr_came_before), self._totals)
            else:
                yield kept


class _Part(NamedTuple):
    """A transfer as it stands in the file: its number from 1 on, its fields, whether a transfer before it has its UETR."""

    number: int
    fields: Fields
    uetr_came_before: bool


class _Totals(Totals):
    """With what the group header says for every transfer that does not say it itself."""

    def __init__(self, group: GroupHeader, fields: Fields) -> None:
        super().__init__(group, fields, _PAYMENTS)
        self.product = fields.text("PmtTpInf/LclInstrm/Prtry")
        self.category_purpose = fields.text("PmtTpInf/CtgyPurp/Cd")


def _parts(source: bytes | BinaryIO, limits: Limits) -> Iterator[_Totals | _Part]:
    """The group header with its totals first, then every transfer. The totals are checked at the end."""
    stream = MessageStream(source, "pacs.008", frozenset({GROUP, TRANSFER}), limits=limits)
    totals: _Totals | None = None
    seen: set[str] = set()
    for path, fields in stream:
        if path == GROUP:
            if totals is not None:
                raise ElementRepeated("The file has two group headers.", field=GROUP, way_out="Send one.")
            totals = _Totals(read_group(fields, stream, GROUP), fields)
            if not in_x(totals.group.message_id):
                raise ValueInvalid("MsgId has characters outside of set X.", field=f"{GROUP}/MsgId", way_out="Correct it.")
            yield totals
        elif totals is None:
            raise missing("GrpHdr, before the first transfer", GROUP)
        else:
            totals.count(fields)
            uetr = fields.text(_UETR)
            came_before = uetr is not None and uetr in seen
            if uetr is not None and is_uetr(uetr):
                seen.add(uetr)
            yield _Part(totals.transfers, fields, came_before)
    if totals is None:
        raise missing("GrpHdr", GROUP)
    totals.check()


def _read_transfer(part: _Part, totals: _Totals) -> CreditTransfer | TransferFault:
    index, fields, uetr_came_before = part
    checked = CheckedFields(fields, f"/Document/{TRANSFER}[{index}]")
    uetr = checked.uetr(_UETR)
    if uetr is not None and uetr_came_before:
        checked.breach(Rule.UETR_REPEATED, _UETR, str(uetr))
    checked.once(_READ_ONCE, _MAY_REPEAT)
    end_to_end_id = checked.text("PmtId/EndToEndId")
    if not fields.text("PmtId/EndToEndId"):
        checked.breach(Rule.END_TO_END_ID_MISSING, "PmtId/EndToEndId")
    instruction_id = checked.text("PmtId/InstrId")
    if not fields.text("PmtId/InstrId"):
        checked.breach(Rule.INSTRUCTION_ID_MISSING, "PmtId/InstrId")
    settlement, instructed, rate = _amounts(checked)
    settlement_date = checked.day("IntrBkSttlmDt") or totals.group.settlement_date
    if settlement_date is None and fields.text("IntrBkSttlmDt") is None:
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
    purpose, category_purpose = _purposes(checked, totals)
    supplement = read_supplement(checked)
    accepted_at = checked.instant("AccptncDtTm")
    transfer_id = checked.text("PmtId/TxId")
    remittance = checked.texts("RmtInf/Ustrd", 140)
    charges, payout = read_charges(checked), read_payout(checked)
    for path in _IDS:
        check_reference(checked, path)
    check_wording(checked)
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
        category_purpose=category_purpose,
        product=product,
        evidence=supplement.evidence,
        release_condition=supplement.release_condition,
        charges=charges,
        payout_minor=payout[0] if payout else None,
        payout_currency=payout[1] if payout else None,
        remittance=remittance,
    )


def _amounts(checked: CheckedFields) -> tuple[tuple[int, str] | None, tuple[int, str] | None, Decimal | None]:
    """Settlement amount, instructed amount and rate (InstructedAmountAndExchangeRate rules of the message definition)."""
    if not checked.fields.has("IntrBkSttlmAmt"):
        checked.breach(Rule.AMOUNT_MISSING, "IntrBkSttlmAmt")
    settlement = checked.amount("IntrBkSttlmAmt")
    instructed = checked.amount("InstdAmt") if checked.fields.has("InstdAmt") else settlement
    if checked.fields.text("XchgRate") is None and settlement is not None and instructed is not None and settlement[1] != instructed[1]:
        checked.breach(Rule.EXCHANGE_RATE_MISSING, "XchgRate")
    return settlement, instructed, checked.exchange_rate()


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


def _purposes(checked: CheckedFields, totals: _Totals) -> tuple[str | None, str | None]:
    """Purpose and category purpose, each in its set on the day of the message; the latter may stand once for the whole file."""
    on = totals.group.created_at.date()
    purpose = checked.fields.text("Purp/Cd")
    if purpose is not None and purpose not in codes_in_force(CodeSet.PURPOSE, on):
        checked.breach(Rule.PURPOSE_NOT_IN_SET if is_code(purpose) else Rule.PURPOSE_INVALID, "Purp/Cd", purpose)
    category = checked.fields.text("PmtTpInf/CtgyPurp/Cd") or totals.category_purpose
    if category is not None and category not in codes_in_force(CodeSet.CATEGORY_PURPOSE, on):
        checked.breach(Rule.CATEGORY_PURPOSE_NOT_IN_SET, "PmtTpInf/CtgyPurp/Cd", category)
    return purpose, category

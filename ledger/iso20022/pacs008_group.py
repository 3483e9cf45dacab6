"""The group header of a pacs.008, and what it says of all transfers together: their number, their sum."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Context, Decimal

from ledger.iso20022.credit_transfer import GroupHeader
from ledger.iso20022.errors import ControlSumWrong, ElementMissing, ElementRepeated, TransferCountWrong, ValueInvalid
from ledger.iso20022.fields import Fields, safe
from ledger.iso20022.parties import Agent
from ledger.iso20022.values import read_count, read_date, read_decimal, read_instant
from ledger.iso20022.xml import MessageStream

GROUP = "FIToFICstmrCdtTrf/GrpHdr"
TRANSFER = "FIToFICstmrCdtTrf/CdtTrfTxInf"
_SETTLEMENT_METHODS = frozenset({"INDA", "INGA", "COVE", "CLRG"})
# Sums of many amounts of 18 digits stay exact.
_EXACT = Context(prec=60)


class Totals:
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
            raise missing("CdtTrfTxInf", TRANSFER)
        if self.transfers != self.group.transfer_count:
            raise TransferCountWrong(
                f"NbOfTxs says {self.group.transfer_count}, the file has {self.transfers} transfers.",
                field=f"{GROUP}/NbOfTxs",
                value=self.group.transfer_count,
                way_out="Send the whole file again.",
            )
        for name, stated in (("CtrlSum", self.group.control_sum), ("TtlIntrBkSttlmAmt", self._total)):
            if stated is not None and stated != self._sum:
                raise ControlSumWrong(
                    f"{name} says {stated}, the settlement amounts come to {self._sum}.",
                    field=f"{GROUP}/{name}",
                    value=stated,
                    way_out="Send the whole file again.",
                )
        if self._total is not None and self._currencies != {self._total_currency}:
            raise ControlSumWrong(
                "TtlIntrBkSttlmAmt is in another currency than the settlement amounts.",
                field=f"{GROUP}/TtlIntrBkSttlmAmt",
                way_out="Send one file for each settlement currency.",
            )


def read_group(fields: Fields, stream: MessageStream) -> GroupHeader:
    """The group header. Raises ElementMissing, ElementRepeated or ValueInvalid."""
    if fields.repeated:
        again = fields.repeated[0]
        raise ElementRepeated(f"{again} stands twice.", field=f"{GROUP}/{again}", way_out="Send it once.")
    message_id = fields.text("MsgId")
    if message_id is None:
        raise missing("MsgId", f"{GROUP}/MsgId")
    if len(message_id) > 35:
        raise _invalid("MsgId", "has more than 35 characters")
    created_at = _group_instant(fields, "CreDtTm")
    count_text = fields.text("NbOfTxs")
    if count_text is None:
        raise missing("NbOfTxs", f"{GROUP}/NbOfTxs")
    count = read_count(count_text)
    if count is None:
        raise _invalid("NbOfTxs", f"is {safe(count_text)}, not a number of at most 15 digits")
    method = fields.text("SttlmInf/SttlmMtd")
    if method is None:
        raise missing("SttlmMtd", f"{GROUP}/SttlmInf/SttlmMtd")
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


def _group_instant(fields: Fields, path: str) -> datetime:
    text = fields.text(path)
    if text is None:
        raise missing(path, f"{GROUP}/{path}")
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


def missing(what: str, path: str) -> ElementMissing:
    """The file lacks something without which it cannot be read."""
    return ElementMissing(f"The file lacks {what}.", field=path, way_out="Send the whole file, as its schema asks.")


def _invalid(path: str, why: str) -> ValueInvalid:
    return ValueInvalid(f"{path} {why}.", field=f"{GROUP}/{path}", way_out="Correct it.")

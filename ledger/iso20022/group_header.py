"""The header of a group of payments, and what it says of all of them together: their number, their sum.

pacs.004, pacs.008 and pacs.009 have it alike; each says where its header stands and what its payments are called.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal

from ledger.iso20022.credit_transfer import GroupHeader
from ledger.iso20022.errors import ControlSumWrong, ElementMissing, ElementRepeated, TransferCountWrong, ValueInvalid
from ledger.iso20022.fields import Fields, safe
from ledger.iso20022.parties import Agent
from ledger.iso20022.values import read_count, read_date, read_decimal, read_instant
from ledger.iso20022.xml import MessageStream

_SETTLEMENT_METHODS = frozenset({"INDA", "INGA", "COVE", "CLRG"})
# What the standard lets a group header have several times; none of it is carried.
_MAY_REPEAT = ("Authstn", "PmtTpInf/SvcLvl")
# Sums of many amounts of 18 digits stay exact.
_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Payments:
    """Where a message has its payments: the paths below Document of its group header and of each payment, and what it sums."""

    group: str
    payment: str
    amount: str = "IntrBkSttlmAmt"
    total: str = "TtlIntrBkSttlmAmt"


class Totals:
    """What a group header says of all payments, and what they come to."""

    def __init__(self, group: GroupHeader, fields: Fields, payments: Payments) -> None:
        self.group = group
        self.transfers = 0
        self._payments = payments
        self._sum = Decimal(0)
        self._currencies: set[str | None] = set()
        self._total = GroupFields(fields, payments.group).decimal(payments.total)
        self._total_currency = fields.text(f"{payments.total}@Ccy")
        self._amount, self._currency = payments.amount, f"{payments.amount}@Ccy"

    def count(self, payment: Fields) -> None:
        """Adds one payment. An amount that is no number adds nothing; its payment is refused anyway."""
        self.transfers += 1
        amount = read_decimal(payment.text(self._amount) or "", digits_max=18, decimals_max=17)
        if amount is not None:
            self._sum = _EXACT.add(self._sum, amount)
        self._currencies.add(payment.text(self._currency))

    def check(self) -> None:
        """Raises ElementMissing, TransferCountWrong or ControlSumWrong."""
        at, total = self._payments.group, self._payments.total
        if self.transfers == 0:
            raise missing(self._payments.payment.rpartition("/")[2], self._payments.payment)
        if self.transfers != self.group.transfer_count:
            raise TransferCountWrong(
                f"NbOfTxs says {self.group.transfer_count}, the file has {self.transfers} transfers.",
                field=f"{at}/NbOfTxs",
                value=self.group.transfer_count,
                way_out="Send the whole file again.",
            )
        for name, stated in (("CtrlSum", self.group.control_sum), (total, self._total)):
            if stated is not None and stated != self._sum:
                raise ControlSumWrong(
                    f"{name} says {stated}, the settlement amounts come to {self._sum}.",
                    field=f"{at}/{name}",
                    value=stated,
                    way_out="Send the whole file again.",
                )
        if self._total is not None and self._currencies != {self._total_currency}:
            raise ControlSumWrong(
                f"{total} is in another currency than the settlement amounts.",
                field=f"{at}/{total}",
                way_out="Send one file for each settlement currency.",
            )


def read_group(fields: Fields, stream: MessageStream, at: str) -> GroupHeader:
    """The group header that stands at a path below Document. Raises ElementMissing, ElementRepeated or ValueInvalid."""
    here = GroupFields(fields, at)
    here.check_once()
    return GroupHeader(
        message_id=here.message_id(),
        created_at=here.instant("CreDtTm"),
        transfer_count=here.number("NbOfTxs"),
        settlement_method=here.settlement_method(),
        control_sum=here.decimal("CtrlSum"),
        settlement_date=here.day("IntrBkSttlmDt"),
        instructing_agent=here.agent("InstgAgt"),
        instructed_agent=here.agent("InstdAgt"),
        version=stream.version,
        header=stream.header,
        notes=tuple(stream.notes),
    )


class GroupFields:
    """The fields of a group header; ``at`` is its path below Document, for errors that say where."""

    def __init__(self, fields: Fields, at: str) -> None:
        self._fields = fields
        self._at = at

    def check_once(self) -> None:
        """Raises ElementRepeated for the first element that stands twice and may not."""
        for again in self._fields.repeated:
            if not again.startswith(_MAY_REPEAT):
                raise ElementRepeated(f"{again} stands twice.", field=f"{self._at}/{again}", way_out="Send it once.")

    def message_id(self) -> str:
        """MsgId. Raises ElementMissing or ValueInvalid."""
        text = self._required("MsgId")
        if len(text) > 35:
            raise self._invalid("MsgId", "has more than 35 characters")
        return text

    def instant(self, path: str) -> datetime:
        """A required ISODateTime. Raises ElementMissing or ValueInvalid."""
        text = self._required(path)
        found = read_instant(text)
        if found is None:
            raise self._invalid(path, f"is {safe(text)}, not a date and time such as 2026-03-27T09:30:00+01:00")
        return found

    def number(self, path: str) -> int:
        """A required Max15NumericText. Raises ElementMissing or ValueInvalid."""
        text = self._required(path)
        found = read_count(text)
        if found is None:
            raise self._invalid(path, f"is {safe(text)}, not a number of at most 15 digits")
        return found

    def settlement_method(self) -> str:
        """SttlmInf/SttlmMtd. Raises ElementMissing or ValueInvalid."""
        method = self._fields.text("SttlmInf/SttlmMtd")
        if method is None:
            raise missing("SttlmMtd", f"{self._at}/SttlmInf/SttlmMtd")
        if method not in _SETTLEMENT_METHODS:
            raise self._invalid("SttlmInf/SttlmMtd", f"is {safe(method)}, not one of {', '.join(sorted(_SETTLEMENT_METHODS))}")
        return method

    def day(self, path: str) -> date | None:
        """An ISODate, None where there is none. Raises ValueInvalid."""
        text = self._fields.text(path)
        if text is None:
            return None
        found = read_date(text)
        if found is None:
            raise self._invalid(path, f"is {safe(text)}, not a date such as 2026-03-27")
        return found

    def decimal(self, path: str) -> Decimal | None:
        """A sum, None where there is none. Raises ValueInvalid."""
        text = self._fields.text(path)
        if text is None:
            return None
        found = read_decimal(text, digits_max=18, decimals_max=17)
        if found is None:
            raise self._invalid(path, f"is {safe(text)}, not a decimal number of at most 18 digits")
        return found

    def agent(self, path: str) -> Agent | None:
        """A bank, None where there is none."""
        if not self._fields.has(path):
            return None
        prefix = f"{path}/FinInstnId"
        return Agent(
            bic=self._fields.text(f"{prefix}/BICFI") or self._fields.text(f"{prefix}/BIC"),
            lei=self._fields.text(f"{prefix}/LEI"),
            name=self._fields.text(f"{prefix}/Nm"),
            clearing_member=self._fields.text(f"{prefix}/ClrSysMmbId/MmbId"),
        )

    def _required(self, path: str) -> str:
        text = self._fields.text(path)
        if text is None:
            raise missing(path, f"{self._at}/{path}")
        return text

    def _invalid(self, path: str, why: str) -> ValueInvalid:
        return ValueInvalid(f"{path} {why}.", field=f"{self._at}/{path}", way_out="Correct it.")


def missing(what: str, path: str) -> ElementMissing:
    """The file lacks something without which it cannot be read."""
    return ElementMissing(f"The file lacks {what}.", field=path, way_out="Send the whole file, as its schema asks.")

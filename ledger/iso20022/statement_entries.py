"""What camt.053 and camt.054 have in common: the message around them, the account and its entries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from ledger.iso20022.errors import ElementMissing, ElementRepeated
from ledger.iso20022.fields import Fields, Limits
from ledger.iso20022.parties import Account
from ledger.iso20022.statement import BankTransactionCode, Charge, Entry, EntryDetail, Exchange
from ledger.iso20022.statement_fields import Place
from ledger.iso20022.values import read_uetr
from ledger.iso20022.xml import MessageStream


class Told(NamedTuple):
    """One statement or notification on its way: where it stands, its entries, the message's id and version."""

    here: Place
    entries: tuple[Entry, ...]
    message_id: str
    version: str


def read_each(source: bytes | BinaryIO, message: str, at: str, word: str, limits: Limits) -> Iterator[Told]:
    """Each of the statements or notifications, which stand ``at`` a path below Document and are called by a ``word``.

    Raises an `UnreadableMessage` where the message cannot be read, or holds none.
    """
    group, of_entry = f"{at.partition('/')[0]}/GrpHdr", f"{at}/Ntry"
    stream = MessageStream(source, message, frozenset({group, at, of_entry}), limits=limits)
    message_id: str | None = None
    entries: list[Entry] = []
    number = 1
    for path, fields in stream:
        here = Place(fields, f"/Document/{at}[{number}]")
        if path == group:
            if message_id is not None:
                raise ElementRepeated("The message has two group headers.", field=group, way_out="Send one.")
            message_id = Place(fields, f"/Document/{group}").required("MsgId")
        elif message_id is None:
            raise ElementMissing(f"The message lacks GrpHdr, before the first {word}.", field=group, way_out="Send it.")
        elif path == of_entry:
            entries.append(read_entry(Place(fields, f"{here.xpath}/Ntry[{len(entries) + 1}]")))
        else:
            yield Told(here, tuple(entries), message_id, stream.version)
            entries, number = [], number + 1
    if number == 1:
        raise ElementMissing(f"The message lacks {at.rpartition('/')[2]}.", field=at, way_out=f"Send at least one {word}.")


def read_account(here: Place) -> Account:
    """The account by IBAN or another number. Raises ElementMissing."""
    iban, other = here.text("Acct/Id/IBAN"), here.text("Acct/Id/Othr/Id")
    if iban is None and other is None:
        here.required("Acct/Id/IBAN")
    return Account(iban=iban, other=other, currency=here.text("Acct/Ccy"), name=here.text("Acct/Nm"))


def read_entry(here: Place) -> Entry:
    """An entry with all its transactions, in every version. Raises ElementMissing, ValueInvalid."""
    minor, currency = here.amount("Amt")
    return Entry(
        minor=minor,
        currency=currency,
        direction=here.direction("CdtDbtInd"),
        status=here.text("Sts") or here.required("Sts/Cd"),  # a plain code up to version 07, a choice since
        booking_date=here.day("BookgDt"),
        value_date=here.day("ValDt"),
        reference=here.text("NtryRef"),
        servicer_reference=here.text("AcctSvcrRef"),
        reversal=here.indicator("RvslInd") or False,
        code=_read_code(here.fields, "BkTxCd"),
        details=tuple(
            _read_detail(here, path) for details in here.fields.siblings("NtryDtls") for path in here.fields.siblings(f"{details}/TxDtls")
        ),
        additional_info=here.text("AddtlNtryInf"),
        charges=_read_charges(here, "Chrgs"),
        batch_count=_read_batch_count(here),
    )


def _read_batch_count(here: Place) -> int | None:
    """How many transactions the batches of an entry hold together, where all of them say so."""
    batches = [path for details in here.fields.siblings("NtryDtls") for path in here.fields.siblings(f"{details}/Btch")]
    counts = [here.number(f"{path}/NbOfTxs") for path in batches]
    stated = [count for count in counts if count is not None]
    return sum(stated) if stated and len(stated) == len(counts) else None


def _read_charges(here: Place, path: str) -> tuple[Charge, ...]:
    """Charges one by one: below ``Rcrd`` since version 04, each in an element of its own before."""
    charges = here.fields.siblings(path)
    records = [record for one in charges for record in here.fields.siblings(f"{one}/Rcrd")]
    return tuple(_read_charge(here, record) for record in records or [one for one in charges if here.fields.has(f"{one}/Amt")])


def _read_charge(here: Place, path: str) -> Charge:
    minor, currency = here.amount(f"{path}/Amt")
    code = here.text(f"{path}/Tp/Cd")
    return Charge(
        minor=minor,
        currency=currency,
        direction=here.direction(f"{path}/CdtDbtInd") if here.fields.has(f"{path}/CdtDbtInd") else None,
        included=here.indicator(f"{path}/ChrgInclInd"),
        kind=code or here.text(f"{path}/Tp/Prtry/Id"),
        kind_is_code=code is not None or not here.fields.has(f"{path}/Tp/Prtry/Id"),
        bearer=here.text(f"{path}/Br"),
    )


def _read_exchange(here: Place, path: str) -> Exchange | None:
    """The exchange stated with the transaction's amount, else with the instructed one."""
    for amount in ("TxAmt", "InstdAmt"):
        exchange = f"{path}/AmtDtls/{amount}/CcyXchg"
        if here.fields.has(exchange):
            return Exchange(
                source=here.required(f"{exchange}/SrcCcy"),
                rate=here.rate(f"{exchange}/XchgRate"),
                target=here.text(f"{exchange}/TrgtCcy"),
                unit=here.text(f"{exchange}/UnitCcy"),
                contract=here.text(f"{exchange}/CtrctId"),
            )
    return None


def _read_code(fields: Fields, path: str) -> BankTransactionCode:
    return BankTransactionCode(
        domain=fields.text(f"{path}/Domn/Cd"),
        family=fields.text(f"{path}/Domn/Fmly/Cd"),
        sub_family=fields.text(f"{path}/Domn/Fmly/SubFmlyCd"),
        proprietary=fields.text(f"{path}/Prtry/Cd"),
        proprietary_issuer=fields.text(f"{path}/Prtry/Issr"),
    )


def _read_detail(here: Place, path: str) -> EntryDetail:
    refs = f"{path}/Refs"
    amount = next((name for name in (f"{path}/Amt", f"{path}/AmtDtls/TxAmt/Amt") if here.fields.has(name)), None)
    minor, currency = here.amount(amount) if amount is not None else (None, None)
    instructed = f"{path}/AmtDtls/InstdAmt/Amt"
    instructed_minor, instructed_currency = here.amount(instructed) if here.fields.has(instructed) else (None, None)
    structured = here.fields.siblings(f"{path}/RmtInf/Strd")
    return EntryDetail(
        uetr=read_uetr(here.text(f"{refs}/UETR") or ""),
        end_to_end_id=here.text(f"{refs}/EndToEndId"),
        instruction_id=here.text(f"{refs}/InstrId"),
        transaction_id=here.text(f"{refs}/TxId"),
        servicer_reference=here.text(f"{refs}/AcctSvcrRef"),
        message_id=here.text(f"{refs}/MsgId"),
        minor=minor,
        currency=currency,
        direction=here.direction(f"{path}/CdtDbtInd") if here.fields.has(f"{path}/CdtDbtInd") else None,
        return_reason=here.text(f"{path}/RtrInf/Rsn/Cd") or here.text(f"{path}/RtrInf/Rsn/Prtry"),
        additional_info=here.text(f"{path}/AddtlTxInf"),
        instructed_minor=instructed_minor,
        instructed_currency=instructed_currency,
        exchange=_read_exchange(here, path),
        charges=_read_charges(here, f"{path}/Chrgs"),
        creditor_references=tuple(text for one in structured if (text := here.text(f"{one}/CdtrRefInf/Ref")) is not None),
        remittance=tuple(here.fields.texts(f"{path}/RmtInf/Ustrd")),
    )

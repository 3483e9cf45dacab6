"""A statement as MT940 (SWIFT Standards MT, category 9), from banks that still send it: files named .sta, .mt940 or otherwise.

Messages stand one after another, in their SWIFT envelope ({1:…}{4: … -}) or bare, as most banks' portals give them. Each begins with
``:20:`` and has ``:25:`` (account), ``:28C:`` (number and page), ``:60F:`` or ``:60M:`` (opening), any number of ``:61:`` (entry), each
perhaps followed by its ``:86:`` (free text), and ``:62F:`` or ``:62M:`` (closing). It becomes the same `Statement` as a camt.053 and has to
add up just so. What the standard has no field for is looked for in ``:86:``: a UETR anywhere in it, an end-to-end id behind ``/EREF/`` or
``EREF+``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from ledger.domain.money import parse_amount
from ledger.errors import AmountInvalid, CurrencyNotAccepted
from ledger.iso20022.camt053_checks import check_statement
from ledger.iso20022.errors import TooLarge
from ledger.iso20022.fields import DEFAULT_LIMITS, Limits, safe
from ledger.iso20022.parties import Account
from ledger.iso20022.statement import Balance, BankTransactionCode, Direction, Entry, EntryDetail, Statement
from reconciliation.errors import StatementMt940Invalid

FIELD_CHARACTERS_MAX = 4_000
"""Of one field with all its lines. The standard has six lines of 65; several banks send more."""

_BEGINS = re.compile(rb"\s*(?:\{1:[^}]{1,100}\}(?:\{[235]:[^}]{0,100}\})*\{4:\s*)?:20:")
_FIELD = re.compile(r":([0-9]{2}[A-Z]?):(.*)", re.DOTALL)
# {1:…}{2:…}{4: begins a message in its envelope, -} ends it; {5:…} may follow.
_ENVELOPE_OPENS = re.compile(r"\{1:.*\{4:")
_ENVELOPE_CLOSES = re.compile(r"-\}?(?:\{5:.*\})?")
_BALANCE = re.compile(r"([CD])([0-9]{6})([A-Z]{3})([0-9]{1,14}(?:,[0-9]*)?)")
# Value date, entry date, mark (RC and RD take back), third letter of the currency, amount, type, owner's reference // the bank's own.
_LINE = re.compile(
    r"([0-9]{6})([0-9]{4})?(RC|RD|C|D)([A-Z])?([0-9]{1,14},[0-9]*)([A-Z][A-Z0-9]{3})((?:(?!//)[^\n]){0,35})(?://([^\n]{0,35}))?(?:\n(.*))?",
    re.DOTALL,
)
_NUMBER = re.compile(r"([0-9]{1,5})(?:/([0-9]{1,5}))?")
_UETR = re.compile(r"[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}")
_END_TO_END = re.compile(r"/EREF/([^/]{1,35})(?:/|$)|EREF\+(.{1,35}?)(?:[A-Z]{4}\+|\?|$)")
_OPENING = {"60F": "PRCD", "60M": "ITBD"}
_CLOSING = {"62F": "CLBD", "62M": "ITBD"}
_FURTHER = {"64": "CLAV", "65": "FWAV"}
_TAKEN_NOTE_OF = frozenset({"13D", "21", "28", "34F", "90C", "90D", "13"})
_HALF_A_YEAR = timedelta(days=183)
_LAST_CENTURY_FROM = 80


class _Field(NamedTuple):
    """One field: its tag, its text with its further lines, and the line of the file it begins on."""

    tag: str
    text: str
    line: int

    def invalid(self, rule: str, value: str = "") -> StatementMt940Invalid:
        return StatementMt940Invalid(
            f"Line {self.line}, :{self.tag}: {rule}.",
            field=f"line {self.line}, :{self.tag}:",
            value=safe(value) if value else "",
            way_out="Correct the field and send the file again.",
            line=self.line,
        )


def looks_like_mt940(data: bytes) -> bool:
    """Whether a file is to be read as MT940: it begins with field 20, in an envelope or bare."""
    return _BEGINS.match(data.removeprefix(b"\xef\xbb\xbf")[:1_000]) is not None


def read_mt940(data: bytes, limits: Limits = DEFAULT_LIMITS) -> list[Statement]:
    """Every statement of a file; pages stay apart. Raises StatementMt940Invalid with field and line, TooLarge, or an UnreliableStatement as
    camt.053 does."""
    if len(data) > limits.file_bytes_max:
        raise TooLarge(
            f"The file has {len(data)} bytes; the limit is {limits.file_bytes_max}.", field="file", way_out="Split the statements by day."
        )
    messages: list[list[_Field]] = []
    for field in _fields(_text(data)):
        if field.tag == "20":
            messages.append([])
        elif not messages:
            raise field.invalid("stands before the first :20:")
        messages[-1].append(field)
    if not messages:
        raise StatementMt940Invalid("The file holds no :20:.", field="file", way_out="Send at least one statement.")
    return [_statement(message) for message in messages]


def _text(data: bytes) -> str:
    """UTF-8, else Latin-1, which the older programs of banks write."""
    body = data.removeprefix(b"\xef\xbb\xbf")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _fields(text: str) -> Iterator[_Field]:
    """The fields of all messages, envelopes taken off."""
    tag, lines, begun = "", [""], 0
    for number, whole in enumerate(text.split("\n"), start=1):
        line = _ENVELOPE_OPENS.sub("", whole, count=1) if whole.startswith("{1:") else whole
        if _ENVELOPE_CLOSES.fullmatch(line) or (not line.strip() and number > 1 and not tag):
            line = ""
        found = _FIELD.fullmatch(line)
        if found is None:
            if line and not tag:
                raise _Field("20", "", number).invalid("is expected here")
            if line:
                lines.append(line)
                if sum(map(len, lines)) > FIELD_CHARACTERS_MAX:
                    raise _Field(tag, "", begun).invalid(f"has more than {FIELD_CHARACTERS_MAX} characters")
            continue
        if tag:
            yield _checked(tag, lines, begun)
        tag, lines, begun = found[1], [found[2]], number
    if tag:
        yield _checked(tag, lines, begun)


def _checked(tag: str, lines: Sequence[str], begun: int) -> _Field:
    field = _Field(tag, "\n".join(lines).rstrip(), begun)
    if len(field.text) > FIELD_CHARACTERS_MAX:
        raise field.invalid(f"has more than {FIELD_CHARACTERS_MAX} characters")
    if not "".join(lines).isprintable():
        raise field.invalid("has control characters")
    return field


def _statement(fields: Sequence[_Field]) -> Statement:
    """One message. The fields of a kind that stands once are refused when they stand twice."""
    once: dict[str, _Field] = {}
    entries: list[Entry] = []
    further: list[Balance] = []
    currency = ""
    before = fields[0]
    for field in fields:
        kind = field.tag[:2]
        if kind == "61":
            entries.append(_entry(field, currency or _missing(fields[0], "60F")))
        elif kind == "86":
            if before.tag == "61":
                entries[-1] = _explained(entries[-1], field)
        elif field.tag in _FURTHER:
            further.append(_balance(field, _FURTHER[field.tag]))
        elif kind in ("20", "25", "28", "60", "62"):
            if kind in once:
                raise field.invalid(f"stands twice in the statement that begins on line {fields[0].line}")
            once[kind] = field
            if kind == "60":
                currency = _balance(field, "PRCD").currency
        elif field.tag not in _TAKEN_NOTE_OF:
            raise field.invalid("is no field of MT940")
        before = field
    for kind, tag in (("25", "25"), ("28", "28C"), ("60", "60F"), ("62", "62F")):
        if kind not in once:
            _missing(fields[0], tag)
    return _enclosed(once, tuple(entries), tuple(further))


def _missing(first: _Field, tag: str) -> str:
    raise first.invalid(f"begins a statement that lacks :{tag}: in its place")


def _enclosed(once: dict[str, _Field], entries: tuple[Entry, ...], further: tuple[Balance, ...]) -> Statement:
    number = _NUMBER.fullmatch(once["28"].text.strip())
    if number is None:
        raise once["28"].invalid("is a number of at most five digits, and a page behind a slash", once["28"].text)
    opens, closes = once["60"], once["62"]
    if opens.tag not in _OPENING or closes.tag not in _CLOSING:
        raise (opens if opens.tag not in _OPENING else closes).invalid("says F for a first or last balance, M for one between pages")
    opening, closing = _balance(opens, _OPENING[opens.tag]), _balance(closes, _CLOSING[closes.tag])
    if opening.type == "PRCD" and opening.on >= closing.on:
        opening = Balance("OPBD", opening.minor, opening.currency, opening.on)
    paged = opens.tag == "60M" or closes.tag == "62M"
    account = once["25"].text.split("\n")[0].strip()
    if not account or len(account) > 35:
        raise once["25"].invalid("is an account of at most 35 characters")
    statement = Statement(
        id=f"{int(number[1])}-{closing.on.isoformat()}",
        account=Account(other=account),
        currency=opening.currency,
        opening=opening,
        closing=closing,
        entries=entries,
        sequence=int(number[1]),
        page=int(number[2] or 1) if paged else None,
        last_page=closes.tag == "62F",
        balances=further,
        message_id=once["20"].text.strip(),
        version="mt940",
    )
    check_statement(statement, f"The MT940 statement on line {once['20'].line}")
    return statement


def _balance(field: _Field, kind: str) -> Balance:
    found = _BALANCE.fullmatch(field.text.strip())
    if found is None:
        raise field.invalid("is C or D, a date YYMMDD, a currency and an amount such as C260327USD1030,00", field.text)
    minor = _amount(field, found[4], found[3])
    return Balance(kind, minor if found[1] == "C" else -minor, found[3], _date(field, found[2]))


def _amount(field: _Field, text: str, currency: str) -> int:
    whole, _, fraction = text.partition(",")
    try:
        return parse_amount(f"{int(whole)}.{fraction}" if fraction else str(int(whole)), currency, allow_zero=True)
    except CurrencyNotAccepted:
        raise field.invalid("is in a currency of ISO 4217", currency) from None
    except AmountInvalid:
        raise field.invalid(f"has an amount with a comma and at most the decimals of {currency}", text) from None


def _date(field: _Field, text: str) -> date:
    """A date of two digits for the year: 80 to 99 are of the last century."""
    year = int(text[:2])
    try:
        return date((1900 if year >= _LAST_CENTURY_FROM else 2000) + year, int(text[2:4]), int(text[4:]))
    except ValueError:
        raise field.invalid("has a date that is none", text) from None


def _entry_date(field: _Field, text: str, value_date: date) -> date:
    """The entry date has no year: it is the one that brings it nearest to the value date."""
    for year in (value_date.year, value_date.year - 1, value_date.year + 1):
        try:
            found = date(year, int(text[:2]), int(text[2:]))
        except ValueError:
            continue
        if abs(found - value_date) <= _HALF_A_YEAR:
            return found
    raise field.invalid("has an entry date that is none", text)


def _entry(field: _Field, currency: str) -> Entry:
    found = _LINE.fullmatch(field.text)
    if found is None:
        raise field.invalid("is no statement line such as 2603270327D108,31NTRFREF//BANKREF")
    value, entered, mark, letter, amount, kind, own, theirs, _further = found.groups()
    if letter is not None and letter != currency[2]:
        raise field.invalid(f"is in another currency than {currency}", letter)
    value_date = _date(field, value)
    # RC takes a credit back, so it is a debit; RD the other way about.
    direction = Direction.CREDIT if mark in ("C", "RD") else Direction.DEBIT
    return Entry(
        minor=_amount(field, amount, currency),
        currency=currency,
        direction=direction,
        booking_date=_entry_date(field, entered, value_date) if entered else value_date,
        value_date=value_date,
        servicer_reference=(theirs or "").strip() or None,
        reversal=mark.startswith("R"),
        code=BankTransactionCode(proprietary=kind, proprietary_issuer="SWIFT"),
        details=(EntryDetail(instruction_id=own.strip() or None),),
    )


def _explained(entry: Entry, field: _Field) -> Entry:
    """The entry with what its :86: tells it is known by. Lines break anywhere, so they are joined before they are looked at."""
    text = field.text.replace("\n", "")
    uetr, end_to_end = _UETR.search(text.lower()), _END_TO_END.search(text)
    [detail] = entry.details
    known = EntryDetail(
        uetr=UUID(uetr[0]) if uetr else None,
        end_to_end_id=(end_to_end[1] or end_to_end[2]).strip() or None if end_to_end else None,
        instruction_id=detail.instruction_id,
    )
    return replace(entry, details=(known,), additional_info=field.text)

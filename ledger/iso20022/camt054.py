"""camt.054, bank to customer debit and credit notification: entries told of before, or without, a statement.

Versions 02 to 13 are read, 08 and 12 are written. A notification states no balances, so nothing in it can be added up, and its
summary is not relied on: each entry stands for itself. That it holds no entry twice is checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import BinaryIO

from lxml import etree

from ledger.iso20022.camt053_checks import check_no_entry_repeated
from ledger.iso20022.elements import add_account_fields, branch, leaf, to_bytes
from ledger.iso20022.fields import DEFAULT_LIMITS, Limits
from ledger.iso20022.statement import Direction, Entry, Notification
from ledger.iso20022.statement_entries import Told, read_account, read_each
from ledger.iso20022.statement_writer import Totals, add_entry, add_numbers, add_summary, begun, streamed, totals_of

VERSION = "camt.054.001.08"
WRITTEN = (VERSION, "camt.054.001.12")

_ROOT = "BkToCstmrDbtCdtNtfctn"
_NOTIFICATION = f"{_ROOT}/Ntfctn"


def read_camt054(source: bytes | BinaryIO, limits: Limits = DEFAULT_LIMITS) -> list[Notification]:
    """Every notification of the message.

    Raises an `UnreadableMessage`: the message cannot be read, or one of its notifications holds an entry twice.
    """
    return [_read_notification(told) for told in read_each(source, "camt.054", _NOTIFICATION, "notification", limits)]


def _read_notification(told: Told) -> Notification:
    here = told.here
    notification = Notification(
        id=here.required("Id"),
        account=read_account(here),
        entries=told.entries,
        created_at=here.instant("CreDtTm"),
        from_at=here.instant("FrToDt/FrDtTm"),
        to_at=here.instant("FrToDt/ToDtTm"),
        sequence=here.number("ElctrncSeqNb"),
        legal_sequence=here.number("LglSeqNb"),
        page=here.number("NtfctnPgntn/PgNb"),
        last_page=here.indicator("NtfctnPgntn/LastPgInd") is not False,
        additional_info=here.text("AddtlNtfctnInf"),
        message_id=told.message_id,
        version=told.version,
    )
    check_no_entry_repeated(told.entries, here.xpath)
    return notification


def _one_currency(entries: Iterable[Entry]) -> str | None:
    currencies = {entry.currency for entry in entries}
    return currencies.pop() if len(currencies) == 1 else None


def write_camt054(
    notifications: Notification | Sequence[Notification],
    *,
    message_id: str | None = None,
    created_at: datetime | None = None,
    version: str = VERSION,
) -> bytes:
    """A message of one or more notifications in UTF-8; the same notifications give the same bytes.

    ``message_id`` and ``created_at`` are those of the first one unless given. Raises ValueError without a notification, without a creation
    time, with an instant that lacks its offset, or for a version that is not written.
    """
    held = [notifications] if isinstance(notifications, Notification) else list(notifications)
    if not held:
        raise ValueError("a message has at least one notification")
    first = held[0]
    document, message = begun(_ROOT, version, WRITTEN, message_id or first.message_id or first.id, created_at or first.created_at)
    for notification in held:
        currency = _one_currency(notification.entries)
        element = _add_enclosing(message, notification, None if currency is None else (totals_of(notification.entries), currency))
        for entry in notification.entries:
            add_entry(element, entry)
        leaf(element, "AddtlNtfctnInf", notification.additional_info)
    return to_bytes(document)


def stream_camt054(
    notification: Notification, totals: dict[Direction, Totals], currency: str, entries: Iterable[Entry], *, version: str = VERSION
) -> Iterator[bytes]:
    """The message of one notification piece by piece; ``entries`` and ``totals`` as for `stream_camt053`, all in ``currency``."""
    document, message = begun(_ROOT, version, WRITTEN, notification.message_id or notification.id, notification.created_at)
    element = _add_enclosing(message, notification, (totals, currency))
    leaf(element, "AddtlNtfctnInf", notification.additional_info)
    yield from streamed(document, element, entries, before="AddtlNtfctnInf" if notification.additional_info else None)


def _add_enclosing(
    parent: etree._Element, notification: Notification, summary: tuple[dict[Direction, Totals], str] | None
) -> etree._Element:
    """Everything of a notification that comes before its entries."""
    element = branch(parent, "Ntfctn")
    add_numbers(element, notification, "NtfctnPgntn")
    add_account_fields(branch(element, "Acct"), notification.account)
    if summary is not None:
        add_summary(element, *summary)
    return element

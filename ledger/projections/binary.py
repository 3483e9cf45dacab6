"""Rows in PostgreSQL's binary COPY format, for the tables that get many rows a page.

The server takes them over as they are, where text makes it read every number, instant and UUID anew. Values that many rows share are
turned into bytes once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from struct import Struct
from typing import Any

from pydantic_core import to_json

from ledger.eventstore.binary_copy import EPOCH, SIGNATURE, TRAILER
from ledger.projections.copying import without_nul

NULL = (-1).to_bytes(4, "big", signed=True)

_MICROSECOND = timedelta(microseconds=1)
_DAY_ZERO = EPOCH.date().toordinal()
_BIGINT, _INTEGER, _JSONB = Struct(">iq"), Struct(">ii"), Struct(">ib")
_EMPTY_LIST = _JSONB.pack(3, 1) + b"[]"


def data_of(rows: Iterable[bytes]) -> bytes:
    """All that is sent for these rows; nothing at all when there are none."""
    body = b"".join(rows)
    return SIGNATURE + body + TRAILER if body else b""


def beginning(columns: int) -> bytes:
    """What a row of so many columns begins with."""
    return columns.to_bytes(2, "big")


def bigint(value: int) -> bytes:
    """A bigint."""
    return _BIGINT.pack(8, value)


def integer(value: int) -> bytes:
    """An integer."""
    return _INTEGER.pack(4, value)


def text(value: str) -> bytes:
    """Free text. PostgreSQL has no NUL in text, so one that a partner sent stands as U+FFFD."""
    data = (value.replace("\0", "\ufffd") if "\0" in value else value).encode()
    return len(data).to_bytes(4, "big") + data


word = lru_cache(1_024)(text)
"""Text that comes again and again: a corridor, a topic, an actor."""


@lru_cache(16_384)
def uuid(value: str) -> bytes:
    """A UUID in its usual form. Raises ValueError for anything else."""
    data = bytes.fromhex(value.replace("-", ""))
    if len(data) != 16:
        raise ValueError(f"{value!r} is not a UUID.")
    return b"\0\0\0\x10" + data


@lru_cache(1_024)
def instant(value: str) -> bytes:
    """A timestamptz, from an instant in ISO 8601 with its offset."""
    return _BIGINT.pack(8, (datetime.fromisoformat(value) - EPOCH) // _MICROSECOND)


@lru_cache(1_024)
def day(value: str) -> bytes:
    """A date, from ISO 8601."""
    return _INTEGER.pack(4, date.fromisoformat(value).toordinal() - _DAY_ZERO)


def jsonb(value: Any) -> bytes:
    """A JSON document. NUL is replaced as in `text`: jsonb refuses it, and one odd character must not stop a projection."""
    if value == []:  # by far the most frequent document
        return _EMPTY_LIST
    data = to_json(value)
    if b"\\u0000" in data:
        data = to_json(without_nul(value))
    return _JSONB.pack(len(data) + 1, 1) + data

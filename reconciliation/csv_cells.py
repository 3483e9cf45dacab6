"""The lines of a plain CSV statement, some thousands at once: each column is checked and read as one.

Taken is what a program writes: no quotes, no spaces around cells, printable ASCII without backslash, amounts with all decimals of the
currency, dates that exist, UETRs of version 4 in small letters, references that are not read into. Whatever else stands there, right or
wrong, is for `csv_statement` to judge: here it is only seen that some line is not plain.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ledger.domain.money import MAX_DIGITS

Characters = NDArray[np.uint8]
"""One row a line, of equal width; what a line does not fill is NUL."""
Flags = NDArray[np.bool_]

CELL_WIDTH_MAX = 140
"""Longer references are nobody's plain ones: ISO 20022 gives them 35 characters."""

_CELLS = 13
_DATE, _VALUE_DATE, _AMOUNT, _DIRECTION, _UETR, _END_TO_END_ID, _REFERENCE, _REVERSAL, _KIND = range(4, _CELLS)
_DATE_WIDTH, _UETR_WIDTH = 10, 36
_COMMA, _NEWLINE, _SPACE, _ZERO, _POINT, _HYPHEN = b",\n 0.-"
_FIRST_PRINTABLE, _PRINTABLE = 0x20, 0x5F
_REFUSED = (b'"', b"'", b"\\")
# Room around the bytes, so that a column of the widest cells may be taken at any line.
_MARGIN = bytes(4 * CELL_WIDTH_MAX)

_DATE_DIGITS, _DATE_HYPHENS = [0, 1, 2, 3, 5, 6, 8, 9], [4, 7]
_DATE_POWERS = np.array([10**power for power in range(7, -1, -1)], np.int32)
_UETR_HYPHENS = [8, 13, 18, 23]
_UETR_DIGITS = [slice(0, 8), slice(9, 13), slice(14, 18), slice(19, 23), slice(24, 36)]
_VERSION, _VARIANT = 14, 19
_NO_DIGIT = 0xFF
_SMALL_HEX = np.full(256, _NO_DIGIT, np.uint8)
_SMALL_HEX[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16, dtype=np.uint8)
_IN_HEX, _IN_UUID = np.zeros(256, np.bool_), np.zeros(256, np.bool_)
_IN_HEX[np.frombuffer(b"0123456789abcdefABCDEF", np.uint8)] = True
_IN_UUID[np.frombuffer(b"0123456789abcdefABCDEF-", np.uint8)] = True
_HEX_WIDTH = 32
# What stands for no reference; `reported` leaves it out.
_NO_REFERENCE = (b"NOTPROVIDED", b"NONREF", b"NOTAVAILABLE")
_LETTERS_LARGE = 0xDF


class Cells(NamedTuple):
    """Some lines. ``booked`` and ``valued`` are days as `date.toordinal` counts them, ``minor`` amounts without their sign; ``keys`` are
    UETRs as two numbers, of zeros where there is none. The other columns are the characters that stand there."""

    booked: NDArray[np.int32]
    valued: NDArray[np.int32]
    booked_text: Characters
    valued_text: Characters
    minor: NDArray[np.int64]
    credit: Flags
    has_uetr: Flags
    uetr_text: Characters
    keys: NDArray[np.uint64]
    end_to_end_id: Characters
    reference: Characters
    reversal: Flags
    kind: Characters


def read_cells(lines: bytes, begins: bytes, places: int) -> Cells | None:
    """What stands in some lines that all begin alike; None when one of them is not plain. ``places``: the currency's decimals."""
    number = lines.count(b"\n")
    data = np.frombuffer(b"".join((_MARGIN, lines, _MARGIN)), np.uint8)
    printed = data[len(_MARGIN) : -len(_MARGIN)]
    if np.count_nonzero(printed - _FIRST_PRINTABLE >= _PRINTABLE) != number or any(mark in lines for mark in _REFUSED):
        return None
    stops = np.flatnonzero((data == _COMMA) | (data == _NEWLINE))
    if len(stops) != number * _CELLS:
        return None
    ends = stops.reshape(number, _CELLS)
    if (data[ends[:, -1]] != _NEWLINE).any() or (b" " in lines and _touches_a_stop(data)):
        return None
    starts = np.empty_like(ends)
    starts[:, 1:] = ends[:, :-1] + 1
    starts[0, 0] = len(_MARGIN)
    starts[1:, 0] = ends[:-1, -1] + 1
    return _Block(data, starts, ends, places).read(begins)


def _touches_a_stop(data: Characters) -> bool:
    """Whether a space stands at the beginning or the end of a cell."""
    spaces = np.flatnonzero(data == _SPACE)
    beside = np.concatenate((data[spaces - 1], data[spaces + 1]))
    return bool(((beside == _COMMA) | (beside == _NEWLINE)).any())


class _NotPlain(Exception):
    """Some cell is not in its plainest form."""


class _Block:
    """The bytes of some lines, and where each cell of each line stands in them."""

    def __init__(self, data: Characters, starts: NDArray[np.int64], ends: NDArray[np.int64], places: int) -> None:
        self.data = data
        self.starts = starts
        self.ends = ends
        self.widths = ends - starts
        self.places = places

    def read(self, begins: bytes) -> Cells | None:
        try:
            self._check_beginnings(begins)
            booked, booked_text = self._days(self.starts[:, _DATE], self.widths[:, _DATE])
            valued, valued_text = self._value_days(booked, booked_text)
            has_uetr, uetr_text, keys = self._uetrs()
            return Cells(
                booked, valued, booked_text, valued_text, self._amounts(), self._one_of(_DIRECTION, b"CRDT", b"DBIT"), has_uetr, uetr_text,
                keys, self._reference(_END_TO_END_ID), self._reference(_REFERENCE), self._reversals(), self._text(_KIND),
            )  # fmt: skip
        except _NotPlain:
            return None

    def _taken(self, starts: NDArray[np.int64], width: int) -> Characters:
        """So many characters from each of some places."""
        if not width:
            return np.empty((len(starts), 0), np.uint8)
        windows: NDArray[np.void] = np.ndarray((len(self.data) - width + 1,), f"V{width}", self.data, strides=(1,))
        return windows[starts].view(np.uint8).reshape(-1, width)

    def _check_beginnings(self, begins: bytes) -> None:
        lengths = self.starts[:, _DATE] - self.starts[:, 0]
        _need(lengths == len(begins))
        _need(self._taken(self.starts[:, 0], len(begins)) == np.frombuffer(begins, np.uint8))

    def _days(self, starts: NDArray[np.int64], widths: NDArray[np.int64]) -> tuple[NDArray[np.int32], Characters]:
        _need(widths == _DATE_WIDTH)
        text = self._taken(starts, _DATE_WIDTH)
        digits = text[:, _DATE_DIGITS] - _ZERO
        _need(digits <= 9)
        _need(text[:, _DATE_HYPHENS] == _HYPHEN)
        codes = digits.astype(np.int32) @ _DATE_POWERS
        days = np.unique(codes)
        return _ordinals(days)[np.searchsorted(days, codes)], text

    def _value_days(self, booked: NDArray[np.int32], booked_text: Characters) -> tuple[NDArray[np.int32], Characters]:
        """A line without one has its booking date."""
        given = np.flatnonzero(self.widths[:, _VALUE_DATE])
        if not len(given):
            return booked, booked_text
        valued, text = booked.copy(), booked_text.copy()
        valued[given], text[given] = self._days(self.starts[given, _VALUE_DATE], self.widths[given, _VALUE_DATE])
        return valued, text

    def _amounts(self) -> NDArray[np.int64]:
        widths, fraction = self.widths[:, _AMOUNT], self.places + 1 if self.places else 0
        widest, whole = int(widths.max()), widths - fraction
        _need(whole >= 1)
        _need(whole + self.places <= MAX_DIGITS)
        _need((whole == 1) | (self.data[self.starts[:, _AMOUNT]] != _ZERO))
        text = self._taken(self.ends[:, _AMOUNT] - widest, widest)
        minor = np.zeros(len(text), np.int64)
        for column in range(widest):
            if self.places and column == widest - fraction:
                _need(text[:, column] == _POINT)
                continue
            digits = np.where(widths >= widest - column, text[:, column] - _ZERO, 0)
            _need(digits <= 9)
            minor = minor * 10 + digits
        return minor

    def _one_of(self, cell: int, this: bytes, other: bytes) -> Flags:
        """Where a cell says the one thing; anywhere else it says the other, of the same width."""
        _need(self.widths[:, cell] == len(this))
        text = self._taken(self.starts[:, cell], len(this))
        says: Flags = (text == np.frombuffer(this, np.uint8)).all(axis=1)
        _need(says | (text == np.frombuffer(other, np.uint8)).all(axis=1))
        return says

    def _reversals(self) -> Flags:
        widths = self.widths[:, _REVERSAL]
        found = np.zeros(len(widths), np.bool_)
        for word in (b"true", b"false"):
            lines = np.flatnonzero(widths == len(word))
            _need(self._taken(self.starts[lines, _REVERSAL], len(word)) == np.frombuffer(word, np.uint8))
            found[lines] = word == b"true"
        _need((widths == 0) | (widths == 4) | (widths == 5))
        return found

    def _uetrs(self) -> tuple[Flags, Characters, NDArray[np.uint64]]:
        widths = self.widths[:, _UETR]
        given = widths == _UETR_WIDTH
        _need(given | (widths == 0))
        text = np.zeros((len(widths), _UETR_WIDTH), np.uint8)
        halves = np.zeros((len(widths), 2), np.uint64)
        lines = np.flatnonzero(given)
        there = self._taken(self.starts[lines, _UETR], _UETR_WIDTH)
        read = _SMALL_HEX[there]
        digits = np.concatenate([read[:, columns] for columns in _UETR_DIGITS], axis=1)
        variant = read[:, _VARIANT]
        _need(digits != _NO_DIGIT)
        _need(there[:, _UETR_HYPHENS] == _HYPHEN)
        _need(there[:, _VERSION] == ord("4"))
        _need((variant >= 8) & (variant <= 11))
        text[lines] = there
        halves[lines] = (digits[:, 0::2] << 4 | digits[:, 1::2]).view(">u8")
        return given, text, halves

    def _text(self, cell: int) -> Characters:
        """A cell's characters, NUL after its end."""
        widths = self.widths[:, cell]
        widest = int(widths.max())
        if widest > CELL_WIDTH_MAX:
            raise _NotPlain
        text = self._taken(self.starts[:, cell], widest)
        text[np.arange(widest) >= widths[:, None]] = 0
        return text

    def _reference(self, cell: int) -> Characters:
        """A cell that `reported` takes as it stands."""
        widths = self.widths[:, cell]
        for word in _NO_REFERENCE:
            text = self._taken(self.starts[widths == len(word), cell], len(word))
            _need(~((text & _LETTERS_LARGE) == np.frombuffer(word, np.uint8)).all(axis=1))
        for width, alphabet in ((_HEX_WIDTH, _IN_HEX), (_UETR_WIDTH, _IN_UUID)):
            _need(~alphabet[self._taken(self.starts[widths == width, cell], width)].all(axis=1))
        return self._text(cell)


def _need(holds: Flags | np.bool_) -> None:
    if not np.all(holds):
        raise _NotPlain


def _ordinals(days: NDArray[np.int32]) -> NDArray[np.int32]:
    """Days written as numbers, 20260330; each must exist."""
    try:
        return np.array([date(day // 10_000, day // 100 % 100, day % 100).toordinal() for day in days.tolist()], np.int32)
    except ValueError:
        raise _NotPlain from None

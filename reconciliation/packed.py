"""The lines of one statement as columns of numbers, some sixty bytes a line; only those that do not agree become objects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from reconciliation.csv_cells import Cells
from reconciliation.csv_content import filled, joined
from reconciliation.lines import ReportedLine, is_uuid

Numbers = NDArray[np.int64]
Halves = NDArray[np.uint64]
Texts = tuple[tuple[str, ...], str]
"""References after the key, and what the bank calls the line."""

_NO_KEY = "0" * 32
_CELLS_END = b"\x1f"
_ODD, _HALF = np.uint64(0x9E37_79B9_7F4A_7C15), np.uint64(32)


class PackedLines(NamedTuple):
    """``keys`` are the lines' first references as two halves, where ``has_key`` says that this is a UUID. Days are as `date.toordinal`
    counts them. ``texts`` are the other texts of all lines, one after another, each ending at its ``text_ends``; ``unpack`` reads those
    of a line. ``elsewhere`` holds the first halves of UUIDs that stand in further references, in order."""

    entries: NDArray[np.int32]
    parts: NDArray[np.int32]
    booked: NDArray[np.int32]
    valued: NDArray[np.int32]
    amounts: Numbers
    reversal: NDArray[np.bool_]
    has_key: NDArray[np.bool_]
    keys: Halves
    texts: bytes
    text_ends: Numbers
    unpack: Callable[[bytes], Texts]
    elsewhere: Halves

    def lines(self, account: str, statement: str, wanted: Iterable[int] | NDArray[np.intp]) -> list[ReportedLine]:
        """Some lines, by their places here, in that order."""
        places = list(wanted)
        keys = key_texts(self.keys[places])
        return [self._line(account, statement, place, key) for place, key in zip(places, keys, strict=True)]

    def _line(self, account: str, statement: str, place: int, key: str) -> ReportedLine:
        begin = int(self.text_ends[place - 1]) if place else 0
        further, kind = self.unpack(self.texts[begin : int(self.text_ends[place])])
        first = (key,) if self.has_key[place] else ()
        booked, valued = date.fromordinal(int(self.booked[place])), date.fromordinal(int(self.valued[place]))
        return ReportedLine(
            account, statement, int(self.entries[place]), int(self.parts[place]), booked, valued, int(self.amounts[place]),
            (*first, *further), bool(self.reversal[place]), kind,
        )  # fmt: skip


def pack(lines: Sequence[ReportedLine]) -> PackedLines:
    """Lines that were read one by one."""
    leading = [1 if line.references and is_uuid(line.references[0]) else 0 for line in lines]
    further = [line.references[first:] for line, first in zip(lines, leading, strict=True)]
    texts = [to_json((others, line.kind)) for line, others in zip(lines, further, strict=True)]
    keys = [line.references[0] if first else _NO_KEY for line, first in zip(lines, leading, strict=True)]
    whole = partial(np.fromiter, count=len(lines))
    return PackedLines(
        entries=whole((line.entry for line in lines), np.int32),
        parts=whole((line.part for line in lines), np.int32),
        booked=whole((line.booking_date.toordinal() for line in lines), np.int32),
        valued=whole((line.value_date.toordinal() for line in lines), np.int32),
        amounts=whole((line.amount for line in lines), np.int64),
        reversal=whole((line.reversal for line in lines), np.bool_),
        has_key=np.array(leading, np.bool_),
        keys=key_halves(keys),
        texts=b"".join(texts),
        text_ends=np.cumsum(list(map(len, texts)), dtype=np.int64),
        unpack=_of_json,
        elsewhere=key_halves(sorted({text for others in further for text in others if is_uuid(text)}))[:, 0],
    )


class Packing:
    """Packs lines of a plain CSV statement as they are read. A plain reference is no UUID."""

    def __init__(self) -> None:
        self.count = 0
        self._columns: list[_Columns] = []

    def add(self, cells: Cells) -> None:
        """Takes the next lines."""
        columns = (cells.end_to_end_id, _ends(cells), cells.reference, _ends(cells), cells.kind)
        lengths = sum((np.count_nonzero(column, axis=1) for column in columns), np.zeros(len(cells.minor), np.int64))
        amounts = np.where(cells.credit, cells.minor, -cells.minor)
        texts = joined(columns)
        self._columns.append(
            _Columns(
                cells.booked, cells.valued, amounts, cells.reversal, cells.has_uetr, cells.keys, texts, lengths, _marks_of_references(cells)
            )
        )
        self.count += len(cells.minor)

    def lines(self) -> PackedLines:
        """All of them."""
        return PackedLines(
            entries=np.arange(1, self.count + 1, dtype=np.int32),
            parts=np.zeros(self.count, np.int32),
            booked=_whole([one.booked for one in self._columns], np.int32),
            valued=_whole([one.valued for one in self._columns], np.int32),
            amounts=_whole([one.amounts for one in self._columns], np.int64),
            reversal=_whole([one.reversal for one in self._columns], np.bool_),
            has_key=_whole([one.has_key for one in self._columns], np.bool_),
            keys=np.concatenate([np.empty((0, 2), np.uint64), *(one.keys for one in self._columns)]),
            texts=b"".join(one.texts for one in self._columns),
            text_ends=np.cumsum(_whole([one.lengths for one in self._columns], np.int64)),
            unpack=_of_cells,
            elsewhere=np.empty(0, np.uint64),
        )

    def may_repeat(self) -> bool:
        """Whether two lines seem to have the same reference and amount: no two of them have, when it says no."""
        marks = np.sort(_whole([one.marks for one in self._columns], np.uint64))
        return bool((marks[1:] == marks[:-1]).any())


class _Columns(NamedTuple):
    """Some lines. ``marks`` are of those with a reference only."""

    booked: NDArray[np.int32]
    valued: NDArray[np.int32]
    amounts: Numbers
    reversal: NDArray[np.bool_]
    has_key: NDArray[np.bool_]
    keys: Halves
    texts: bytes
    lengths: Numbers
    marks: Halves


def _marks_of_references(cells: Cells) -> Halves:
    """A number for reference and amount of each line that has a reference. Each step can be undone, so that only many characters together
    bring two to the same number."""
    width = -(-cells.reference.shape[1] // 8) * 8
    padded = np.zeros((len(cells.minor), width), np.uint8)
    padded[:, : cells.reference.shape[1]] = cells.reference
    marks = cells.minor.astype(np.uint64)
    for eight in padded.view(np.uint64).T if width else ():
        marks = ((marks ^ (marks >> _HALF)) * _ODD) ^ eight
        marks *= _ODD
    return marks[filled(cells.reference)]


def key_halves(keys: Iterable[str]) -> Halves:
    """UUIDs as two numbers each."""
    return np.frombuffer(bytes.fromhex("".join(keys).replace("-", "")), ">u8").astype(np.uint64).reshape(-1, 2)


def key_texts(keys: Halves) -> list[str]:
    """UUIDs out of their halves."""
    return [
        f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
        for text in (f"{first:016x}{second:016x}" for first, second in keys.tolist())
    ]


def exact_sum(amounts: Numbers) -> int:
    """The sum of amounts, however many digits it has."""
    return (int((amounts >> 32).sum()) << 32) + int((amounts & 0xFFFF_FFFF).sum())


def _whole(parts: Sequence[NDArray[np.generic]], kind: type[np.generic]) -> NDArray[Any]:
    return np.concatenate([np.empty(0, kind), *parts])


def _ends(block: Cells) -> NDArray[np.uint8]:
    return np.full((len(block.minor), 1), _CELLS_END[0], np.uint8)


def _of_cells(packed: bytes) -> Texts:
    end_to_end_id, reference, kind = packed.decode().split(_CELLS_END.decode())
    return tuple(dict.fromkeys(text for text in (end_to_end_id, reference) if text)), kind


def _of_json(packed: bytes) -> Texts:
    further, kind = json.loads(packed)
    return tuple(further), kind

"""What the digest of a statement is over, of the lines of a plain CSV: the very text that `reported` makes of each, for thousands at once.

The text of a line is put together from columns of equal width, in which NUL stands for nothing; taken out, the texts follow each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reconciliation.csv_cells import Cells, Characters, Flags


def content_of_lines(first_entry: int, cells: Cells) -> bytes:
    """The ``repr`` of each line as `reported` takes it into the digest, one after another. Plain cells need no escapes there."""
    number = len(cells.minor)
    entries = np.arange(first_entry, first_entry + number, dtype=np.int64)
    everywhere = np.ones(number, np.bool_)
    has_end_to_end_id, has_reference = filled(cells.end_to_end_id), filled(cells.reference) & ~_same(cells.end_to_end_id, cells.reference)
    references = cells.has_uetr.astype(np.int8) + has_end_to_end_id + has_reference
    columns = (
        _word(b"(", everywhere),
        _decimal(entries),
        _word(b", 0, '", everywhere),
        cells.booked_text,
        _word(b"', '", everywhere),
        cells.valued_text,
        _word(b"', ", everywhere),
        _word(b"-", ~cells.credit & (cells.minor > 0)),
        _decimal(cells.minor),
        _word(b", (", everywhere),
        *_quoted(cells.uetr_text, cells.has_uetr),
        _word(b", ", cells.has_uetr & has_end_to_end_id),
        *_quoted(cells.end_to_end_id, has_end_to_end_id),
        _word(b", ", (cells.has_uetr | has_end_to_end_id) & has_reference),
        *_quoted(cells.reference, has_reference),
        _word(b",", references == 1),
        _word(b"), ", everywhere),
        _word(b"True", cells.reversal),
        _word(b"False", ~cells.reversal),
        _word(b", '", everywhere),
        cells.kind,
        _word(b"')", everywhere),
    )
    return joined(columns)


def joined(columns: tuple[Characters, ...]) -> bytes:
    """The texts of some columns, line after line, without what no line fills."""
    together = np.concatenate(columns, axis=1).ravel()
    filled_in: Characters = together[together != 0]
    return filled_in.tobytes()


def _word(text: bytes, where: Flags) -> Characters:
    """A text on some lines, nothing on the others."""
    if not where.any():
        return np.empty((len(where), 0), np.uint8)
    characters = np.frombuffer(text, np.uint8)
    return np.broadcast_to(characters, (len(where), len(text))) if where.all() else where[:, None] * characters


def _quoted(text: Characters, where: Flags) -> tuple[Characters, ...]:
    quote = _word(b"'", where)
    return (quote, text if where.all() else text * where[:, None], quote) if quote.size else ()


def _decimal(values: NDArray[np.int64]) -> Characters:
    """Numbers of zero or more, in decimal digits."""
    width = len(str(int(values.max())))
    digits = np.empty((len(values), width), np.uint8)
    left = values
    for column in range(width - 1, -1, -1):
        rest = left // 10
        digits[:, column] = left - rest * 10 + ord("0")
        if column < width - 1:
            digits[left == 0, column] = 0
        left = rest
    return digits


def filled(text: Characters) -> Flags:
    """Whether anything stands on a line."""
    return text[:, 0] != 0 if text.shape[1] else np.zeros(len(text), np.bool_)


def _same(one: Characters, other: Characters) -> Flags:
    """Whether two columns say the same on a line."""
    shared = min(one.shape[1], other.shape[1])
    rest = one[:, shared:] if one.shape[1] > shared else other[:, shared:]
    same: Flags = (one[:, :shared] == other[:, :shared]).all(axis=1) & ~rest.any(axis=1)
    return same

"""Evidence as it is written beside receipts and read for checking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import accumulate
from uuid import UUID

from eventsourcing.persistence import ProgrammingError

from ledger.eventstore.connections import PostgresCursor, PostgresPool
from ledger.eventstore.parts import in_parts
from ledger.eventstore.queries import QUERIES
from ledger.eventstore.records import SIGNATURE_BYTES, Evidence

Kept = tuple[UUID, Evidence]
"""Evidence with the command it was given for."""


def evidence_columns(corridor: str, kept: Sequence[Kept]) -> dict[str, object]:
    """Evidence column by column, as receipts go: what has a fixed width, and bases and bodies, one value behind the other."""
    commands, evidence = zip(*kept, strict=True)
    bases, signatures, bodies, with_, and_ = zip(*evidence, strict=True)
    if {*map(len, signatures)} != {SIGNATURE_BYTES}:
        raise ProgrammingError(f"A signature has {SIGNATURE_BYTES} bytes.")
    return {
        "corridor": corridor,
        "commands": _array(command.hex for command in commands),
        "signatures": b"".join(signatures),
        **_joined("base", bases),
        **_joined("body", [body or b"" for body in bodies]),
        "no_body": _array("t" if body is None else "f" for body in bodies),
        "with_subjects": _array(map(_id, with_)),
        "and_subjects": _array(map(_id, and_)),
    }


def evidence_of(pool: PostgresPool, corridor: str, commands: Iterable[UUID]) -> dict[UUID, Evidence]:
    """The evidence of some commands; those asked without a signature have none."""
    rows = pool.rows(QUERIES["evidence_of"], {"corridor": corridor, "commands": _array(command.hex for command in commands)})
    return {command: Evidence(*rest) for command, *rest in rows}


def evidence_to_check(
    cursor: PostgresCursor, corridor: str, size: Callable[[], int], events: int
) -> Iterator[list[tuple[UUID, int, str, datetime, bytes, bytes]]]:
    """All evidence of commands that have a receipt, of a corridor whose log has so many events: command; position, partner and instant
    of the receipt; base and signature. ``size`` as for `in_parts`."""
    for part in in_parts(cursor, "ledger.receipts", QUERIES["evidence_in_parts"], corridor, size, events=events):
        yield [tuple(row) for row in part]


def count_evidence(cursor: PostgresCursor, corridor: str, size: Callable[[], int]) -> Iterator[int]:
    """How many signed requests a corridor keeps, in numbers that are to be added up."""
    for [(count,)] in in_parts(cursor, "ledger.evidence", QUERIES["count_evidence_in_parts"], corridor, size):
        yield count


def evidence_without_receipt(cursor: PostgresCursor, corridor: str) -> list[UUID]:
    """Commands with a signed request and no receipt."""
    return [command for (command,) in cursor.rows(QUERIES["evidence_without_receipt"], {"corridor": corridor})]


def _joined(name: str, values: Sequence[bytes]) -> dict[str, object]:
    lengths = [*map(len, values)]
    return {
        f"{name}_bytes": b"".join(values),
        f"{name}_starts": _array(map(str, accumulate(lengths[:-1], initial=1))),
        f"{name}_lengths": _array(map(str, lengths)),
    }


def _id(value: UUID | None) -> str:
    return "NULL" if value is None else value.hex


def _array(values: Iterable[str]) -> str:
    return "{" + ",".join(values) + "}"

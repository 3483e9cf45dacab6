"""Loads what a page goes on with, and writes what it came to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from pydantic_core import to_json

from ledger.domain import ids
from ledger.eventstore.connections import PostgresCursor
from ledger.projections.binary import data_of
from ledger.projections.copying import line, without_nul
from ledger.projections.folding import Folding, Row
from ledger.projections.queries import Tables, copied_columns

_TRANSFER_COLUMNS = copied_columns("copy_transfers")
_TRANSFER_VALUES = itemgetter(*_TRANSFER_COLUMNS)


class Written(NamedTuple):
    """What a page changes, as the bytes that go to the server: UETRs of the transfers that are written again, rows by COPY statement,
    JSON documents by upserting statement."""

    rewritten: list[str]
    copied: list[tuple[str, bytes]]
    upserted: list[tuple[str, str]]


def load_standing(cursor: PostgresCursor, tables: Tables, corridor: str) -> Folding:
    """What every page goes on with: all accounts and open alerts, and which currency each participant quotes in."""
    folding = Folding(corridor)
    for row in _rows(cursor, tables.query("load_accounts"), corridor=corridor):
        folding.accounts[str(ids.account_stream(corridor, row["account"]))] = row
    for row in _rows(cursor, tables.query("load_alerts"), corridor=corridor):
        folding.alerts[row["account"]] = row
    folding.base_currencies.update(dict(cursor.rows(tables.query("load_base_currencies"), {"corridor": corridor})))
    return folding


def load_needed(cursor: PostgresCursor, tables: Tables, folding: Folding, needed: Mapping[str, list[str]]) -> None:
    """The rows of other tables that a page needs and `folding` does not have yet."""
    for table, streams in needed.items():
        there: dict[str, Row] = getattr(folding, table)
        missing = [stream for stream in streams if stream not in there]
        if missing:
            key = "uetr" if table == "transfers" else "stream"
            found = _rows(cursor, tables.query(f"load_{table}"), corridor=folding.corridor, keys=missing)
            there.update((str(row[key]), row) for row in found)


def encode(folding: Folding, trail: list[bytes], rewritten: list[str]) -> Written:
    """Everything a page came to, with its `trail` rows; `rewritten` are the UETRs of transfers that stand in the table already."""
    transfers = map(line, map(_TRANSFER_VALUES, folding.transfers.values()))
    copied = [
        ("copy_transfers", "".join(transfers).encode()),
        ("copy_journal_lines", data_of(folding.lines)),
        ("copy_balance_history", "".join(folding.history.values()).encode()),
        ("copy_audit_trail", data_of(trail)),
        ("copy_feed", data_of(folding.feed)),
    ]
    upserted = [
        (name, _document(rows))
        for name, rows in (
            ("write_accounts", list(folding.touched_accounts.values())),
            ("write_alerts", list(folding.changed_alerts.values())),
            ("write_cycles", list(folding.cycles.values())),
            ("write_cycle_payments", folding.cycle_payments),
            ("write_movements", list(folding.movements.values())),
            ("write_breaks", list(folding.breaks.values())),
            ("write_cases", list(folding.cases.values())),
            ("write_rate_sheets", folding.rate_sheets),
        )
        if rows
    ]
    return Written(rewritten, [(name, data) for name, data in copied if data], upserted)


def write(cursor: PostgresCursor, tables: Tables, corridor: str, written: Written) -> None:
    """Stores all of it in the caller's transaction."""
    if written.rewritten:
        cursor.execute(tables.query("forget_transfers"), {"corridor": corridor, "keys": written.rewritten})
    for name, data in written.copied:
        cursor.copy_in(tables.query(name), data)
    for name, document in written.upserted:
        cursor.execute(tables.query(name), {"rows": document})


def _rows(cursor: PostgresCursor, query: str, **values: Any) -> Iterable[Row]:
    found = cursor.rows(query, values)
    columns = [column.name for column in cursor.raw.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in found]


def _document(rows: list[Row]) -> str:
    document = to_json(rows).decode()
    if "\\u0000" in document:
        document = to_json(without_nul(rows)).decode()
    return document

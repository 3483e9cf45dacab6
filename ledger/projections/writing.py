"""Loads what a page goes on with, and writes what it came to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import to_json

from ledger.domain import ids
from ledger.eventstore.connections import PostgresCursor
from ledger.projections.copying import field, without_nul
from ledger.projections.folding import Folding, Row
from ledger.projections.queries import Tables, copied_columns

_TRANSFER_COLUMNS = copied_columns("copy_transfers")


def load(cursor: PostgresCursor, tables: Tables, corridor: str, needed: Mapping[str, list[str]]) -> Folding:
    """The rows of a corridor that a page needs: all accounts and open alerts, of the other tables those of the streams named."""
    folding = Folding(corridor)
    for row in _rows(cursor, tables.query("load_accounts"), corridor=corridor):
        folding.accounts[str(ids.account_stream(corridor, row["account"]))] = row
    for row in _rows(cursor, tables.query("load_alerts"), corridor=corridor):
        folding.alerts[row["account"]] = row
    folding.base_currencies.update(dict(cursor.rows(tables.query("load_base_currencies"), {"corridor": corridor})))
    for table, streams in needed.items():
        key = "uetr" if table == "transfers" else "stream"
        found = _rows(cursor, tables.query(f"load_{table}"), corridor=corridor, keys=streams)
        getattr(folding, table).update((str(row[key]), row) for row in found)
    return folding


def write(cursor: PostgresCursor, tables: Tables, folding: Folding, trail: list[str], rewritten: list[str]) -> None:
    """Stores everything a page came to, with its `trail` rows; `rewritten` are the UETRs of transfers that were loaded before."""
    if rewritten:
        cursor.execute(tables.query("forget_transfers"), {"corridor": folding.corridor, "keys": rewritten})
    transfers = ("\t".join([field(row[column]) for column in _TRANSFER_COLUMNS]) + "\n" for row in folding.transfers.values())
    for name, lines in (
        ("copy_transfers", transfers),
        ("copy_journal_lines", folding.lines),
        ("copy_balance_history", folding.history.values()),
        ("copy_audit_trail", trail),
        ("copy_feed", folding.feed),
    ):
        _copy(cursor, tables.query(name), lines)
    for name, rows in (
        ("write_accounts", folding.touched_accounts.values()),
        ("write_alerts", folding.changed_alerts.values()),
        ("write_cycles", folding.cycles.values()),
        ("write_cycle_payments", folding.cycle_payments),
        ("write_movements", folding.movements.values()),
        ("write_breaks", folding.breaks.values()),
        ("write_cases", folding.cases.values()),
        ("write_rate_sheets", folding.rate_sheets),
    ):
        _upsert(cursor, tables.query(name), list(rows))


def _rows(cursor: PostgresCursor, query: str, **values: Any) -> list[Row]:
    found = cursor.rows(query, values)
    columns = [column.name for column in cursor.raw.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in found]


def _copy(cursor: PostgresCursor, query: str, lines: Iterable[str]) -> None:
    data = "".join(lines).encode()
    if data:
        cursor.copy_in(query, data)


def _upsert(cursor: PostgresCursor, query: str, rows: list[Row]) -> None:
    if rows:
        document = to_json(rows).decode()
        if "\\u0000" in document:
            document = to_json(without_nul(rows)).decode()
        cursor.execute(query, {"rows": document})

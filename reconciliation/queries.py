"""The SQL of reconciliation, read from `queries.sql`: its own tables, and the projections read at one boundary."""

from __future__ import annotations

from importlib.resources import files

from ledger.eventstore.queries import read_blocks

QUERIES = read_blocks(files("reconciliation").joinpath("queries.sql").read_text(encoding="utf-8"))

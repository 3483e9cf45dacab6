"""The SQL of the projections, read from `queries.sql`, and which set of tables it is meant for."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import NamedTuple

from ledger.eventstore.queries import read_blocks

QUERIES = read_blocks(files("ledger.projections").joinpath("queries.sql").read_text(encoding="utf-8"))

TABLES = (
    "balances", "balance_history", "alerts", "journal_lines", "transfers", "audit_trail", "cycles", "cycle_payments", "movements", "breaks",
    "cases", "rate_sheets", "feed",
)  # fmt: skip
"""Every table the runner keeps; `balances` first, since who locks several of them begins there."""

_TABLE = re.compile(r"\bprojections\.(\w+)")
_COPIED = re.compile(r"COPY [\w.]+\s*\(([^)]*)\)")


class Tables(NamedTuple):
    """One set of projection tables: its reader's name in the log's tracking, and what its tables' names end in."""

    tracking: str
    suffix: str

    def query(self, name: str) -> str:
        """The named statement, about this set of tables."""
        return _TABLE.sub(rf"projections.\1{self.suffix}", QUERIES[name])


LIVE = Tables("projections", "")
NEXT = Tables("projections.next", "__next")


def copied_columns(name: str) -> tuple[str, ...]:
    """The columns a COPY statement names, in its order."""
    match = _COPIED.search(QUERIES[name])
    assert match is not None, f"{name} is not a COPY with columns"
    return tuple(column.strip() for column in match.group(1).split(","))

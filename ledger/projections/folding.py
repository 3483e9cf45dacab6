"""What a page of facts comes to, collected in memory until it is written.

Rows that a later page may go on with are dictionaries of their columns, loaded before and written after the page. Rows that never change
again are kept as what COPY is sent from the start, since there are many of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.projections.binary import NULL, beginning, bigint, instant, uuid, word
from ledger.projections.facts import Fact

Row = dict[str, Any]

_ENTRY = beginning(8)


@dataclass
class Folding:
    """Rows by the stream they come from; `accounts` and `alerts` (the open ones, by account) are all there, of the others those that
    the page goes on with."""

    corridor: str
    accounts: dict[str, Row] = field(default_factory=dict)
    alerts: dict[str, Row] = field(default_factory=dict)
    base_currencies: dict[str, str] = field(default_factory=dict)
    transfers: dict[str, Row] = field(default_factory=dict)
    cycles: dict[str, Row] = field(default_factory=dict)
    movements: dict[str, Row] = field(default_factory=dict)
    breaks: dict[str, Row] = field(default_factory=dict)
    cases: dict[str, Row] = field(default_factory=dict)

    touched_accounts: dict[str, Row] = field(default_factory=dict)
    changed_alerts: dict[tuple[str, int], Row] = field(default_factory=dict)
    cycle_payments: list[Row] = field(default_factory=list)
    rate_sheets: list[Row] = field(default_factory=list)
    history: dict[tuple[str, int], str] = field(default_factory=dict)
    lines: list[bytes] = field(default_factory=list)
    feed: list[bytes] = field(default_factory=list)

    def following(self, needed: Mapping[str, list[str]]) -> Folding:
        """An empty one for the next page, which goes on with what this one left of the streams it needs; this one must not be folded into
        any more."""
        after = Folding(self.corridor, self.accounts, self.alerts, self.base_currencies)
        for table, streams in needed.items():
            mine: dict[str, Row] = getattr(self, table)
            getattr(after, table).update((stream, mine[stream]) for stream in streams if stream in mine)
        return after

    def tell(self, debtor_agent: str, creditor_agent: str | None, kind: str, fact: Fact) -> None:
        """Puts a transfer's event into the feed of its debtor agent, and into that of its creditor agent where that is to know."""
        self.feed.append(
            b"".join(
                (
                    _ENTRY, word(self.corridor), bigint(fact.position), bigint(fact.boundary), instant(fact.recorded_at), word(kind),
                    uuid(fact.subject), word(debtor_agent), NULL if creditor_agent is None else word(creditor_agent),
                )
            )
        )  # fmt: skip

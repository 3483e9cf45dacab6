"""What an owner of the database can do to a log once the triggers are out of the way, up to hashing everything anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from ledger.eventstore.audit import StoredRow, stored_rows
from ledger.eventstore.connections import PostgresCursor
from ledger.transparency.leaf import leaf_bytes
from ledger.transparency.merkle import CompactTree, leaf_hash
from ledger.verify import Report
from ledger.verify.verification import Verification
from tests.integration.projected import as_owner

TABLES = {"events": ("append_only",), "receipts": ("append_only",), "evidence": ("append_only",), "heads": ("append_only", "forward_only")}


@contextmanager
def tampering(url: str, corridor: str) -> Iterator[Tamper]:
    """Disables the triggers and lends the tools; afterwards nothing has happened, since all of it is one transaction."""
    owner = as_owner(url)
    owner.execute("BEGIN")
    for table, triggers in TABLES.items():
        for trigger in triggers:
            owner.execute(f"ALTER TABLE ledger.{table} DISABLE TRIGGER {trigger}")
    try:
        yield Tamper(owner, corridor)
    finally:
        owner.execute("ROLLBACK")
        owner.raw.connection.close()


class Tamper:
    """Changes one corridor's stored rows as the owner of the database."""

    def __init__(self, owner: PostgresCursor, corridor: str) -> None:
        self.owner = owner
        self.corridor = corridor

    def verify(self) -> Report:
        """What the checker says of the log as it now is."""
        self.owner.execute("SAVEPOINT before_the_check")
        try:
            return Verification(self.owner, self.corridor).run(None)
        finally:
            self.owner.execute("ROLLBACK TO SAVEPOINT before_the_check")

    def sql(self, statement: str, **values: Any) -> None:
        """Any statement; ``%(corridor)s`` is there."""
        self.owner.execute(statement, {"corridor": self.corridor, **values})

    def rows(self) -> list[StoredRow]:
        return stored_rows(self.owner, self.corridor, 0, 1_000_000)

    def row(self, position: int) -> StoredRow:
        return next(row for row in self.rows() if row.position == position)

    def put(self, position: int, state: bytes) -> None:
        """Other bytes in a row, its hash untouched."""
        self.sql("UPDATE ledger.events SET state = %(state)s WHERE corridor = %(corridor)s AND position = %(p)s", state=state, p=position)

    def edit(self, position: int, change: Callable[[dict[str, Any]], None]) -> None:
        """Changes the facts of a row in place, its hash untouched."""
        facts = json.loads(self.row(position).state)
        change(facts)
        self.put(position, json.dumps(facts, separators=(",", ":"), ensure_ascii=False).encode())

    def rehash(self, position: int) -> None:
        """Makes the leaf hash of one row fit its bytes."""
        self.sql(
            "UPDATE ledger.events SET leaf_hash = %(leaf)s WHERE corridor = %(corridor)s AND position = %(p)s",
            leaf=self._leaf(self.row(position)),
            p=position,
        )

    def rehash_everything(self) -> None:
        """Makes every leaf hash, the root and the head fit the rows."""
        rows = self.rows()
        leaves = [self._leaf(row) for row in rows]
        for row, leaf in zip(rows, leaves, strict=True):
            if row.leaf_hash != leaf:
                self.rehash(row.position)
        tree = CompactTree().extend(leaves)
        self.sql(
            "UPDATE ledger.heads SET position = %(size)s, tree_size = %(size)s, root = %(root)s, compact_range = %(range)s, "
            "recorded_at = %(at)s WHERE corridor = %(corridor)s",
            size=tree.size, root=tree.root(), range=tree.to_bytes(), at=rows[-1].recorded_at,
        )  # fmt: skip

    def restate_balances(self) -> None:
        """Makes the balance that each posting states fit its lines."""
        balances: dict[UUID, int] = {}
        signs: dict[UUID, int] = {}
        for row in self.rows():
            facts = json.loads(row.state)
            if row.topic == "Account.Opened.v1":
                balances[row.stream_id], signs[row.stream_id] = 0, 1 if facts["normal_side"] == "debit" else -1
            elif row.topic == "Account.Posted.v1":
                balances[row.stream_id] += signs[row.stream_id] * sum(line[3] for line in facts["lines"])
                if facts["balance"] != balances[row.stream_id]:
                    self.edit(row.position, lambda facts, stream=row.stream_id: facts.update(balance=balances[stream]))  # type: ignore[misc]

    def append(self, *events: tuple[UUID, str, dict[str, Any]]) -> int:
        """One more commit, hashed as it should be; the position of its first event."""
        rows = self.rows()
        versions = {row.stream_id: row.stream_version for row in rows}
        first, boundary = rows[-1].position + 1, rows[-1].position + len(events)
        for position, (stream, topic, facts) in enumerate(events, first):
            versions[stream] = versions.get(stream, 0) + 1
            self.sql(
                "INSERT INTO ledger.events VALUES (%(corridor)s, %(p)s, %(b)s, %(stream)s, %(version)s, %(topic)s, %(state)s, %(at)s, '')",
                p=position, b=boundary, stream=str(stream), version=versions[stream], topic=topic, state=json.dumps(facts).encode(),
                at=rows[-1].recorded_at,
            )  # fmt: skip
        self.rehash_everything()
        return first

    def _leaf(self, row: StoredRow) -> bytes:
        return leaf_hash(
            leaf_bytes(self.corridor, row.position, row.boundary, row.stream_id, row.stream_version, row.topic, row.recorded_at, row.state)
        )

"""I7 and I9: the rows themselves. Positions, versions, boundaries and instants; hashes and root over the stored bytes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ledger.eventstore.audit import StoredHead
from ledger.transparency.leaf import leaf_bytes
from ledger.transparency.merkle import CompactTree, leaf_hash
from ledger.verify.aside import ROOM, Aside
from ledger.verify.report import Rules


class StoredCheck:
    """Sees every row before anybody reads what is in it."""

    def __init__(self, rules: Rules, corridor: str, room: int = ROOM) -> None:
        self._dense, self._hashed = rules["I7"], rules["I9"]
        self._corridor = corridor
        self._versions = Aside[int](int, int, room)
        self._leaves: list[bytes] = []
        self._tree = CompactTree()
        self.position = 0
        self.boundary = 0
        self._recorded_at: datetime | None = None

    def row(  # noqa: PLR0917 - the columns of a stored row, in their order
        self, position: int, boundary: int, stream_id: UUID, version: int, topic: str, state: bytes, recorded_at: datetime, leaf: bytes
    ) -> None:
        """The next row in the order of positions."""
        self._order(position, boundary, recorded_at)
        stream = stream_id.int
        expected = (self._versions.get(stream) or 0) + 1
        if version != expected:
            self._dense.breaks(position, f"version {version} of stream {stream_id} follows version {expected - 1}")
        self._versions.put(stream, version)
        computed = leaf_hash(leaf_bytes(self._corridor, position, boundary, stream_id, version, topic, recorded_at, state))
        if computed != leaf:
            self._hashed.breaks(position, f"the stored bytes hash to {computed.hex()}, the row says {leaf.hex()}")
        self._leaves.append(computed)
        self._dense.checked += 1
        self._hashed.checked += 1

    def _order(self, position: int, boundary: int, recorded_at: datetime) -> None:
        before, recorded_before = self.position, self._recorded_at
        if position != before + 1:
            self._dense.breaks(before + 1, f"position {position} follows position {before}")
        if before < self.boundary:
            # Inside a commit, whose rows share boundary and instant.
            if boundary != self.boundary:
                self._dense.breaks(position, f"boundary {boundary} in a commit that ends at {self.boundary}")
            elif recorded_at != recorded_before:
                self._dense.breaks(position, f"recorded at {recorded_at} in a commit recorded at {recorded_before}")
        if boundary < position:
            self._dense.breaks(position, f"boundary {boundary} lies before its position {position}")
        if recorded_before is not None and recorded_at < recorded_before:
            self._dense.breaks(position, f"recorded at {recorded_at}, after a row recorded at {recorded_before}")
        self.position, self.boundary, self._recorded_at = position, boundary, recorded_at

    def close(self) -> None:
        """What it kept is gone."""
        self._versions.close()

    def page_end(self) -> None:
        """Takes the leaves of a page into the tree."""
        self._tree = self._tree.extend(self._leaves)
        self._leaves.clear()

    def end(self, head: StoredHead | None) -> None:
        """Compares what the rows came to with what the head says."""
        last = self.position
        if last < self.boundary:
            self._dense.breaks(last + 1, f"the log ends at {last}, inside a commit that ends at {self.boundary}")
        if head is None:
            self._hashed.breaks(max(last, 1), "the log has no head")
            return
        if head.position != last:
            self._dense.breaks(min(head.position, last) + 1, f"the log ends at {last}, the head says {head.position}")
        elif self._recorded_at is not None and head.recorded_at != self._recorded_at:
            self._dense.breaks(last, f"the head says it was recorded at {head.recorded_at}, the last row at {self._recorded_at}")
        root = self._tree.root()
        if (head.tree_size, head.root) != (self._tree.size, root):
            self._hashed.breaks(
                max(last, 1),
                f"{self._tree.size} rows come to root {root.hex()}, the head says {head.root.hex()} over {head.tree_size}: a row was "
                "changed together with its hash, removed or added",
            )
        elif head.compact_range != self._tree.to_bytes():
            self._hashed.breaks(max(last, 1), "the head's compact range does not belong to its root")
        if self._hashed.first_break is None:
            self._hashed.detail = f"root {root.hex()} over {self._tree.size} rows"

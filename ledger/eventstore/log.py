"""The log of one corridor: what writers append in batches and readers take in pages.

A batch is one transaction in two trips. `begin` locks the corridor's head and answers all the batcher has to know;
`commit` moves the head, stores receipts and events, and commits.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import accumulate
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from eventsourcing.persistence import InterfaceError, InternalError, PersistenceError, ProgrammingError

from ledger.eventstore.commits import send_commit
from ledger.eventstore.connections import PostgresConnection, PostgresCursor, PostgresPool
from ledger.eventstore.encoding import encode_events
from ledger.eventstore.evidence import evidence_columns
from ledger.eventstore.queries import QUERIES
from ledger.eventstore.records import (
    DIGEST_BYTES,
    FINGERPRINT_BYTES,
    LOG_BEGINNING,
    Addition,
    Commit,
    Head,
    NewEvent,
    Receipt,
    RecordedEvent,
)
from ledger.transparency.merkle import CompactTree

_HEAD, _RECEIPT = range(2)
"""What a row of `catch_up` is; the remaining kind is an event of a named stream."""

_EMPTY = Head(0, LOG_BEGINNING, CompactTree())

Announce = Callable[[str, int], None]


class Batch:
    """An open transaction holding the lock of the corridor's head; ends with `commit` or `rollback`.

    Used as a context manager it rolls back when the block ends without a commit.

    `head`: where the log stands. `receipts`: those found, by digest. `streams`: events of the named streams after the
    versions named.
    """

    def __init__(self, log: "Log", connection: PostgresConnection, rows: Iterable[tuple[Any, ...]], streams: Iterable[UUID]) -> None:
        self._log = log
        self._connection: PostgresConnection | None = connection
        self.receipts: dict[bytes, Receipt] = {}
        self.streams: dict[UUID, list[RecordedEvent]] = {stream_id: [] for stream_id in streams}
        head = None
        corridor = log.corridor
        for kind, position, number, id_, version, name, body, recorded_at, hash_, digest, key in rows:
            if kind == _HEAD:
                head = Head(position, recorded_at, CompactTree.from_bytes(body))
            elif kind == _RECEIPT:
                self.receipts[digest] = Receipt(corridor, digest, name, id_, hash_, key, body, position, recorded_at)
            else:
                self.streams[id_].append(RecordedEvent(corridor, position, number, id_, version, name, body, recorded_at, hash_))
        if head is None:
            raise InternalError(f"The head of corridor {corridor} is gone: the log must not be written until it is restored.")
        self.head = head

    @property
    def cursor(self) -> PostgresCursor:
        """For further statements of the same transaction."""
        return self._open_connection().cursor()

    def load(self, streams: Mapping[UUID, int]) -> dict[UUID, list[RecordedEvent]]:
        """Events of more streams, each after the version given (0 for all of a stream that starts at 1); one trip."""
        loaded: dict[UUID, list[RecordedEvent]] = {stream_id: [] for stream_id in streams}
        rows = self.cursor.rows(QUERIES["load_streams"], {"corridor": self._log.corridor, **_stream_arrays(streams)})
        for row in rows:
            event = RecordedEvent(self._log.corridor, *row)
            loaded[event.stream_id].append(event)
        self.streams.update(loaded)
        return loaded

    def commit(self, events: Sequence[NewEvent], receipts: Iterable[Receipt], recorded_at: datetime) -> Head:
        """Appends events and receipts and commits, in one trip; gives the new head.

        Every row carries max(`recorded_at`, the head's) and, as boundary, the position of the last event. A batch that
        only replays receipts still waits for the synchronous standby.

        Raises IntegrityError when a stream version or a digest exists already (nothing is kept), OperationalError when
        the database refused (nothing is kept), OutcomeUnknown when its answer was lost or carried a warning.
        """
        return self.append(Addition(events, list(receipts), recorded_at))

    def append(self, addition: Addition) -> Head:
        """As `commit`, with evidence."""
        commit = self._log.prepare(self.head, addition)
        connection = self._open_connection()
        try:
            self._log.send(connection, commit, replayed=bool(self.receipts))
        finally:
            self._release()
        return commit.after

    def rollback(self) -> None:
        """Ends the batch with nothing kept; harmless when it has ended already."""
        connection = self._connection
        if connection is None:
            return
        try:
            if not connection.raw.closed:
                connection.rollback()
        except PersistenceError:
            connection.close()
        finally:
            self._release()

    def _open_connection(self) -> PostgresConnection:
        if self._connection is None:
            raise InterfaceError("This batch has ended: begin a new one.")
        return self._connection

    def _release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._log.pool.give_back(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        self.rollback()


class Log:
    """The log of one corridor in one database. Safe to share between threads.

    `announce` is told corridor and position after each commit; see `notifications.Notifier`.
    """

    def __init__(self, pool: PostgresPool, corridor: str, announce: Announce | None = None) -> None:
        self.pool = pool
        self.corridor = corridor
        self.announce: Announce = announce or _tell_nobody
        self._has_head = False

    def begin(self, digests: Sequence[bytes] = (), streams: Mapping[UUID, int] | None = None) -> Batch:
        """Locks the corridor's head and reads what a batch needs, in one trip; waits for the writer before.

        `digests` are looked up among the receipts; of `streams`, events after the given versions come along. Raises
        OperationalError when the database cannot be reached or the lock not be had; nothing was decided then.
        """
        self._ensure_head()
        streams = streams or {}
        values = {"corridor": self.corridor, "digests": _bytea_array(digests), **_stream_arrays(streams)}
        connection = self.pool.get_connection()
        try:
            connection.prepare_once(QUERIES["prepare_batch"])
            rows = connection.cursor().rows(f"{QUERIES['begin_batch']}\n{QUERIES['lock_head']}\n{QUERIES['catch_up']}", values)
            return Batch(self, connection, rows, streams)
        except BaseException:
            self.pool.give_back(connection)
            raise

    def prepare(self, before: Head, addition: Addition) -> Commit:
        """What will follow `before` in the log, down to the bytes; see `Batch.commit` for what the rows carry."""
        events, recorded_at = addition.events, max(addition.recorded_at, before.recorded_at)
        addition = addition._replace(recorded_at=recorded_at)
        if not events:
            return Commit(before, before, b"", addition)
        rows, leaves = encode_events(self.corridor, before.position, events, recorded_at)
        return Commit(before, Head(before.position + len(events), recorded_at, before.tree.extend(leaves)), rows, addition)

    def append(self, commit: Commit) -> Head:
        """Appends what was prepared in a single trip that takes the head's lock, and commits; gives the new head.

        Raises IntegrityError when the head is not at `commit.before` any more, or a stream exists that was taken not to, or as
        `Batch.commit` does; then, too, nothing is kept and the batch has to be decided again.
        """
        self._ensure_head()
        connection = self.pool.get_connection()
        try:
            connection.prepare_once(QUERIES["prepare_batch"])
            self.send(connection, commit, opening=QUERIES["begin_batch"])
        finally:
            self.pool.give_back(connection)
        return commit.after

    def send(self, connection: PostgresConnection, commit: Commit, *, opening: str = "", replayed: bool = False) -> None:
        """The last trip of a transaction on `connection`, or with `opening` the only one; `replayed` says that it repeats answers."""
        mogrify, corridor, (before, after, rows, addition) = connection.cursor().raw.mogrify, self.corridor, commit
        _, receipts, recorded_at, evidence, absent = addition
        statements = [opening.encode()]
        if rows:
            statements.append(mogrify(QUERIES["advance_head"], {"before": before.position, **_head_values(corridor, after)}))
        elif opening:
            statements.append(mogrify(QUERIES["hold_head"], {"corridor": corridor, "before": before.position}))
        if absent:
            taken = _array(stream.hex for stream in absent)
            statements.append(mogrify(QUERIES["expect_absent"], {"corridor": corridor, "absent": taken}))
        if receipts:
            statements.append(mogrify(QUERIES["insert_receipts"], _receipt_columns(corridor, receipts, recorded_at)))
        if evidence:
            statements.append(mogrify(QUERIES["insert_evidence"], evidence_columns(corridor, evidence)))
        if replayed and not rows and not receipts:
            statements.append(QUERIES["force_durable_wait"].encode())
        statements.append((QUERIES["copy_events"] if rows else "COMMIT").encode())
        send_commit(connection, b"\n".join(statements), rows)
        if rows:
            self.announce(corridor, after.position)

    def _ensure_head(self) -> None:
        """Makes the head in a transaction of its own: who waits for a lock must find the row that carries it."""
        if not self._has_head:
            if not self.pool.rows(QUERIES["head"], {"corridor": self.corridor}):
                with self.pool.transaction() as cursor:
                    cursor.execute(QUERIES["create_head"], _head_values(self.corridor, _EMPTY))
            self._has_head = True

    def read_streams(self, streams: Mapping[UUID, int]) -> dict[UUID, list[RecordedEvent]]:
        """Events of several streams, each after the version given, as one snapshot shows them; without a lock they may grow meanwhile."""
        loaded: dict[UUID, list[RecordedEvent]] = {stream_id: [] for stream_id in streams}
        with self.pool.connection() as connection:
            statements = f"{QUERIES['begin_batch']}\n{QUERIES['load_streams']}"
            rows = connection.cursor().rows(statements, {"corridor": self.corridor, **_stream_arrays(streams)})
            connection.commit()
        for row in rows:
            event = RecordedEvent(self.corridor, *row)
            loaded[event.stream_id].append(event)
        return loaded

    def head(self) -> Head:
        """Where the log ends now; position 0 for a corridor without events."""
        rows = self.pool.rows(QUERIES["head"], {"corridor": self.corridor})
        if not rows:
            return _EMPTY
        position, recorded_at, _size, _root, compact_range = rows[0]
        return Head(position, recorded_at, CompactTree.from_bytes(compact_range))

    def read_page(self, after: int, size: int) -> list[RecordedEvent]:
        """Whole commits after position `after`: as many as fit `size` events, or the next one alone if it is larger.

        Empty at the end of the log. `after` must be a boundary (0, or the last position of a page).
        """
        return self._events("read_page", after=after, size=size)

    def select_stream(self, stream_id: UUID) -> list[RecordedEvent]:
        """Every event of one stream in its order."""
        return self._events("select_stream", stream_id=str(stream_id))

    def boundary_at(self, position: int) -> int:
        """The end of the last commit that is complete at `position`; 0 when there is none."""
        rows = self.pool.rows(QUERIES["boundary_at"], {"corridor": self.corridor, "position": position})
        return int(rows[0][0]) if rows else 0

    def boundary_at_instant(self, instant: datetime) -> int:
        """The end of the last commit recorded at or before an aware `instant`; 0 when there is none."""
        rows = self.pool.rows(QUERIES["boundary_at_instant"], {"corridor": self.corridor, "instant": instant})
        return int(rows[0][0]) if rows else 0

    def receipt(self, digest: bytes) -> Receipt | None:
        """The stored answer under a digest, for looking only: it may not have reached the standby yet."""
        rows = self.pool.rows(QUERIES["receipt"], {"corridor": self.corridor, "digest": digest})
        return Receipt(self.corridor, digest, *rows[0]) if rows else None

    def receipts(self, digests: Sequence[bytes]) -> dict[bytes, Receipt]:
        """The stored answers under many digests, for looking only; those unknown are left out."""
        rows = self.pool.rows(QUERIES["receipts"], {"corridor": self.corridor, "digests": _bytea_array(digests)})
        return {digest: Receipt(self.corridor, digest, *rest) for digest, *rest in rows}

    def replay_receipt(self, digest: bytes) -> Receipt | None:
        """The stored answer under a digest, given only once it is as durable as a commit of its own would be.

        Raises OutcomeUnknown when the wait for the standby was cut short.
        """
        with self.pool.connection() as connection:
            statements = f"BEGIN;\n{QUERIES['force_durable_wait']}\n{QUERIES['receipt']}"
            rows = connection.cursor().rows(statements, {"corridor": self.corridor, "digest": digest})
            send_commit(connection, b"COMMIT")
        return Receipt(self.corridor, digest, *rows[0]) if rows else None

    def replay_receipts(self, digests: Sequence[bytes]) -> dict[bytes, Receipt]:
        """The stored answers under many digests in one trip, as durable as `replay_receipt` gives one; those unknown are left out.

        Raises OutcomeUnknown when the wait for the standby was cut short.
        """
        if not digests:
            return {}
        with self.pool.connection() as connection:
            statements = f"BEGIN;\n{QUERIES['force_durable_wait']}\n{QUERIES['receipts']}"
            rows = connection.cursor().rows(statements, {"corridor": self.corridor, "digests": _bytea_array(digests)})
            send_commit(connection, b"COMMIT")
        return {digest: Receipt(self.corridor, digest, *rest) for digest, *rest in rows}

    def corridors(self) -> list[str]:
        """The codes of all corridors in this database."""
        return [corridor for corridor, _position in self.pool.rows(QUERIES["heads"])]

    def _events(self, query: str, **values: object) -> list[RecordedEvent]:
        corridor = self.corridor
        rows = self.pool.rows(QUERIES[query], {"corridor": corridor, **values})
        return [RecordedEvent(corridor, *row) for row in rows]


def _tell_nobody(_corridor: str, _position: int) -> None:
    """Stands in where nobody listens; readers then find new events when they next look."""


def _head_values(corridor: str, head: Head) -> dict[str, object]:
    return {
        "corridor": corridor,
        "position": head.position,
        "recorded_at": head.recorded_at,
        "root": head.tree.root(),
        "compact_range": head.tree.to_bytes(),
    }


def _receipt_columns(corridor: str, receipts: Sequence[Receipt], recorded_at: datetime) -> dict[str, object]:
    """Receipts column by column: what has a fixed width, and the answers, one value behind the other as one string of bytes."""
    _, digests, partners, commands, fingerprints, keys, answers, positions, _ = zip(*receipts, strict=True)
    if {*map(len, digests)} != {DIGEST_BYTES} or {*map(len, fingerprints)} != {FINGERPRINT_BYTES}:
        raise ProgrammingError(f"A receipt has a digest of {DIGEST_BYTES} bytes and a fingerprint of {FINGERPRINT_BYTES}.")
    lengths = [*map(len, answers)]
    return {
        "corridor": corridor,
        "recorded_at": recorded_at,
        "digests": b"".join(digests),
        "commands": b"".join([command.bytes for command in commands]),
        "fingerprints": b"".join(fingerprints),
        "answers": b"".join(answers),
        "starts": _array(map(str, accumulate(lengths[:-1], initial=1))),
        "lengths": _array(map(str, lengths)),
        "partners": _array(map(_quoted, partners)),
        # A shorter array is filled up with NULL.
        "fingerprint_keys": _array("NULL" if key is None else key.hex for key in keys) if any(keys) else "{}",
        "positions": _array(map(str, positions)),
    }


def _stream_arrays(streams: Mapping[UUID, int]) -> dict[str, object]:
    return {
        "streams": _array(stream_id.hex for stream_id in streams),
        "versions": _array(str(version) for version in streams.values()),
    }


def _bytea_array(values: Iterable[bytes]) -> str:
    return _array(f'"\\\\x{value.hex()}"' for value in values)


@lru_cache(maxsize=1_000)
def _quoted(text: str) -> str:
    """A text as an element of an array literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _array(values: Iterable[str]) -> str:
    return "{" + ",".join(values) + "}"

"""A process beside this one that carries commits to the database, so that the next batch is decided meanwhile.

A thread would do if the interpreter had no lock: the driver takes it several times in one COPY, and gets it only when the thread that
decides lets go. The process does what `Log.append` does, with the same code: rows and leaf hashes are made there, too. Nothing it
does is trusted further than a connection is: when it ends, the outcome of what it carried is unknown.
"""

from __future__ import annotations

import marshal
import select
import socket
import struct
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import thread_time
from typing import Any
from uuid import UUID

from eventsourcing import persistence
from eventsourcing.persistence import PersistenceError

from ledger.beside import line_to_starter, start_beside
from ledger.errors import OutcomeUnknown
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.log import Log
from ledger.eventstore.records import Addition, Evidence, Head, NewEvent, Receipt
from ledger.transparency.leaf import unix_microseconds
from ledger.transparency.merkle import CompactTree

_LENGTH = struct.Struct("!I")
_BUFFER_BYTES = 4 * 1024 * 1024
_CLOSING_SECONDS_MAX = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COMMITTED = "committed"
_UNKNOWN = "unknown"


class Carrier:
    """Carries one commit at a time, of one corridor. Used by one thread."""

    def __init__(self, url: str, corridor: str) -> None:
        self._socket, self._process = start_beside(__name__, send_buffer=_BUFFER_BYTES)
        self.busy = 0.0
        """Seconds of a processor that the other process has spent on commits."""
        _write(self._socket, (url, corridor))
        self._ready = False

    def fileno(self) -> int:
        """What becomes readable when there is an outcome."""
        return self._socket.fileno()

    @property
    def has_outcome(self) -> bool:
        """Whether an outcome is there to be had without waiting."""
        return bool(select.select([self._socket], [], [], 0)[0])

    @property
    def is_ready(self) -> bool:
        """Whether it has started. Raises OutcomeUnknown when it ended instead."""
        if not self._ready and self.has_outcome:
            _read(self._socket)
            self._ready = True
        return self._ready

    def take(self, before: Head, addition: Addition) -> None:
        """Hands over what is to follow a head. Raises OutcomeUnknown when it has ended."""
        _write(self._socket, (before.position, unix_microseconds(before.recorded_at), before.tree.to_bytes(), *_plain(addition)))

    def outcome(self) -> Head:
        """Waits for what became of it: the new head, or raises what `Log.append` does."""
        kind, *said, busy = _read(self._socket)
        self.busy += busy
        if kind == _COMMITTED:
            position, recorded_at, tree = said
            return Head(position, _instant(recorded_at), CompactTree.from_bytes(tree))
        if kind == _UNKNOWN:
            raise OutcomeUnknown(said[0])
        raise getattr(persistence, kind)(said[0])

    def close(self) -> None:
        """Lets it finish what it carries, and end."""
        self._socket.close()
        try:
            self._process.wait(_CLOSING_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


# What goes between the two processes: a length and values that `marshal` knows, since both run the same interpreter.


def _write(to: socket.socket, value: Any) -> None:
    data = marshal.dumps(value)
    try:
        to.sendall(_LENGTH.pack(len(data)) + data)
    except OSError as error:
        raise _ended() from error


def _read(source: socket.socket) -> Any:
    [length] = _LENGTH.unpack(_receive(source, _LENGTH.size))
    return marshal.loads(_receive(source, length))  # noqa: S302  # from our own process


def _receive(source: socket.socket, size: int) -> bytearray:
    data = bytearray(size)
    view, got = memoryview(data), 0
    while got < size:
        try:
            count = source.recv_into(view[got:])
        except OSError as error:
            raise _ended() from error
        if not count:
            raise _ended()
        got += count
    return data


def _ended() -> OutcomeUnknown:
    return OutcomeUnknown(
        "Whether this commit happened is not known: the process that carried it has ended. Ask again with the same idempotency key."
    )


def _plain(addition: Addition) -> tuple[object, ...]:
    events = [(stream.bytes, version, topic, state) for stream, version, topic, state in addition.events]
    receipts = [
        (digest, partner, command.bytes, fingerprint, key and key.bytes, answer, position)
        for _, digest, partner, command, fingerprint, key, answer, position, _ in addition.receipts
    ]
    evidence = [
        (command.bytes, base, signature, body, with_ and with_.bytes, and_ and and_.bytes)
        for command, (base, signature, body, with_, and_) in addition.evidence
    ]
    return unix_microseconds(addition.recorded_at), events, receipts, evidence, [stream.bytes for stream in addition.absent]


def _addition(corridor: str, plain: Any) -> Addition:
    microseconds, events, receipts, evidence, absent = plain
    recorded_at = _instant(microseconds)
    return Addition(
        [NewEvent(UUID(bytes=stream), version, topic, state) for stream, version, topic, state in events],
        [
            Receipt(corridor, digest, partner, UUID(bytes=command), fingerprint, _id(key), answer, position, recorded_at)
            for digest, partner, command, fingerprint, key, answer, position in receipts
        ],
        recorded_at,
        [
            (UUID(bytes=command), Evidence(base, signature, body, _id(with_), _id(and_)))
            for command, base, signature, body, with_, and_ in evidence
        ],
        [UUID(bytes=stream) for stream in absent],
    )


def _id(data: bytes | None) -> UUID | None:
    return None if data is None else UUID(bytes=data)


def _instant(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


# The other process


def _carry(log: Log, asked: Iterator[Sequence[Any]], to: socket.socket) -> None:
    for position, recorded_at, tree, *rest in asked:
        busy = thread_time()
        addition = _addition(log.corridor, rest)
        commit = log.prepare(Head(position, _instant(recorded_at), CompactTree.from_bytes(tree)), addition)
        try:
            log.append(commit)
            after = commit.after
            said: tuple[object, ...] = _COMMITTED, after.position, unix_microseconds(after.recorded_at), after.tree.to_bytes()
        except PersistenceError as error:
            said = type(error).__name__, str(error)
        except OutcomeUnknown as error:
            said = _UNKNOWN, str(error)
        _write(to, (*said, thread_time() - busy))


def _frames(source: socket.socket) -> Iterator[Sequence[Any]]:
    while True:
        yield _read(source)


def main() -> None:
    """Carries until the process that started it closes its end, or ends."""
    with line_to_starter() as other, suppress(OutcomeUnknown):
        url, corridor = _read(other)
        log = Log(PostgresPool(url, pool_size=1, max_overflow=0), corridor)
        _write(other, "ready")
        _carry(log, _frames(other), other)


if __name__ == "__main__":
    main()

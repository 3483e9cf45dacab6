"""What the log holds, as data: events, receipts and the head."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from ledger.transparency.merkle import CompactTree

LOG_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of a head before its first commit, so that any clock reading comes after it."""


DIGEST_BYTES = 16
FINGERPRINT_BYTES = 32
SIGNATURE_BYTES = 64
"""Of both algorithms that are taken."""


class NewEvent(NamedTuple):
    """An event to be appended: `state` is what will be stored and proven, byte for byte."""

    stream_id: UUID
    stream_version: int
    topic: str
    state: bytes


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """One row of the log. `boundary` is the last position of the commit it belongs to."""

    corridor: str
    position: int
    boundary: int
    stream_id: UUID
    stream_version: int
    topic: str
    state: bytes
    recorded_at: datetime
    leaf_hash: bytes


class Receipt(NamedTuple):
    """The answer to one command, kept under the digest of partner and idempotency key (DIGEST_BYTES).

    `fingerprint` (FINGERPRINT_BYTES) stands for method, path and body of the request, `fingerprint_key` names the erasable key it was made
    under (None where no personal data is in it), `position` is the end of the log as the answer states it.
    """

    corridor: str
    digest: bytes
    partner: str
    command: UUID
    fingerprint: bytes
    fingerprint_key: UUID | None
    answer: bytes
    position: int
    recorded_at: datetime


class Evidence(NamedTuple):
    """The signed request that asked for a command: what was signed, and the signature (SIGNATURE_BYTES).

    `body` is the sealed body of a request without personal data; else the vault keeps it, with the subject `body_with` alone or in two
    halves with `body_and`, or nobody does.
    """

    base: bytes
    signature: bytes
    body: bytes | None
    body_with: UUID | None
    body_and: UUID | None


@dataclass(frozen=True, slots=True)
class Head:
    """Where a corridor's log ends: its last position, when that was recorded, and the Merkle tree over all leaves."""

    position: int
    recorded_at: datetime
    tree: CompactTree

    @property
    def end(self) -> "End":
        """The same without the tree."""
        return End(self.position, self.recorded_at)


class End(NamedTuple):
    """Where a log ends, or will end: all that the next batch has to know of it to be decided."""

    position: int
    recorded_at: datetime


class Addition(NamedTuple):
    """What one transaction is to add to the log; `evidence` comes with the command it was given for.

    `absent` are streams that refused commands were to begin and that were taken not to exist.
    """

    events: Sequence[NewEvent]
    receipts: Sequence[Receipt]
    recorded_at: datetime
    evidence: Sequence[tuple[UUID, Evidence]] = ()
    absent: Sequence[UUID] = ()


class Commit(NamedTuple):
    """An addition down to the bytes: it fits behind `before` and nowhere else.

    `rows` is a binary COPY of the events, empty when there are none; `after` is the head that it makes.
    """

    before: Head
    after: Head
    rows: bytes
    addition: Addition

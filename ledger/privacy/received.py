"""Messages as they were received: the exact bytes in the vault, and beside them who sent what when.

The bytes are stored first, as a subject of their own; a crash before the row is written leaves an orphan, which the vault's sweep removes.
Erasing the subject makes the bytes unreadable for good, and the row still says that they came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import UUID

from ledger.eventstore.connections import PostgresPool
from ledger.privacy.database import VaultDatabase
from ledger.privacy.records import RecordKind
from ledger.privacy.subjects import NewSubject
from ledger.privacy.vault import Vault

_COLUMNS: Final = "sender, digest, subject_id, came_at, size, message, message_id, refused"
_FIND: Final = f"""
SELECT {_COLUMNS} FROM vault.messages
 WHERE corridor = %(corridor)s AND sender = %(sender)s AND digest = %(digest)s
"""  # noqa: S608 - the names of columns, no input
_ADD: Final = """
INSERT INTO vault.messages (corridor, sender, digest, subject_id, came_at, size, message, message_id, refused)
VALUES (%(corridor)s, %(sender)s, %(digest)s, %(subject)s::uuid, %(came_at)s, %(size)s, %(message)s, %(message_id)s, %(refused)s)
ON CONFLICT DO NOTHING
"""
_NAMED: Final = f"""
SELECT {_COLUMNS} FROM vault.messages
  JOIN unnest(%(senders)s::text[], %(messages)s::text[], %(message_ids)s::text[]) AS named (sender, message, message_id)
 USING (sender, message, message_id)
 WHERE corridor = %(corridor)s AND refused IS NULL
 ORDER BY came_at, digest
"""  # noqa: S608
_LATEST: Final = f"""
SELECT {_COLUMNS} FROM vault.messages
 WHERE corridor = %(corridor)s AND (NOT %(refused_only)s OR refused IS NOT NULL)
 ORDER BY came_at DESC, digest LIMIT %(limit)s
"""  # noqa: S608


_CALLED: Final = f"""
SELECT {_COLUMNS} FROM vault.messages
 WHERE corridor = %(corridor)s AND (subject_id::text = %(name)s OR starts_with(encode(digest, 'hex'), %(name)s))
 ORDER BY came_at, digest LIMIT %(limit)s
"""  # noqa: S608
_STILL_KEPT: Final = f"""
SELECT {_COLUMNS} FROM vault.messages
 WHERE corridor = %(corridor)s AND came_at <= %(before)s AND (came_at, subject_id) > (%(after)s::timestamptz, %(after_subject)s::uuid)
   AND EXISTS (SELECT FROM vault.subjects WHERE subjects.subject_id = messages.subject_id AND erased_at IS NULL)
 ORDER BY came_at, subject_id LIMIT %(page)s
"""  # noqa: S608
_FIRST: Final = ("-infinity", UUID(int=0))


class ReceivedMessage(NamedTuple):
    """What is written down of a message that came: ``digest`` is the SHA-256 of its ``size`` bytes, which the vault keeps with ``subject``.

    ``message`` (such as ``pacs.008``) and ``message_id`` are None where they could not be read; ``refused`` is the code by which it was
    refused as a whole, None when it was taken in.
    """

    sender: str
    digest: bytes
    subject: UUID
    came_at: datetime
    size: int
    message: str | None
    message_id: str | None
    refused: str | None

    def to_json(self) -> dict[str, object]:
        """By name, the digest in hex."""
        return self._asdict() | {"digest": self.digest.hex()}


class ReceivedMessages:
    """The messages of one vault. Raises what `Vault` raises."""

    def __init__(self, pool: PostgresPool, vault: Vault) -> None:
        self._database = VaultDatabase(pool)
        self._vault = vault

    def keep(
        self,
        corridor: str,
        sender: str,
        data: bytes,
        *,
        subject: UUID,
        came_at: datetime,
        message: str | None = None,
        message_id: str | None = None,
        refused: str | None = None,
    ) -> ReceivedMessage:
        """What is written down of these bytes from this sender. The first time they come, they are kept under ``subject``."""
        digest = sha256(data).digest()
        found = self._find(corridor, sender, digest)
        if found is not None:
            return found
        self._vault.store_subjects([NewSubject(subject, {RecordKind.MESSAGE: data})])
        self._database.run(
            _ADD,
            corridor=corridor,
            sender=sender,
            digest=digest,
            subject=str(subject),
            came_at=came_at,
            size=len(data),
            message=message,
            message_id=message_id,
            refused=refused,
        )
        added = self._find(corridor, sender, digest)
        assert added is not None
        return added

    def find(self, corridor: str, sender: str, data: bytes) -> ReceivedMessage | None:
        """What is written down of these bytes, None when they never came from this sender."""
        return self._find(corridor, sender, sha256(data).digest())

    def _find(self, corridor: str, sender: str, digest: bytes) -> ReceivedMessage | None:
        rows = self._database.run(_FIND, corridor=corridor, sender=sender, digest=digest)
        return _message(rows[0]) if rows else None

    def named(self, corridor: str, names: Collection[tuple[str, str, str]]) -> list[ReceivedMessage]:
        """The messages that were taken in under these names, each of sender, kind and id; the oldest first."""
        if not names:
            return []
        senders, messages, message_ids = zip(*names, strict=True)
        rows = self._database.run(_NAMED, corridor=corridor, senders=list(senders), messages=list(messages), message_ids=list(message_ids))
        return [_message(row) for row in rows]

    def called(self, corridor: str, name: str, *, limit: int = 2) -> list[ReceivedMessage]:
        """The messages whose subject this is, or whose digest in hex is this or begins with it; at most so many, the oldest first."""
        return [_message(row) for row in self._database.run(_CALLED, corridor=corridor, name=name.lower(), limit=limit)]

    def still_kept(self, corridor: str, before: datetime, *, page: int) -> Iterator[list[ReceivedMessage]]:
        """The messages that came at ``before`` or earlier and still have their bytes, the oldest first, page by page; what is erased
        between two pages does no harm."""
        at: tuple[datetime | str, UUID] = _FIRST
        while rows := self._database.run(_STILL_KEPT, corridor=corridor, before=before, after=at[0], after_subject=str(at[1]), page=page):
            found = [_message(row) for row in rows]
            at = (found[-1].came_at, found[-1].subject)
            yield found

    def latest(self, corridor: str, *, limit: int = 50, refused_only: bool = False) -> list[ReceivedMessage]:
        """The messages that came last, the newest first."""
        return [_message(row) for row in self._database.run(_LATEST, corridor=corridor, limit=limit, refused_only=refused_only)]


def _message(row: Sequence[Any]) -> ReceivedMessage:
    sender, digest, *rest = row
    return ReceivedMessage(sender, bytes(digest), *rest)

"""Subjects as data: what is handed to the vault and what comes back.

None of them shows anything personal in ``repr``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ledger.privacy.records import RecordKind, RecordValue


@dataclass(frozen=True, slots=True)
class NewSubject:
    """Someone or something to be kept: a party of a transfer, or a message that names several people.

    ``subject_id`` comes from `new_subject_id`. ``persons`` are the ids of the people it speaks of (`Vault.person_id`):
    erasing one of them erases this subject. A message that names two people is therefore lost with the first of them;
    each party's own record stays.
    """

    subject_id: UUID
    records: Mapping[RecordKind, RecordValue] = field(repr=False)
    persons: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class StoredSubject:
    """A subject that is durably stored, and the key for fingerprints of requests about it (`fingerprints.fingerprint`)."""

    subject_id: UUID
    fingerprint_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did: subjects looked at, orphans removed, and the database instant up to which everything stored was judged."""

    examined: int
    removed: int
    through: datetime

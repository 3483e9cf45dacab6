"""The vault: personal data, one key per subject, and the means to forget.

A subject (a party of a transfer, or a message) has a random id, a random 256-bit key wrapped by the key provider, and
records sealed under that key. The log names subjects by id only. Erasing a subject destroys its key and its records and
leaves a tombstone; the log still verifies, since it never held more than the id and salted commitments.

The vault is written before the command that names the subject, in a transaction of its own. A crash in between leaves
an orphan, which `Vault.sweep_orphans` removes. Reading personal data and erasing are facts for the log: whoever calls
records them.

Destroying a key here does not reach copies made earlier: backups, WAL archives and row versions not yet vacuumed. After
a restore the tombstones of the time since must be erased again, from the log's own record of erasures.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

from ledger.eventstore.connections import PostgresPool
from ledger.privacy import statements
from ledger.privacy.database import VaultDatabase
from ledger.privacy.errors import RecordAltered, SubjectErased, SubjectTaken, SubjectUnknown, VaultDown, WrongMasterKey
from ledger.privacy.fingerprints import fingerprint_key
from ledger.privacy.keys import KEY_BYTES, KeyProvider
from ledger.privacy.persons import person_id
from ledger.privacy.records import RecordCipher, RecordKind, Records, decode, encode
from ledger.privacy.rows import SealedRecord, record_rows
from ledger.privacy.subjects import NewSubject, StoredSubject, Swept

_FINGERPRINT: Final = "fingerprint"
_PERSON: Final = "person"
_NO_SUBJECT: Final = UUID(int=0)
_BYTES: Final = attrgetter("bytes")  # the order of ids, found faster than by comparing them


class Vault:
    """The vault of one bank, on PostgreSQL (schema ``vault``). Safe for many threads and processes.

    Every method may raise `VaultDown`, `KeyProviderDown` (both pass), `WrongMasterKey` and `MigrationsMissing` (both
    need an operator). Nothing is kept in memory but the corridors' own keys: an erased subject is erased for every
    process at once.
    """

    def __init__(self, pool: PostgresPool, key_provider: KeyProvider, *others: KeyProvider) -> None:
        """New keys are wrapped by ``key_provider``; what one of the ``others`` wrapped is read as well, while a master key is followed by
        another (`rewrapping`)."""
        self._database = VaultDatabase(pool)
        self._provider = key_provider
        self._known = {provider.name: provider for provider in (key_provider, *others)}
        self._checked = False
        self._index_keys: dict[tuple[str, str], bytes] = {}
        self._index_keys_lock = threading.Lock()

    def check(self) -> None:
        """Proves that this process holds the master key the vault was written under; the first process ever writes it down.

        Every method that needs a key calls it once. Raises `WrongMasterKey` otherwise, before anything is stored under
        a second key.
        """
        if self._checked:
            return
        named = self._database.run(statements.MASTER_KEY)
        if not named:
            check_value = self._provider.wrap(os.urandom(KEY_BYTES))
            self._database.run(statements.REGISTER_MASTER_KEY, name=self._provider.name, check_value=check_value)
            named = self._database.run(statements.MASTER_KEY)
        [(name, check_value)] = named
        self._unwrap(check_value, name)
        self._checked = True

    def store_subjects(self, subjects: Sequence[NewSubject]) -> list[StoredSubject]:
        """Stores all of them durably, in one transaction and one round trip, and answers in the same order.

        Storing a subject again with the same records changes nothing, so an attempt whose answer was lost may be
        repeated. Raises `SubjectTaken` when an id stands for other records, `SubjectErased` when it was erased,
        `RecordUnfit` for a value that cannot be kept, and ValueError when an id comes twice.
        """
        if not subjects:
            return []
        if len({subject.subject_id for subject in subjects}) < len(subjects):
            raise ValueError("A subject id comes twice in one call; draw a new id for each subject.")
        self.check()
        encoded = {subject.subject_id: _encoded(subject) for subject in subjects}
        keys: dict[UUID, bytes] = {}
        # An attempt fails when an id is taken: by an earlier attempt whose answer was lost, or by another process right
        # now. Those found to hold the same stand, and the others are tried again; each round finds one more at least.
        for _ in range(len(subjects) + 1):
            missing = [subject for subject in subjects if subject.subject_id not in keys]
            keys |= self._store(missing, encoded) or self._keys_stored_before(encoded)
            if len(keys) == len(subjects):
                return [StoredSubject(subject.subject_id, fingerprint_key(keys[subject.subject_id])) for subject in subjects]
        raise VaultDown("Other processes are storing the same subjects right now; try again in a moment.")

    def read(self, subject_id: UUID) -> Records:
        """All records of a subject, by kind.

        Raises `SubjectUnknown`, `SubjectErased` (with the instant), or `RecordAltered` when what is stored does not
        authenticate.
        """
        found = self._find([subject_id]).get(subject_id)
        if found is None:
            raise SubjectUnknown(subject_id)
        if found.erased_at is not None:
            raise SubjectErased(subject_id, found.erased_at)
        return found.decoded()

    def read_many(self, subject_ids: Collection[UUID]) -> dict[UUID, Records]:
        """The records of many subjects in one round trip; those unknown or erased are left out."""
        found = self._find(subject_ids)
        return {subject_id: subject.decoded() for subject_id, subject in found.items() if subject.erased_at is None}

    def subject_key(self, subject_id: UUID) -> bytes | None:
        """The subject's key (256 bits), or None when it was erased or never stored here."""
        return self._subject_keys([subject_id]).get(subject_id)

    def fingerprint_keys(self, subject_ids: Collection[UUID]) -> dict[UUID, bytes]:
        """The keys to compare repeated requests with, for many subjects in one round trip.

        Those erased or unknown are left out.
        """
        return {subject_id: fingerprint_key(key) for subject_id, key in self._subject_keys(subject_ids).items()}

    def corridor_fingerprint_key(self, corridor: str) -> bytes:
        """The key for fingerprints of requests without personal data, one per corridor; made on first use."""
        return self._index_key(corridor, _FINGERPRINT)

    def person_id(self, corridor: str, participant: str, document: str) -> UUID:
        """The id under which a person's quotas are kept: equal for the same identity document (`persons.person_id`)."""
        return person_id(self._index_key(corridor, _PERSON), participant, document)

    def subjects_of(self, person: UUID) -> list[UUID]:
        """The subjects not yet erased that speak of a person."""
        return [row[0] for row in self._database.run(statements.SUBJECTS_OF, person=str(person))]

    def erase(self, subject_id: UUID, at: datetime) -> datetime:
        """Destroys a subject's key, records and links to persons; answers the instant on its tombstone.

        ``at`` is the instant of the erasure, with its time zone. Erasing again changes nothing and answers the first
        instant. Raises `SubjectUnknown`.
        """
        return self.erase_many([subject_id], at)[subject_id]

    def erase_many(self, subject_ids: Collection[UUID], at: datetime) -> dict[UUID, datetime]:
        """Erases all of them in one transaction, as `erase` does one: for a person, `subjects_of` names them."""
        if at.tzinfo is None:
            raise ValueError(f"The instant of an erasure needs a time zone: {at.isoformat()} has none.")
        tombstones: dict[UUID, datetime] = {}
        # A second look finds tombstones that another process set while this statement waited for it.
        for _ in range(2):
            missing = [subject_id for subject_id in subject_ids if subject_id not in tombstones]
            if missing:
                rows = self._database.run(statements.ERASE, subjects=_array(missing), erased_at=at)
                tombstones |= dict(rows)
        for subject_id in subject_ids:
            if subject_id not in tombstones:
                raise SubjectUnknown(subject_id)
        return tombstones

    def sweep_orphans(
        self, referenced: Callable[[Sequence[UUID]], AbstractSet[UUID]], older_than: timedelta, *, page: int = 1_000
    ) -> Swept:
        """Removes subjects that no command ever named: what a crash between vault and log leaves behind.

        ``referenced`` is asked page by page which of these ids the log names, in an event or as the fingerprint key of
        a receipt. ``older_than`` must exceed the longest time a command may wait between vault and commit; it is
        measured by the database's clock, which no process's own clock can mislead. Each sweep goes on where the last
        one ended. A subject that was stored again under its id counts from the first time: where a seeded run is
        replayed, sweep before or after it.
        """
        [(through,)] = self._database.run(statements.SWEEP_END, older_than=older_than)
        examined = removed = 0
        last: tuple[datetime | str, Any] = ("-infinity", _NO_SUBJECT)
        while rows := self._database.run(
            statements.SWEEP_PAGE, through=through, last_stored_at=last[0], last_subject=str(last[1]), page=page
        ):
            subject_ids = [row[1] for row in rows]
            orphans = set(subject_ids) - referenced(subject_ids)
            if orphans:
                self._database.run(statements.REMOVE, subjects=_array(sorted(orphans)))
            examined, removed, last = examined + len(rows), removed + len(orphans), rows[-1]
        self._database.run(statements.SWEPT, through=through)
        return Swept(examined, removed, through)

    def _store(self, subjects: Sequence[NewSubject], encoded: Mapping[UUID, Mapping[RecordKind, bytes]]) -> dict[UUID, bytes]:
        """Draws a key for each subject and stores them; none of them, and no keys are given, when an id is taken."""
        # In one order everywhere, so that two processes that store the same subjects cannot wait for each other.
        ordered = sorted((subject.subject_id for subject in subjects), key=_BYTES)
        drawn = os.urandom(KEY_BYTES * len(ordered))
        keys = {subject_id: drawn[at * KEY_BYTES : (at + 1) * KEY_BYTES] for at, subject_id in enumerate(ordered)}
        ciphers = {subject_id: RecordCipher(subject_id, key) for subject_id, key in keys.items()}
        links = [(person, subject.subject_id) for subject in subjects for person in subject.persons]
        stored = self._database.copy(
            statements.STORE,
            record_rows(
                SealedRecord(subject_id, kind, cipher.seal_in_parts(kind, record))
                for subject_id, cipher in ciphers.items()
                for kind, record in encoded[subject_id].items()
            ),
            wrapped_by=self._provider.name,
            subjects=_array(keys),
            wrapped_keys=_array(self._provider.wrap(key).hex() for key in keys.values()),
            persons=_array(person for person, _ in links),
            person_subjects=_array(subject_id for _, subject_id in links),
        )
        return keys if stored else {}

    def _keys_stored_before(self, encoded: Mapping[UUID, Mapping[RecordKind, bytes]]) -> dict[UUID, bytes]:
        """The keys of those that are stored already, after making sure that the same was stored under their ids."""
        before = self._find(encoded.keys())
        for subject_id, found in before.items():
            if found.erased_at is not None:
                raise SubjectErased(subject_id, found.erased_at)
            if found.records != encoded[subject_id]:
                raise SubjectTaken(subject_id)
        return {subject_id: found.key for subject_id, found in before.items()}

    def _find(self, subject_ids: Collection[UUID]) -> dict[UUID, _Found]:
        """Each subject the vault knows, with its records opened or its tombstone."""
        self.check()
        found: dict[UUID, _Found] = {}
        ciphers: dict[UUID, RecordCipher] = {}
        for subject_id, wrapped_key, wrapped_by, erased_at, kind, nonce, ciphertext in self._database.run(
            statements.READ, subjects=_array(subject_ids)
        ):
            if subject_id not in found:
                key = b"" if erased_at else self._unwrap(wrapped_key, wrapped_by, subject_id)
                found[subject_id] = _Found(key, {}, erased_at)
                ciphers[subject_id] = RecordCipher(subject_id, key)
            if kind is not None:
                found[subject_id].records[RecordKind(kind)] = ciphers[subject_id].open(RecordKind(kind), nonce, ciphertext)
        return found

    def _subject_keys(self, subject_ids: Collection[UUID]) -> dict[UUID, bytes]:
        self.check()
        rows = self._database.run(statements.KEYS, subjects=_array(subject_ids))
        return {subject_id: self._unwrap(wrapped_key, wrapped_by, subject_id) for subject_id, wrapped_key, wrapped_by in rows}

    def _index_key(self, corridor: str, purpose: str) -> bytes:
        self.check()
        with self._index_keys_lock:
            key = self._index_keys.get((corridor, purpose))
            if key is None:
                key = self._index_keys[corridor, purpose] = self._load_index_key(corridor, purpose)
            return key

    def _load_index_key(self, corridor: str, purpose: str) -> bytes:
        rows = self._database.run(statements.INDEX_KEY, corridor=corridor, purpose=purpose)
        if not rows:
            # Another process may add its key first: then that one is read back and this one was never used.
            self._database.run(
                statements.ADD_INDEX_KEY,
                corridor=corridor,
                purpose=purpose,
                wrapped_key=self._provider.wrap(os.urandom(KEY_BYTES)),
                wrapped_by=self._provider.name,
            )
            rows = self._database.run(statements.INDEX_KEY, corridor=corridor, purpose=purpose)
        [(wrapped_key, wrapped_by)] = rows
        return self._unwrap(wrapped_key, wrapped_by)

    def _unwrap(self, wrapped: bytes, wrapped_by: str, subject_id: UUID | None = None) -> bytes:
        if wrapped_by not in self._known:
            raise WrongMasterKey(
                f"The vault was written under master key {wrapped_by}, and this process holds {self._provider.name}."
                " Put back the key file the vault was written with, or name it in CORRIDOR_KEY_FILE."
            )
        try:
            return self._known[wrapped_by].unwrap(wrapped)
        except WrongMasterKey:
            if not self._checked:
                raise
            # The master key has proven itself, so it is the stored key that is not what was written.
            raise RecordAltered(
                "A wrapped key in the vault does not authenticate: it was changed. Restore it from a backup.", subject_id
            ) from None


class _Found(NamedTuple):
    """A subject as it stands in the vault: its key and encoded records, or the instant it was erased."""

    key: bytes
    records: dict[RecordKind, bytes]
    erased_at: datetime | None

    def decoded(self) -> Records:
        return Records({kind: decode(kind, record) for kind, record in self.records.items()})

    def __repr__(self) -> str:
        return f"_Found({', '.join(sorted(self.records))}, erased_at={self.erased_at})"


def _encoded(subject: NewSubject) -> dict[RecordKind, bytes]:
    return {RecordKind(kind): encode(kind, value) for kind, value in subject.records.items()}


def _array(values: Iterable[object]) -> str:
    """A PostgreSQL array of ids, hex texts or kinds: none of them needs quoting."""
    return "{" + ",".join(map(str, values)) + "}"

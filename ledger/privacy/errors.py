"""What can go wrong around the vault. No message carries anything personal: subjects appear by their random id only.

::

    LedgerError
    ├── VaultError                   something about one subject
    │   ├── SubjectUnknown           never stored here, or swept as an orphan
    │   ├── SubjectErased            the key was destroyed; says when
    │   ├── SubjectTaken             the id already stands for other records
    │   ├── RecordAltered            a stored record or key is not what was written
    │   └── RecordUnfit              the value cannot be stored; nothing was
    ├── Unavailable
    │   ├── KeyProviderDown          keys cannot be wrapped or unwrapped now
    │   └── VaultDown                the vault's database does not answer
    └── Misconfigured
        ├── KeyFileUnusable          the master key file is missing, unreadable or not a key
        │   └── KeyFileExposed       others on the machine may read it
        └── WrongMasterKey           the vault was written under another master key
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ledger.errors import LedgerError, Misconfigured, Unavailable


class VaultError(LedgerError):
    """Something about one subject of the vault; ``subject_id`` says which, where there is one."""

    def __init__(self, detail: str, subject_id: UUID | None = None) -> None:
        super().__init__(detail)
        self.subject_id = subject_id


class SubjectUnknown(VaultError):
    """The vault holds no such subject: never stored here, or swept because the log never named it."""

    def __init__(self, subject_id: UUID) -> None:
        super().__init__(f"Subject {subject_id} is not in this vault.", subject_id)


class SubjectErased(VaultError):
    """The subject's key was destroyed at ``erased_at``; its records cannot be read by anyone."""

    def __init__(self, subject_id: UUID, erased_at: datetime) -> None:
        super().__init__(f"Subject {subject_id} was erased at {erased_at.isoformat()}.", subject_id)
        self.erased_at = erased_at


class SubjectTaken(VaultError):
    """The id already stands for other records.

    Ids are random: this means a seed was used twice for different people.
    """

    def __init__(self, subject_id: UUID) -> None:
        super().__init__(f"Subject {subject_id} is already stored with other records; draw a new subject id.", subject_id)


class RecordAltered(VaultError):
    """A stored record or wrapped key does not authenticate: it was changed, or moved here from another subject."""


class RecordUnfit(VaultError):
    """The value cannot be stored as it is. The message names the kind of record, never its content."""


class KeyProviderDown(Unavailable):
    """The key provider does not answer. Nothing was stored or read; the same call may pass later."""


class VaultDown(Unavailable):
    """The vault's database does not answer or has no connection free.

    A write that fails so may have happened: it is an orphan then.
    """


class KeyFileUnusable(Misconfigured):
    """The master key file is missing, unreadable, or does not hold a key."""


class KeyFileExposed(KeyFileUnusable):
    """The master key file may be read or changed by others on the machine."""


class WrongMasterKey(Misconfigured):
    """What is stored was wrapped under another master key than the one in use."""

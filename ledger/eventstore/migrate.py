"""Brings a database to the schema this version needs.

Migrations are the `.sql` files of the package `migrations`, applied in the order of their names, each in a transaction
of its own together with the record of it. Only the owner of the database can do this; everything else acts as the role
`corridor_app`.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

from ledger.errors import MigrationsMissing, Misconfigured
from ledger.eventstore.connections import PostgresCursor, connect
from ledger.eventstore.queries import QUERIES

_LOCK = {"key": 0x636F727269646F72}
"""Any number will do, as long as nothing else in the database locks it: here, "corridor" in ASCII."""


def migrate(owner_url: str) -> list[str]:
    """Applies what is missing and gives the names of the migrations applied.

    Safe to run twice at once, and to run again after it was killed. Raises Misconfigured when a migration that was
    applied here has been edited since.
    """
    with _owner(owner_url) as cursor:
        cursor.execute(QUERIES["take_migration_lock"], _LOCK)
        try:
            cursor.execute(QUERIES["prepare_migrations"])
            cursor.execute(QUERIES["prepare_role"])
            missing = _missing(cursor)
            for name, text in missing.items():
                _apply(cursor, name, text)
        finally:
            if not cursor.raw.connection.closed:
                cursor.execute("ROLLBACK")
                cursor.execute(QUERIES["release_migration_lock"], _LOCK)
    return list(missing)


def pending(url: str) -> list[str]:
    """The names of the migrations this database lacks. Raises Misconfigured when an applied one has been edited."""
    with _owner(url) as cursor:
        return list(_missing(cursor))


def check_migrated(url: str) -> None:
    """Raises MigrationsMissing, naming the way out, when the database lacks migrations."""
    lacking = pending(url)
    if lacking:
        raise MigrationsMissing(
            f"The database lacks {len(lacking)} of this version's migrations ({', '.join(lacking)}): "
            "run `corridor migrate` with CORRIDOR_OWNER_URL naming its owner."
        )


def shipped_migrations() -> dict[str, str]:
    """The SQL of every migration by name, in the order in which they apply."""
    found = (entry for entry in files("migrations").iterdir() if entry.name.endswith(".sql"))
    return {entry.name.removesuffix(".sql"): entry.read_text(encoding="utf-8") for entry in sorted(found, key=lambda entry: entry.name)}


def _missing(cursor: PostgresCursor) -> dict[str, str]:
    shipped = shipped_migrations()
    [(prepared,)] = cursor.rows(QUERIES["migrations_prepared"])
    applied = dict(cursor.rows(QUERIES["applied_migrations"])) if prepared else {}
    for name, text in shipped.items():
        if name in applied and applied[name] != _hash(text):
            raise Misconfigured(
                f"Migration {name} was applied with hash {applied[name]} but now has {_hash(text)}: "
                "an applied migration is never edited. Restore the file and add a new one."
            )
    return {name: text for name, text in shipped.items() if name not in applied}


def _apply(cursor: PostgresCursor, name: str, text: str) -> None:
    cursor.execute("BEGIN")
    cursor.execute(text)
    cursor.execute(QUERIES["record_migration"], {"name": name, "sha256": _hash(text)})
    cursor.execute("COMMIT")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def _owner(url: str) -> Iterator[PostgresCursor]:
    raw = connect(url)
    try:
        yield PostgresCursor(raw.cursor())
    finally:
        raw.close()

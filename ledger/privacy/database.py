"""The vault's way to its database: one statement, one transaction, and the vault's own errors.

It has a pool of its own, since a bank's vault may stand in another database, in the bank's own country.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2.errors
from eventsourcing import persistence

from ledger.errors import MigrationsMissing
from ledger.eventstore.connections import PostgresCursor, PostgresPool
from ledger.privacy.errors import VaultDown


class VaultDatabase:
    """Runs the vault's statements on pooled connections in autocommit.

    Every method raises `VaultDown` when the database is away or all connections stay in use, `MigrationsMissing` when
    it has no vault or the application's role lacks its rights there.
    """

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    def run(self, statement: str, **parameters: object) -> list[tuple[Any, ...]]:
        """The rows a statement answers, none for one that answers nothing."""
        with self._cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.raw.description else []

    def copy(self, statement: str, data: Iterable[bytes], **parameters: object) -> bool:
        """Runs statements that end in ``COPY … FROM STDIN`` and sends the data along: one trip, one transaction.

        Whether it was stored: False, and nothing is, when a key is taken.
        """
        try:
            with self._cursor() as cursor:
                cursor.copy_in_parts(cursor.raw.mogrify(statement, parameters), data)
        except persistence.IntegrityError as error:
            if isinstance(error.__cause__, psycopg2.errors.UniqueViolation):
                return False
            raise
        return True

    @contextmanager
    def _cursor(self) -> Iterator[PostgresCursor]:
        try:
            with self._pool.connection() as connection:
                yield connection.cursor()
        except (persistence.OperationalError, persistence.InterfaceError) as error:
            raise VaultDown("The vault's database does not answer; try again in a moment.") from error
        except persistence.ProgrammingError as error:
            if isinstance(error.__cause__, psycopg2.errors.UndefinedTable | psycopg2.errors.InsufficientPrivilege):
                raise MigrationsMissing(
                    "The vault's tables are missing, or the role corridor_app lacks its rights on them. Run: corridor migrate"
                ) from error
            raise

"""What is kept of reconciliation: statements as received, nights begun, how each statement left its account, and the reports.

It is only ever added to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import to_json

from ledger.eventstore.binary_copy import in_pieces
from ledger.eventstore.connections import PostgresCursor, PostgresPool
from ledger.iso20022.fields import safe
from ledger.pacing import Pages
from reconciliation.carried import Carried, OpenLine
from reconciliation.errors import StatementChanged
from reconciliation.figures import Figures
from reconciliation.queries import QUERIES
from reconciliation.report import Report
from reconciliation.reported import ReportedStatement
from reconciliation.statement_files import file_row

if TYPE_CHECKING:  # who only looks reports up has no use for columns of numbers
    from reconciliation.staging import Staged, StagedFile


class Night(NamedTuple):
    """A night that began: what it looks from. Beginning it again gives the same."""

    id: str
    business_date: date
    boundary: int
    figures: Figures


class Outcome(NamedTuple):
    """How a statement left its account."""

    statement: ReportedStatement
    remainder: int
    open_lines: tuple[OpenLine, ...]


class StoredReport(NamedTuple):
    """A report in the list of all."""

    id: str
    business_date: date
    boundary: int
    written_at: datetime


class Archive:
    """The tables of one corridor."""

    def __init__(self, pool: PostgresPool, corridor: str) -> None:
        self.pool = pool
        self.corridor = corridor

    @contextmanager
    def turn(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Holds the corridor's night job for this process; when another one has it, says so by ``waiting`` and waits.

        The turn belongs to a database session: when its process dies, the next in line gets it.
        """
        values = {"corridor": self.corridor}
        with self.pool.connection() as connection:
            cursor = connection.cursor()
            [(ours,)] = cursor.rows(QUERIES["take_turn"], values)
            if not ours:
                waiting()
                cursor.execute(QUERIES["wait_for_turn"], values)
            try:
                yield
            finally:
                if not connection.closed:
                    cursor.execute(QUERIES["end_turn"], values)

    # Statements

    def receive(self, files: Iterable[StagedFile], received_at: datetime, pages: Pages) -> list[Staged]:
        """Keeps files, each as it comes, with the statements read from them: these, each once. All or none. Beside writers a file is
        kept in ``pages``.

        Raises StatementChanged when a statement was received before, here or in these files, with another content.
        """
        received: dict[tuple[str, str], Staged] = {}
        with self.pool.transaction() as cursor:
            cursor.execute(QUERIES["stay"])
            for file in files:
                wanted = [staged.statement.id for staged in file.statements]
                rows = cursor.rows(QUERIES["known_statements"], {"corridor": self.corridor, "statements": wanted})
                known = {(account, found): digest for account, found, digest in rows}
                fresh = [staged.statement for staged in file.statements if _is_new(staged.statement, known)]
                if fresh:
                    self._insert(cursor, file, fresh, received_at, pages)
                received |= {(staged.statement.account, staged.statement.id): staged for staged in file.statements}
                del file  # its bytes, before the next one is waited for
                pages.end()
        return list(received.values())

    def _insert(
        self, cursor: PostgresCursor, file: StagedFile, statements: list[ReportedStatement], received_at: datetime, pages: Pages
    ) -> None:
        where = {"corridor": self.corridor, "received_at": received_at}
        [(kept,)] = cursor.rows(QUERIES["file_is_kept"], {**where, "digest": file.digest})
        if not kept:
            row = file_row(self.corridor, file.digest, received_at, file.data)
            cursor.copy_in_parts(QUERIES["copy_file"], _in_pages(row, pages) if pages.beside else row)
        for statement in statements:
            cursor.execute(
                QUERIES["insert_statement"],
                {
                    **where,
                    "account": statement.account,
                    "statement": statement.id,
                    "digest": statement.digest,
                    "file": file.digest,
                    "first_day": statement.first_day,
                    "last_day": statement.last_day,
                    "opening": statement.opening,
                    "closing": statement.closing,
                    "line_count": statement.line_count,
                },
            )

    # Nights

    def night(self, night: str) -> Night | None:
        """A night that began before."""
        rows = self.pool.rows(QUERIES["night"], {"corridor": self.corridor, "night": night})
        if not rows:
            return None
        found, business_date, boundary, figures = rows[0]
        return Night(found, business_date, boundary, Figures.model_validate_json(to_json(figures)))

    def begin(self, night: Night, started_at: datetime) -> None:
        """Fixes what a night looks from."""
        values = {**night._asdict(), "figures": night.figures.model_dump_json(), "night": night.id, "started_at": started_at}
        with self.pool.transaction() as cursor:
            cursor.execute(QUERIES["insert_night"], {"corridor": self.corridor, **values})

    def before(self, statement: ReportedStatement) -> Carried | None:
        """How the statement's account was left by the statement before it, see `Carried.precedes`."""
        values = {
            "corridor": self.corridor,
            "account": statement.account,
            "first_day": statement.first_day,
            "last_day": statement.last_day,
            "opening": statement.opening,
        }
        rows = self.pool.rows(QUERIES["reconciled_before"], values)
        if not rows:
            return None
        boundary, last_day, closing, remainder, open_lines = rows[0]
        return Carried(boundary, last_day, closing, remainder, tuple(map(OpenLine.from_json, open_lines)))

    def finish(self, night: Night, document: bytes, outcomes: Iterable[Outcome], written_at: datetime) -> None:
        """Keeps the report and how each statement left its account, all or none."""
        where: dict[str, Any] = {"corridor": self.corridor, "night": night.id, "boundary": night.boundary}
        with self.pool.transaction() as cursor:
            for outcome in outcomes:
                statement = outcome.statement
                cursor.execute(
                    QUERIES["insert_reconciled"],
                    {
                        **where,
                        "account": statement.account,
                        "statement": statement.id,
                        "last_day": statement.last_day,
                        "closing": statement.closing,
                        "remainder": outcome.remainder,
                        "open_lines": to_json([line.as_json() for line in outcome.open_lines]).decode(),
                    },
                )
            report = {"business_date": night.business_date, "document": document, "written_at": written_at}
            cursor.execute(QUERIES["insert_report"], {**where, **report})

    # Reports

    def document(self, night: str) -> bytes | None:
        """A report as it was written; None for a night that is unknown or was interrupted."""
        rows = self.pool.rows(QUERIES["report"], {"corridor": self.corridor, "night": night})
        return rows[0][0] if rows else None

    def reports(self) -> list[StoredReport]:
        """All reports, the newest first."""
        return [StoredReport(*row) for row in self.pool.rows(QUERIES["reports"], {"corridor": self.corridor})]


def reports(pool: PostgresPool, corridor: str) -> list[StoredReport]:
    """All reports of a corridor, the newest first."""
    return Archive(pool, corridor).reports()


def report(pool: PostgresPool, corridor: str, report_id: str) -> Report | None:
    """One report; None when there is none by that id."""
    document = Archive(pool, corridor).document(report_id)
    return None if document is None else Report.from_json(document)


def _in_pages(parts: Iterable[bytes], pages: Pages) -> Iterator[bytes]:
    for piece in in_pieces(parts):
        yield piece
        pages.end()


def _is_new(statement: ReportedStatement, known: dict[tuple[str, str], bytes]) -> bool:
    """Whether the statement was never seen; it is known from here on. Raises StatementChanged."""
    key = (statement.account, statement.id)
    if key not in known:
        known[key] = statement.digest
        return True
    if known[key] != statement.digest:
        raise StatementChanged(
            f"Statement {safe(statement.id)} of {statement.account} was received before with another content.",
            field="Stmt/Id",
            value=safe(statement.id),
            way_out="Ask the bank which of the two holds; a corrected statement needs an id of its own.",
        )
    return False

"""Statements' lines on their way into matching: held by the database, in temporary tables, so that a night of a million lines takes no
more memory than one of a thousand.

Each file is read by one of a few sessions, and its lines stay in tables of that session. A plain CSV statement goes there as it stands and
is checked there; any other statement is read in full first. Nothing here outlives the night.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from itertools import islice
from queue import SimpleQueue
from typing import NamedTuple

from eventsourcing.persistence import DataError

from ledger.domain.terms import Terms
from ledger.errors import LedgerError
from ledger.eventstore.connections import PostgresCursor, PostgresPool
from ledger.projections.copying import field
from ledger.projections.snapshot import Snapshot
from reconciliation.csv_plain import COLUMNS, PlainCsv, read_plain
from reconciliation.csv_statement import looks_like_csv
from reconciliation.errors import StatementFileChanged
from reconciliation.lines import ReportedLine, is_uuid
from reconciliation.queries import QUERIES
from reconciliation.reported import (
    ReadStatement,
    ReportedStatement,
    account_of,
    accounts_by_number,
    content,
    days_of,
    read_statements,
)

Body = bytes | Callable[[], bytes]
"""A file as it came, or what reads it anew whenever it is called, so that no file is held longer than it takes to read it."""

# While some sessions wait for the database, another one reads; each holds one file.
_SESSIONS_MAX = 3
_PART = 10_000


class StagedLines(NamedTuple):
    """The lines of one statement: a temporary table of a session."""

    session: PostgresCursor
    table: str

    def query(self, name: str) -> str:
        """A named query about these lines."""
        return QUERIES[name].replace("{staged}", self.table)


class Staged(NamedTuple):
    """A statement, and where its lines are."""

    statement: ReportedStatement
    lines: StagedLines


class StagedFile(NamedTuple):
    """A file that was read: what gives its bytes again, their SHA-256, and its statements in order of account and days."""

    body: Body
    digest: bytes
    statements: list[Staged]

    def read_again(self) -> bytes:
        """The same bytes. Raises StatementFileChanged."""
        data = read(self.body)
        if sha256(data).digest() != self.digest:
            raise StatementFileChanged(
                "A file of statements changed while it was read.", field="file", way_out="Run again when it is written to its end."
            )
        return data


class Staging:
    """The sessions of one night."""

    def __init__(self, sessions: Sequence[PostgresCursor], terms: Terms) -> None:
        self._sessions = sessions
        self._terms = terms
        self._free: SimpleQueue[PostgresCursor] = SimpleQueue()
        self._tables = 0

    def read(self, bodies: Sequence[Body]) -> list[StagedFile]:
        """Reads the files, as many at once as there are sessions. Raises an `UnreadableMessage` of the first file that cannot be taken."""
        for session in self._sessions:
            self._free.put(session)
        with ThreadPoolExecutor(len(self._sessions)) as readers:
            reading = [readers.submit(self._read, body, number) for number, body in enumerate(bodies)]
            try:
                return [one.result() for one in reading]
            finally:
                for one in reading:
                    one.cancel()

    @contextmanager
    def seeing(self, at: Snapshot) -> Iterator[None]:
        """Lets every session look at the ledger through a snapshot, as long as that is open."""
        [(exported,)] = at.cursor.rows(QUERIES["share_snapshot"])
        for session in self._sessions:
            session.execute(QUERIES["see_snapshot"], {"snapshot": exported})
        try:
            yield
        finally:
            for session in self._sessions:
                session.execute("COMMIT")

    def _read(self, body: Body, number: int) -> StagedFile:
        session = self._free.get()
        try:
            data = read(body)
            plain = read_plain(data) if looks_like_csv(data) else None
            staged = None if plain is None else stage_plain(plain, self._terms, StagedLines(session, f"staged_{number}"))
            statements = (
                [staged]
                if staged
                else [
                    stage(found, StagedLines(session, f"staged_{number}_{part}"))
                    for part, found in enumerate(read_statements(data, self._terms))
                ]
            )
            return StagedFile(body, sha256(data).digest(), statements)
        finally:
            self._free.put(session)


def stage_plain(plain: PlainCsv, terms: Terms, lines: StagedLines) -> Staged | None:
    """Takes a plain CSV's rows as they stand; None when there is something about them that `csv_statement` has to judge."""
    opening, closing = plain.statement.opening, plain.statement.closing
    try:
        account = account_of(plain.statement, accounts_by_number(terms))
        lines.session.execute(lines.query("create_staged"))
        lines.session.copy_in(f"COPY {lines.table} ({', '.join(COLUMNS)}) FROM STDIN (FORMAT csv)", plain.rows)
        [(count, moved, first_booking, repeated)] = lines.session.rows(lines.query("staged_sums"))
    except (LedgerError, DataError):
        return None
    if repeated or opening.minor + int(moved) != closing.minor:
        return None
    first, last = days_of(plain.statement, first_booking)
    said = content(account, plain.statement, first, last)
    [(digest,)] = lines.session.rows(lines.query("staged_digest"), {"content": repr(said)})
    return Staged(ReportedStatement(account, plain.statement.id, first, last, opening.minor, closing.minor, count, digest), lines)


def stage(found: ReadStatement, lines: StagedLines) -> Staged:
    """Takes lines that were read one by one."""
    lines.session.execute(lines.query("create_staged"))
    rows = map(_row, found.lines)
    while part := "".join(islice(rows, _PART)):
        lines.session.copy_in(lines.query("copy_staged"), part.encode())
    return Staged(found.statement, lines)


def staged_lines(staged: Staged, keys: Sequence[str]) -> Iterator[ReportedLine]:
    """The lines of a statement whose first reference is one of some UUIDs, and those whose first reference is none."""
    account, statement = staged.statement.account, staged.statement.id
    rows = staged.lines.session.rows(staged.lines.query("staged_rows"), {"keys": list(keys)})
    for entry, part, booked, valued, amount, texts, further, reversal, kind in rows:
        yield ReportedLine(account, statement, entry, part, booked, valued, amount, (*texts, *further), reversal, kind)


def read(body: Body) -> bytes:
    """The bytes of a file."""
    return body if isinstance(body, bytes) else body()


@contextmanager
def staging(pool: PostgresPool, terms: Terms, files: int) -> Iterator[Staging]:
    """Opens sessions to read some files with. They end with the block, and all in them."""
    with ExitStack() as stack:
        sessions = []
        for _ in range(max(1, min(files, _SESSIONS_MAX))):
            connection = stack.enter_context(pool.connection())
            stack.callback(connection.close)
            sessions.append(connection.cursor())
            sessions[-1].execute(QUERIES["prepare_session"])
        yield Staging(sessions, terms)


def _row(line: ReportedLine) -> str:
    """A line as a row of COPY's text format; its first reference stands apart when it can be a UETR."""
    leading = 1 if line.references and is_uuid(line.references[0]) else 0
    uetr, further = (line.references[0] if leading else None), line.references[leading:]
    direction = "DBIT" if line.amount < 0 else "CRDT"
    values = (
        line.entry, line.part, line.booking_date, line.value_date, abs(line.amount), direction, uetr,
        "true" if line.reversal else None, line.kind, list(further),
    )  # fmt: skip
    return "\t".join(map(field, values)) + "\n"

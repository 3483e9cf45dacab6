"""Files of statements on their way into matching: read two at a time, ahead of whoever keeps them, or one by one and page by page beside
writers; their lines are set aside as columns of numbers.

A plain CSV statement is checked and packed column by column; any other statement is read in full first. No file is held longer than it
takes to read and keep it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from typing import NamedTuple

from ledger.domain.terms import Terms
from ledger.pacing import Pages
from reconciliation.csv_plain import read_plain
from reconciliation.csv_statement import looks_like_csv
from reconciliation.packed import PackedLines, pack
from reconciliation.reported import ReportedStatement, read_statements
from reconciliation.waiting_lines import WaitingLines

Body = bytes | Callable[[], bytes]
"""A file as it came, or what reads it, so that no file is held longer than it takes to read and keep it."""

# While one file is read into columns another one is read from its disk, or waits to be kept.
_READ_AT_ONCE = 2


class Staged(NamedTuple):
    """A statement, and what reads its lines when their turn comes."""

    statement: ReportedStatement
    lines: Callable[[], PackedLines]


class StagedFile(NamedTuple):
    """A file that was read: its bytes, their SHA-256, and its statements in order of account and days."""

    data: bytes
    digest: bytes
    statements: list[Staged]


def read_files(bodies: Sequence[Body], terms: Terms, aside: WaitingLines, pages: Pages) -> Generator[StagedFile, None, None]:
    """Reads files in their order, some ahead of what is asked for while nobody writes, and sets their lines aside. Raises an
    `UnreadableMessage` of the first that cannot be taken, and Unavailable."""
    waiting: deque[Future[StagedFile]] = deque()
    with ThreadPoolExecutor(_READ_AT_ONCE) as readers:
        try:
            for body in bodies:
                if pages.beside:
                    while waiting:
                        yield waiting.popleft().result()
                    yield _read(body, terms, aside, pages.end)
                    continue
                waiting.append(readers.submit(_read, body, terms, aside))
                if len(waiting) > _READ_AT_ONCE:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for one in waiting:
                one.cancel()


def _read(body: Body, terms: Terms, aside: WaitingLines, between: Callable[[], object] = lambda: None) -> StagedFile:
    data = body if isinstance(body, bytes) else body()
    plain = read_plain(data, terms, between=between) if looks_like_csv(data) else None
    statements = [plain] if plain else [(found.statement, pack(found.lines)) for found in read_statements(data, terms)]
    return StagedFile(data, sha256(data).digest(), [Staged(statement, aside.put(lines)) for statement, lines in statements])

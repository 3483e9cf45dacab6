"""The night job: statements in, every line in its class, differences recorded as breaks, one report out.

It ends the same however often it is run or killed. What it looks from is fixed in the archive before it begins: the statements' contents
name the night, and a night keeps the boundary and the figures it began with. Breaks are known by what differs, so recording them again
adds nothing; the report is written last, together with how each statement left its account. Two at once take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import date
from functools import cached_property, partial
from hashlib import sha256

from ledger.application import Ledger
from ledger.bootstrap import Service
from ledger.domain.terms import Terms
from ledger.errors import LedgerError
from ledger.eventstore.activity import pace_beside
from ledger.pacing import Pace, Pages
from ledger.projections.runner import Runner
from ledger.projections.snapshot import Snapshot, snapshot
from reconciliation.archive import Archive, Night, Outcome
from reconciliation.breaks import Difference, record_breaks
from reconciliation.carried import Carried
from reconciliation.comparing import compare
from reconciliation.expected import Knowledge, Window
from reconciliation.figures import read_figures
from reconciliation.queries import QUERIES
from reconciliation.reconciling import Reconciliation, reconcile
from reconciliation.report import Report
from reconciliation.report_building import build_report
from reconciliation.reported import ReportedStatement
from reconciliation.staging import Body, Staged, read_files
from reconciliation.waiting_lines import WaitingLines

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much (0 of 0: nobody knows)."""

_COMMANDS_AT_ONCE = 4
_NIGHT_DIGITS = 12


class BreakNotRecorded(LedgerError):
    """The ledger refused to record a difference: the night cannot end. The message says which and why."""


def run_nightly(
    service: Service,
    corridor: str,
    statements: Sequence[Body],
    business_date: date,
    progress: Progress | None = None,
    *,
    verified: str = "",
) -> Report:
    """Reconciles the statements in some files (camt.053, MT940 or CSV) and reports on the corridor.

    A file is its bytes as they came, or a function that reads them: then no more than a file or two is in memory at a time.

    The same statements and date give the report that was written the first time and add no event. ``verified`` is the summary of a
    verification of the log, for the page; it is kept from the first run. When another night job of the corridor is running, this one waits.

    Raises UnknownCorridor; an `UnreadableMessage` for a file that cannot be taken (nothing is kept then); Unavailable, OutcomeUnknown when
    the database fails: run it again.
    """
    job = _NightJob(service, corridor, business_date, progress or _tell_nobody)
    return Report.from_json(job.run(statements, verified))


class _NightJob:
    """One run over one corridor."""

    def __init__(self, service: Service, corridor: str, business_date: date, tell: Progress) -> None:
        self.pool = service.pool
        self.clock = service.clock
        self.corridor = corridor
        self.ledger: Ledger = service.ledger(corridor)
        self.archive = Archive(service.pool, corridor)
        self.business_date = business_date
        self.tell = tell

    @cached_property
    def pace(self) -> Pace:
        """How the night gives way to whoever writes meanwhile."""
        return pace_beside(self.pool, self.ledger.log_store.head().position)

    @cached_property
    def pages(self) -> Pages:
        """What is done with statements goes in pages: a megabyte of a file or of the ledger's lines, or one statement that is compared."""
        return Pages(self.pace, 1)

    def run(self, bodies: Sequence[Body], verified: str) -> bytes:
        """The report's bytes, written now or before."""
        terms = self.ledger.terms()
        bodies = list(dict.fromkeys(bodies))
        waiting = partial(self.tell, "waiting for another night job of this corridor", 0, 0)
        with self.archive.turn(waiting), WaitingLines() as aside:
            statements = self._receive(bodies, terms, aside) if bodies else []
            self.tell("statements read", len(bodies), len(bodies))
            night_id = _night_id(statements, self.business_date)
            return self.archive.document(night_id) or self._report(night_id, statements, terms, verified)

    def _receive(self, bodies: Sequence[Body], terms: Terms, aside: WaitingLines) -> list[Staged]:
        with closing(read_files(bodies, terms, aside, self.pages)) as files:
            return self.archive.receive(files, self.clock(), self.pages)

    def _report(self, night_id: str, statements: Sequence[Staged], terms: Terms, verified: str) -> bytes:
        """Of a night that has none yet."""
        self._catch_up()
        night = self.archive.night(night_id) or self._begin(night_id, statements, terms)
        return self._finish(night, statements, verified)

    def _catch_up(self) -> None:
        Runner(self.ledger.log_store).catch_up(progress=lambda position, head: self.tell("projections", position, head))

    def _begin(self, night_id: str, statements: Sequence[Staged], terms: Terms) -> Night:
        """Fixes the boundary, and the figures there."""
        moved_from = min((staged.statement.first_day for staged in statements), default=self.business_date)
        with snapshot(self.pool, self.corridor) as at:
            figures = read_figures(at, terms, min(moved_from, self.business_date), self.business_date, self.pace)
        night = Night(night_id, self.business_date, figures.boundary, figures)
        self.archive.begin(night, self.clock())
        return night

    def _finish(self, night: Night, statements: Sequence[Staged], verified: str) -> bytes:
        """Matches, records what differs, and only then writes the report."""
        with snapshot(self.pool, self.corridor) as at:
            at.cursor.execute(QUERIES["stay"])
            found = self._reconcile(night, statements, at)
        self._record([difference for one in found for difference in one.differences if difference.new])
        document = build_report(night, found, verified).to_json()
        outcomes = [Outcome(one.statement, one.remainder, one.open_lines) for one in found]
        self.archive.finish(night, document, outcomes, self.clock())
        self._catch_up()
        return document

    def _reconcile(self, night: Night, statements: Sequence[Staged], at: Snapshot) -> list[Reconciliation]:
        """Statement by statement in the order of their days, since each leaves lines open for the next one of its account."""
        in_order = sorted(statements, key=lambda one: (one.statement.last_day, one.statement.account, one.statement.id))
        left: list[tuple[str, Carried]] = []
        planned: list[tuple[Staged, Window]] = []
        for staged in in_order:
            statement = staged.statement
            planned.append((staged, Window.of(statement, self._before(statement, left))))
            left.append((statement.account, Carried(night.boundary, statement.last_day, statement.closing)))
        self.tell("matching", 0, len(statements))
        knowledge = {account: Knowledge(self.ledger, at, night.boundary, account) for account, _ in left}
        found: list[Reconciliation] = []
        with closing(compare(planned, at, night.boundary, self.pool, self.pages)) as each:
            for compared in each:
                self.tell(f"matching {compared.statement.account}", len(found), len(statements))
                before = self._before(compared.statement, [(one.statement.account, one.carry(night.boundary)) for one in found])
                found.append(reconcile(compared, before, knowledge[compared.statement.account], at, night.boundary))
                del compared  # its lines, before those of the next one are read
                self.pages.end()
        self.tell("matching", len(statements), len(statements))
        return sorted(found, key=lambda one: (one.statement.account, one.statement.last_day, one.statement.id))

    def _before(self, statement: ReportedStatement, tonight: Iterable[tuple[str, Carried]]) -> Carried | None:
        """How the account was left by the statement before, of this night or an earlier one."""
        left = [one for account, one in tonight if account == statement.account and one.precedes(statement)]
        archived = self.archive.before(statement)
        return max([*left, *([archived] if archived else [])], key=lambda one: (one.last_day, one.boundary), default=None)

    def _record(self, differences: Sequence[Difference]) -> None:
        """Some hundreds of differences a command, a few commands at once. Raises BreakNotRecorded."""
        commands = list(record_breaks(self.corridor, differences))
        for start in range(0, len(commands), _COMMANDS_AT_ONCE):
            self.tell("recording breaks", sum(len(command.found) for command in commands[:start]), len(differences))
            some = commands[start : start + _COMMANDS_AT_ONCE]
            for command, answer in zip(some, self.ledger.execute_all(some), strict=True):
                if answer.refusal is not None:
                    raise BreakNotRecorded(f"{len(command.found)} breaks of {command.cause}: {answer.refusal['detail']}")
            self.pages.end()
        self.tell("recording breaks", len(differences), len(differences))


def _night_id(statements: Iterable[Staged], business_date: date) -> str:
    """The date, and a hash of what the statements say, in any order."""
    digest = sha256(b"".join(sorted(staged.statement.digest for staged in statements)))
    return f"{business_date.isoformat()}-{digest.hexdigest()[:_NIGHT_DIGITS]}"


def _tell_nobody(_what: str, _done: int, _of: int) -> None:
    """Stands in where nobody looks."""

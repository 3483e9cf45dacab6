"""What ends because its time has come: the people of old transfers, old messages as they were received, files of old statements, and what
nothing refers to any more.

The rule stands in the terms (``retention_years``), dated and agreed by both banks, so nobody has to agree again: the job asks the ledger
for each transfer, the ledger decides from the log, and its event stands there before the vault destroys anything. A job that was killed is
run again; whom the log says were erased is erased again first. Messages that came so long ago need no event: which of them are due follows
from when they came and from the log, after a restore of the vault as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Final, NamedTuple
from uuid import UUID

from ledger.bootstrap import Service
from ledger.commands import EndRetention
from ledger.domain.retention import JOB, years_before
from ledger.erasing import erase_again
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.queries import read_blocks
from ledger.jobs import up_to_date
from ledger.messages.behind import messages_behind
from ledger.privacy.received import ReceivedMessages
from ledger.projections.audit_trail import causes_about_transfers
from ledger.projections.snapshot import Snapshot

PAGE: Final = 1_000
TAKEN_IN_WITHIN: Final = timedelta(days=1)
"""How long after a message came first the transfers in it can begin: at once, or, after a crash, when its sender sends it again."""
ORPHANS_AFTER: Final = timedelta(days=1)
"""Far longer than a command waits between vault and log."""
_QUERIES: Final = read_blocks(files("ledger").joinpath("retention.sql").read_text(encoding="utf-8"))


class Ended(NamedTuple):
    """What one run ended, or would end: transfers whose people go, and whom of them the vault knew; messages whose bytes go, files of
    statements, subjects that nothing names, and rows that say who signed in and which signatures were taken."""

    transfers: int
    subjects: int
    messages: int
    statement_files: int
    orphans: int
    passed: int


def what_is_due(service: Service, corridor: str) -> Ended:
    """What a run would end of transfers, of their people, of messages and of statement files; nothing is changed."""
    ledger, now = service.ledger(corridor), service.clock()
    before = years_before(now, ledger.terms().retention_years)
    transfers: list[UUID] = []
    subjects = after = 0
    with up_to_date(service, corridor) as at:
        while page := _due(at, before, after):
            transfers.extend(one.uetr for one in page)
            after = page[-1].position
            subjects += len(ledger.vault.fingerprint_keys([subject for one in page for subject in one.subjects]))
    [(statement_files,)] = service.pool.rows(_QUERIES["count_statement_files"], {"corridor": corridor, "before": before})
    messages = sum(map(len, _messages_due(service, corridor, before, ending=transfers)))
    return Ended(len(transfers), subjects, messages, statement_files, 0, 0)


def end_what_is_due(service: Service, corridor: str, *, orphans_after: timedelta = ORPHANS_AFTER) -> Ended:
    """Ends what is due in one corridor.

    Orphans, nonces and sessions belong to no corridor: whichever corridor's run comes first finds them. Raises VaultDown, KeyProviderDown
    and what `Ledger.execute` raises; what was ended before stays so.
    """
    now = service.clock()
    before = years_before(now, service.ledger(corridor).terms().retention_years)
    subjects = len(erase_again(service, corridor).subjects)
    transfers = after = 0
    while True:
        with up_to_date(service, corridor) as at:
            page = _due(at, before, after)
        if not page:
            break
        after = page[-1].position
        ended = [one for one in page if _end(service, corridor, one, now)]
        transfers += len(ended)
        known = service.vault.fingerprint_keys([subject for one in ended for subject in one.subjects])
        subjects += len(service.vault.erase_many(known, at=now)) if known else 0
    messages = 0
    for due in _messages_due(service, corridor, before):
        messages += len(service.vault.erase_many(due, at=now))
    [(statement_files,)] = service.pool.rows(_QUERIES["empty_statement_files"], {"corridor": corridor, "before": before})
    swept = service.vault.sweep_orphans(lambda asked: _named_anywhere(service.pool, asked), orphans_after)
    [(passed,)] = service.pool.rows(_QUERIES["forget_what_passed"], {"now": now})
    return Ended(transfers, subjects, messages, statement_files, swept.removed, passed)


class _Due(NamedTuple):
    """A transfer that ended so long ago, and the subjects that speak of its people."""

    position: int
    uetr: UUID
    subjects: tuple[UUID, ...]


def _due(at: Snapshot, before: datetime, after: int) -> list[_Due]:
    rows = at.cursor.rows(_QUERIES["due_transfers"], {"corridor": at.corridor, "before": before, "after": after, "page": PAGE})
    written: dict[UUID, list[UUID]] = {}
    if rows:
        facts = {"corridor": at.corridor, "uetrs": [str(uetr) for _, uetr, _, _ in rows]}
        for uetr, subject in at.cursor.rows(_QUERIES["written_about"], facts):
            written.setdefault(uetr, []).append(subject)
    return [_Due(position, uetr, (debtor, creditor, *written.get(uetr, ()))) for position, uetr, debtor, creditor in rows]


def _end(service: Service, corridor: str, due: _Due, now: datetime) -> bool:
    """Whether the ledger says that it is time."""
    command = EndRetention(
        corridor=corridor,
        actor=JOB,
        idempotency_key=f"retention/{due.uetr}/{now:%Y%m%dT%H%M%S.%fZ}",
        cause="terms: retention_years",
        uetr=due.uetr,
        subjects=due.subjects,
    )
    return service.ledger(corridor).execute(command).refusal is None


def _messages_due(service: Service, corridor: str, before: datetime, ending: Collection[UUID] = ()) -> Iterator[list[UUID]]:
    """The subjects of messages that came so long ago and asked for nothing about transfers whose people are kept, page by page; those of
    the transfers ``ending`` are as good as gone."""
    held: set[UUID] | None = None
    for page in ReceivedMessages(service.pool, service.vault).still_kept(corridor, before, page=PAGE):
        if held is None:
            held = _held(service, corridor, before + TAKEN_IN_WITHIN, ending)
        if due := [one.subject for one in page if one.subject not in held]:
            yield due


def _held(service: Service, corridor: str, until: datetime, ending: Collection[UUID]) -> set[UUID]:
    with up_to_date(service, corridor) as at:
        kept = {row[0] for row in at.cursor.rows(_QUERIES["kept_transfers"], {"corridor": corridor, "until": until})}
        causes = causes_about_transfers(at, kept.difference(ending))
    return {one.subject for one in messages_behind(service, corridor, causes)}


def _named_anywhere(pool: PostgresPool, subjects: Sequence[UUID]) -> AbstractSet[UUID]:
    """Which of these the log, its receipts or its evidence name, in whatever event: those that a short look does not find are looked for
    in every event's text, since a subject that is removed by mistake is gone."""
    named = _asked(pool, "named_by_receipts", subjects)
    left = [subject for subject in subjects if subject not in named]
    return named | (_asked(pool, "named_by_events", left) if left else set())


def _asked(pool: PostgresPool, query: str, subjects: Collection[UUID]) -> set[UUID]:
    return {row[0] for row in pool.rows(_QUERIES[query], {"subjects": [str(subject) for subject in subjects]})}

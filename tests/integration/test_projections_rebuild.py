"""Rebuilding beside the live tables: readers and writers notice nothing, and nothing of theirs is lost."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ledger.errors import Unavailable
from ledger.eventstore.connections import PostgresPool
from ledger.eventstore.migrate import migrate, shipped_migrations
from ledger.pacing import FullSpeed
from ledger.projections import rebuild as rebuilding
from ledger.projections.balances import balances
from ledger.projections.queries import TABLES
from ledger.projections.rebuild import rebuild
from ledger.projections.runner import Runner
from ledger.projections.snapshot import snapshot
from tests.integration.projected import as_owner, contents, each_line
from tests.integration.small_corridor import SmallCorridor

SCHEMA = """
SELECT 'column', table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'projections'
UNION ALL SELECT 'index', tablename, indexname, indexdef, '' FROM pg_indexes WHERE schemaname = 'projections'
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), ''
FROM pg_constraint WHERE connamespace = 'projections'::regnamespace AND contype <> 'n'
UNION ALL SELECT 'table', relname, relowner::regrole::text, array_to_string(reloptions, ','), relrowsecurity::text
FROM pg_class WHERE relnamespace = 'projections'::regnamespace AND relkind = 'r'
UNION ALL SELECT 'grant', table_name, grantee, privilege_type, ''
FROM information_schema.role_table_grants WHERE table_schema = 'projections'
UNION ALL SELECT 'policy', tablename, policyname, qual, cmd FROM pg_policies WHERE schemaname = 'projections'
ORDER BY 1, 2, 3, 4
"""


@pytest.fixture
def url(empty_database_url: str) -> str:
    """A database of this test alone, since a rebuild takes in every corridor of its database."""
    migrate(empty_database_url)
    return empty_database_url


@pytest.fixture
def small(url: str) -> Iterator[SmallCorridor]:
    """A projected corridor in which everything has happened once."""
    small = SmallCorridor(url, "abb-psbc")
    small.live_a_day()
    Runner(small.log).catch_up()
    yield small
    small.close()


def test_a_rebuild_comes_to_the_same_rows_in_the_same_schema(small: SmallCorridor, url: str) -> None:
    """Rows, columns, indexes and their names, owners, grants and row security are as they were; a second rebuild changes nothing."""
    other = SmallCorridor(url, "rw-cn")
    other.live_a_day()
    Runner(other.log, page_size=20).catch_up()
    owner = as_owner(url)
    owner.execute("GRANT SELECT ON projections.feed TO pg_monitor; ALTER TABLE projections.feed ENABLE ROW LEVEL SECURITY")
    owner.execute("CREATE POLICY own_feed ON projections.feed FOR SELECT TO pg_monitor USING (debtor_agent = current_setting('x.y', true))")
    owner.execute("CREATE POLICY all_feed ON projections.feed TO corridor_app USING (true) WITH CHECK (true)")
    before = owner.rows(SCHEMA)
    rows = {code: contents(small.pool, code) for code in ("abb-psbc", "rw-cn")}
    told: list[tuple[str, int, int]] = []
    for _ in range(2):
        positions = rebuild(small.pool, progress=lambda *how_far: told.append(how_far))
        assert positions == {"abb-psbc": small.log.head().position, "rw-cn": other.log.head().position}
        assert owner.rows(SCHEMA) == before
        assert {code: contents(small.pool, code) for code in rows} == rows
    assert {code for code, _, _ in told} == {"abb-psbc", "rw-cn"}
    owner.raw.connection.close()
    other.close()


def test_a_rebuild_mends_what_was_changed_from_outside(small: SmallCorridor, url: str) -> None:
    """Projections are derived: whatever happened to the tables, the log brings them back."""
    right = contents(small.pool, small.code)
    owner = as_owner(url)
    owner.execute("UPDATE projections.balances SET balance = balance + 1; DELETE FROM projections.transfers")
    owner.raw.connection.close()
    assert contents(small.pool, small.code) != right
    rebuild(small.pool)
    assert contents(small.pool, small.code) == right


def test_readers_and_writers_go_on_while_tables_are_rebuilt(small: SmallCorridor) -> None:
    """Transfers keep coming, a runner keeps following and readers keep reading through several switches: every read balances and agrees
    with itself, and afterwards every commit is there."""
    small.busy(60)
    done, failures, looked = threading.Event(), [], []

    def follow() -> None:
        runner = Runner(small.log, page_size=60)
        while not done.is_set():
            runner.catch_up()

    def read() -> None:
        while not done.is_set():
            with snapshot(small.pool, small.code) as at:
                stands = {found.account: found.signed for found in balances(at)}
                booked = sum(line.amount for line in each_line(at, "abb:position:USD"))
                looked.append(at.boundary)
                if sum(found.signed for found in balances(at) if found.currency == "USD") != 0:
                    failures.append("a read does not balance")
                if booked != stands["abb:position:USD"]:
                    failures.append("journal and balance disagree")
                if at.cursor.rows("SELECT max(boundary) FROM projections.audit_trail") != [(at.boundary,)]:
                    failures.append("the tables do not stand where the snapshot says")

    def guarded(work: object) -> None:
        try:
            work()  # type: ignore[operator]
        except Exception as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=guarded, args=(work,)) for work in (follow, read, read)]
    for thread in threads:
        thread.start()
    for round_ in range(4):
        written = threading.Thread(target=guarded, args=(lambda first=2_000 + 100 * round_: small.busy(20, first=first),))
        written.start()
        rebuild(small.pool)
        written.join()
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert looked
    assert Runner(small.log).catch_up() == small.log.head().position
    followed = contents(small.pool, small.code)
    rebuild(small.pool)
    assert contents(small.pool, small.code) == followed


def test_a_reader_who_waited_for_the_switch_sees_all_that_the_switch_brought(
    small: SmallCorridor, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader arrives while the names change, after commits that only the last pages bring: it must not look with a snapshot from before,
    in which the new tables lack them."""
    owner, seen = as_owner(url), []
    switch, advance = rebuilding._switch, rebuilding.advance_tracking

    def read() -> None:
        with snapshot(small.pool, small.code) as at:
            [(newest,)] = at.cursor.rows("SELECT max(boundary) FROM projections.audit_trail")
            seen.append((at.boundary, newest))

    reader = threading.Thread(target=read)

    def switch_after_more(pool: PostgresPool) -> dict[str, int]:
        small.busy(5)
        Runner(small.log).catch_up()
        return switch(pool)

    def advance_with_a_reader_waiting(*where: Any) -> bool:
        reader.start()
        while not owner.rows("SELECT FROM pg_locks WHERE locktype = 'relation' AND NOT granted"):
            pass
        return advance(*where)

    monkeypatch.setattr(rebuilding, "_switch", switch_after_more)
    monkeypatch.setattr(rebuilding, "advance_tracking", advance_with_a_reader_waiting)
    head = rebuild(small.pool)[small.code]
    reader.join()
    owner.raw.connection.close()
    assert seen == [(head, head)]


def test_a_rebuild_that_fails_leaves_the_live_tables_alone(small: SmallCorridor, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut off before the switch: the old tables serve, nothing is left beside them, and the next rebuild succeeds."""
    before = contents(small.pool, small.code)

    def cut(*_: object) -> None:
        raise RuntimeError("cut off")

    monkeypatch.setattr(rebuilding, "_last_pages", cut)
    with pytest.raises(RuntimeError, match="cut off"):
        rebuild(small.pool)
    owner = as_owner(url)
    assert owner.rows("SELECT tablename FROM pg_tables WHERE tablename LIKE '%next'") == []
    owner.raw.connection.close()
    assert contents(small.pool, small.code) == before
    monkeypatch.undo()
    assert rebuild(small.pool) == {small.code: small.log.head().position}


def test_a_rebuild_rests_after_each_table_it_makes(small: SmallCorridor) -> None:
    """Making all tables at once would keep the server busy for as long as some pages do."""
    asked: list[int] = []

    class Noted(FullSpeed):
        def rest(self, events: int = 0, /) -> float:
            asked.append(events)
            return super().rest(events)

    rebuild(small.pool, pace=Noted())
    assert asked == [0] * len(TABLES)


def test_two_rebuilds_at_once_are_refused_by_name(small: SmallCorridor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one would drop what the first one builds; it is told to wait."""
    seen: list[str] = []

    def again(*_: object) -> None:
        if not seen:
            with pytest.raises(Unavailable, match="Another rebuild of these projections is running") as refused:
                rebuild(small.pool)
            seen.append(str(refused.value))

    rebuild(small.pool, progress=again)
    assert len(seen) == 1


def test_readers_who_never_leave_keep_the_old_tables(small: SmallCorridor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A switch waits a moment for readers and tries again; it gives up instead of shutting them out."""
    monkeypatch.setattr(rebuilding, "_SWITCH_ATTEMPTS", 1)
    monkeypatch.setattr(rebuilding, "_BETWEEN_ATTEMPTS_SECONDS", 0.0)
    monkeypatch.setitem(rebuilding.QUERIES, "stop_others", rebuilding.QUERIES["stop_others"].replace("2s", "20ms"))
    with snapshot(small.pool, small.code) as at:
        stood = balances(at)
        with pytest.raises(Unavailable, match="Readers held the projections all the time"):
            rebuild(small.pool)
        assert balances(at) == stood
    assert rebuild(small.pool) == {small.code: small.log.head().position}


def test_a_feed_of_rows_for_each_participant_becomes_one_of_rows_for_each_event(small: SmallCorridor, url: str) -> None:
    """The migration comes to the same rows and the same rights as a projection from the first event on."""
    owner, files = as_owner(url), shipped_migrations()
    schema, rows = owner.rows(SCHEMA), contents(small.pool, small.code)["feed"]
    [table] = re.findall(r"CREATE TABLE projections\.feed \(.*?\n\);", files["0003_projections"], re.DOTALL)
    owner.execute("ALTER TABLE projections.feed RENAME TO told; ALTER INDEX projections.feed_pkey RENAME TO told_pkey")
    owner.execute(table)
    owner.execute(
        "INSERT INTO projections.feed SELECT corridor, participant, position, boundary, recorded_at, kind, uetr "
        "FROM projections.told CROSS JOIN unnest(ARRAY[debtor_agent, creditor_agent]) AS participant WHERE participant IS NOT NULL"
    )
    owner.execute("DROP TABLE projections.told")
    owner.execute(files["0035_one_feed_row_an_event"])
    assert contents(small.pool, small.code)["feed"] == rows
    assert {row[-2:] for row in rows} == {("abb", None), ("abb", "psbc"), ("psbc", None), ("psbc", "abb")}
    assert owner.rows(SCHEMA) == schema
    owner.raw.connection.close()

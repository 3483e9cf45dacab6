"""The second wall between the banks: the database asked directly as the role under which a partner's reads run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from eventsourcing.persistence import PersistenceError

from ledger.eventstore.connections import PostgresCursor, PostgresPool
from ledger.projections.queries import TABLES
from ledger.projections.rebuild import rebuild
from ledger.projections.runner import Runner
from ledger.projections.snapshot import snapshot
from tests.integration.small_corridor import SmallCorridor

CODE = "abb-psbc"
OTHER = "rw-cn"


@pytest.fixture(scope="module")
def pool(module_database_url: str) -> Iterator[PostgresPool]:
    """Two projected corridors in which everything has happened once."""
    for code in (CODE, OTHER):
        small = SmallCorridor(module_database_url, code)
        small.live_a_day()
        Runner(small.log).catch_up()
        small.close()
    pool = PostgresPool(module_database_url)
    yield pool
    pool.close()


def everything(cursor: PostgresCursor) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that the role in force can find, by table."""
    return {table: sorted(cursor.rows(f"SELECT t.* FROM projections.{table} t"), key=repr) for table in TABLES}


def owned_by_partner(pool: PostgresPool, partner: str) -> dict[str, list[tuple[Any, ...]]]:
    """What the partner should find, asked as the application with the conditions written out anew."""
    bank = partner == "bank:settlement"
    account = (
        "split_part(account, ':', 2) IN ('settlement_bank', 'settling')"
        if bank
        else f"split_part(account, ':', 1) IN ('{partner}', 'corridor')"
    )
    legs = f"'{partner}' IN (debtor_agent, creditor_agent)"
    streams = (
        f"SELECT uetr FROM projections.transfers WHERE corridor = '{CODE}' AND {legs} "
        f"UNION SELECT quote FROM projections.transfers WHERE corridor = '{CODE}' AND {legs} "
        f"UNION SELECT stream FROM projections.breaks WHERE corridor = '{CODE}' AND {account}"
    )
    conditions = {
        **dict.fromkeys(("balances", "balance_history", "alerts", "journal_lines", "breaks"), account),
        **dict.fromkeys(("cycles", "cycle_payments", "rate_sheets"), "true"),
        "transfers": legs,
        "movements": "true" if bank else f"participant = '{partner}'",
        "cases": "false",
        "feed": legs,
        "audit_trail": f"subject IN ({streams}) AND split_part(topic, '.', 1) <> 'ComplianceCase'"
        " AND split_part(topic, '.', 2) NOT IN ('Held', 'Cleared', 'Frozen', 'FreezeLifted')"
        f" AND (facts ->> 'account' IS NULL OR EXISTS (SELECT FROM (SELECT facts ->> 'account' AS account) AS a WHERE {account}))",
    }
    with pool.transaction() as cursor:
        return {
            table: sorted(cursor.rows(f"SELECT t.* FROM projections.{table} t WHERE corridor = '{CODE}' AND ({condition})"), key=repr)
            for table, condition in conditions.items()
        }


@pytest.mark.parametrize("partner", ["abb", "psbc", "bank:settlement"])
def test_a_partner_finds_its_own_rows_and_no_others(pool: PostgresPool, partner: str) -> None:
    """A statement without any condition gives the partner's rows of its corridor, of every table, and not one more."""
    expected = owned_by_partner(pool, partner)
    with snapshot(pool, CODE, partner) as at:
        assert everything(at.cursor) == expected
    with snapshot(pool, CODE) as at:
        whole = everything(at.cursor)
    assert {table for table, rows in whole.items() if not rows} <= {"cases", "alerts"}
    assert whole["balances"] != expected["balances"]


def test_a_partner_nobody_knows_finds_nothing_of_its_own(pool: PostgresPool) -> None:
    """Only what every participant of the corridor shares is left; without a partner, or without a corridor, not even that."""
    with snapshot(pool, CODE, "bdl") as at:
        found = everything(at.cursor)
        shared = {table for table, rows in found.items() if rows}
        assert shared == {"cycles", "cycle_payments", "rate_sheets", "balances", "balance_history", "journal_lines"}
        assert {row[1].split(":")[0] for table in ("balances", "balance_history", "journal_lines") for row in found[table]} == {"corridor"}
    with pool.transaction() as cursor:
        cursor.execute("SET LOCAL ROLE corridor_partner")
        assert everything(cursor) == {table: [] for table in TABLES}


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM ledger.events",
        "SELECT * FROM ledger.receipts",
        "SELECT * FROM ledger.heads",
        "SELECT * FROM ledger.snapshots",
        "SELECT * FROM vault.records",
        "SELECT * FROM reconciliation.reports",
        "UPDATE projections.balances SET balance = 0",
        "DELETE FROM projections.feed",
        "ALTER TABLE projections.feed DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE projections.mine ()",
    ],
)
def test_a_partner_reads_no_log_and_changes_nothing(pool: PostgresPool, statement: str) -> None:
    """The role has no right beyond reading projections."""
    with pytest.raises(PersistenceError, match=r"permission denied|must be owner"), pool.transaction() as cursor:
        cursor.execute("SET LOCAL ROLE corridor_partner")
        cursor.execute(statement)


def test_the_wall_stands_after_a_rebuild_and_ends_with_its_read(pool: PostgresPool) -> None:
    """Rebuilt tables carry the same policies; the connection that a partner's read gives back is the application's again."""
    before = {}
    for partner in ("abb", "psbc"):
        with snapshot(pool, CODE, partner) as at:
            before[partner] = everything(at.cursor)
    rebuild(pool)
    for partner, found in before.items():
        with snapshot(pool, CODE, partner) as at:
            assert everything(at.cursor) == found
    assert pool.rows("SELECT current_user::text, coalesce(current_setting('corridor.partner', true), '')") == [("corridor_app", "")]

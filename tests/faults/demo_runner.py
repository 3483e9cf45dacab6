"""A small demo in a process of its own, for tests that kill it.

Run by the tests as ``python -m tests.faults.demo_runner URL FOLDER TRANSFERS``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlencode

from psycopg2 import extensions

from ledger.sandbox.demo import demo_service, run_demo
from ledger.settings import Settings


def demo_settings(database_url: str, folder: Path) -> Settings:
    """Settings for the demo on a database of the test's server; the folder keeps the vault's master key."""
    url = "postgresql:///?" + urlencode(extensions.parse_dsn(database_url))
    return Settings(database_url=url, owner_url=url, data_dir=folder, key_file=folder / "vault.key")


def main(database_url: str, folder: str, transfers: str) -> int:
    """Runs it to its end, or until somebody kills it."""
    with demo_service(demo_settings(database_url, Path(folder))) as service:
        return 0 if run_demo(service, transfers=int(transfers)).ok else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""The night job is killed at every step, again and again: nothing is kept of half the files, and no difference is recorded twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

from ledger.bootstrap import Service
from ledger.eventstore.migrate import migrate
from ledger.projections.breaks import breaks
from ledger.projections.runner import Runner
from ledger.projections.snapshot import snapshot
from ledger.statements.csv_columns import COLUMNS
from ledger.verify import verify
from reconciliation.archive import reports
from reconciliation.nightly import run_nightly
from tests.integration.serviced import environment_of, friday_clock, open_corridor, settings_of

CORRIDOR = "abb-psbc"
DAY = date(2026, 3, 27)
ACCOUNTS = {"psbc": "100000000000123456,CNY", "abb": "MA64350810000000012345678901,MAD", "bank": "36001230,USD"}


def statement(account: str, number: str) -> str:
    """Two lines that the ledger knows nothing of."""
    begins = f"{account},{number},{DAY},"
    lines = [f"line,{begins},{amount},CRDT,,,{account}-{amount},," for amount in ("7.20", "12.50")]
    return "\n".join([",".join(COLUMNS), f"opening,{begins},0.00,CRDT,,,,,", *lines, f"closing,{begins},19.70,CRDT,,,,,", ""])


def test_a_night_killed_at_every_step_ends_as_one_that_was_not(empty_database_url: str, tmp_path: Path) -> None:
    """One life after the other, each a step longer: all files are kept or none, and in the end there is one report, each break once."""
    migrate(empty_database_url)
    settings = settings_of(empty_database_url, tmp_path)
    aside = tmp_path / "aside"
    aside.mkdir()
    files = [tmp_path / f"{account}.csv" for account in ACCOUNTS]
    for file, (account, number) in zip(files, ACCOUNTS.items(), strict=True):
        file.write_text(statement(account, number))
    with Service(settings, clock=friday_clock()) as service:
        open_corridor(service, CORRIDOR)
    environment = environment_of(settings) | {"TMPDIR": str(aside)}
    ended, kept = [], []
    with Service(settings, clock=friday_clock()) as service:
        for life in range(100):
            child = [sys.executable, "-m", "tests.faults.night", CORRIDOR, str(DAY), str(life), *map(str, files)]
            ended.append(subprocess.run(child, env=environment, check=False, cwd=Path(__file__).parents[2]).returncode)
            kept += [tuple(map(len, (stored(service, "files"), stored(service, "statements"))))]
            assert list(aside.iterdir()) == []
            if ended[-1] == 0:
                break

        assert (ended[-1], set(ended[:-1])) == (0, {-signal.SIGKILL})
        assert set(kept) == {(0, 0), (3, 3)}
        assert len(ended) > 10
        [written] = reports(service.pool, CORRIDOR)
        again = run_nightly(service, CORRIDOR, [file.read_bytes() for file in files], DAY)
        Runner(service.ledger(CORRIDOR).log_store).catch_up()
        with snapshot(service.pool, CORRIDOR) as at:
            recorded = Counter(one.break_id for one in breaks(at))
        assert again.id == written.id
        assert recorded == Counter(dict.fromkeys((one.break_id for one in again.new_differences), 1))
        assert Counter(one.break_class for one in again.new_differences)["missing_in_ledger"] == 6
        assert verify(service.pool, CORRIDOR).ok


def stored(service: Service, table: str) -> list[tuple[object, ...]]:
    """What a table of reconciliation holds."""
    return service.pool.rows(f"SELECT digest FROM reconciliation.{table}")

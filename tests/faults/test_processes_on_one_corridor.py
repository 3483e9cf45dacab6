"""Four processes with sixteen callers each send 20,000 commands to the same accounts; a quarter are repeats in parallel."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from ledger.application import Ledger
from ledger.bench.engine import open_for_bench
from ledger.clock import system_clock
from ledger.eventstore.connections import PostgresPool
from ledger.privacy.keys import FileKeyProvider
from ledger.privacy.vault import Vault
from ledger.projections.runner import Runner
from ledger.verify import verify

PROCESSES, CALLERS, LIVES = 4, 16, 5_000
SETUP_COMMANDS = 4


def test_every_key_has_one_effect_and_every_answer_is_in_the_log(module_database_url: str, corridor: str, tmp_path: Path) -> None:
    """20,000 commands, 5,000 of them repeats sent by another process at the same time: one effect a key, nothing lost, all rules hold."""
    pool = PostgresPool(module_database_url)
    ledger = Ledger(corridor, module_database_url, clock=system_clock, vault=Vault(pool, FileKeyProvider(tmp_path / "key")))
    open_for_bench(ledger, system_clock())

    answers = run_callers(module_database_url, corridor, tmp_path)

    assert len(answers) == 4 * LIVES
    assert [a for a in answers if "refusal" in a] == []
    by_key: dict[str, list[dict[str, Any]]] = {}
    for answer in answers:
        by_key.setdefault(answer["key"], []).append(answer)
    assert len(by_key) == 3 * LIVES
    # Both askers of a repeated key got the same answer at the same position, and only one of them caused it.
    for several in by_key.values():
        assert len({(a["position"], json.dumps(a["result"])) for a in several}) == 1
        assert [a["replayed"] for a in several].count(False) == 1
    assert Counter(len(several) for several in by_key.values()) == Counter({1: 2 * LIVES, 2: LIVES})

    commits = committed_commands(ledger)
    assert {key: commits.get(several[0]["command"]) for key, several in by_key.items()} == {
        key: {several[0]["position"]} for key, several in by_key.items()
    }
    [(receipts,)] = pool.rows("SELECT count(*) FROM ledger.receipts WHERE corridor = %(corridor)s", {"corridor": corridor})
    assert receipts == 3 * LIVES + SETUP_COMMANDS

    Runner(ledger.log_store).catch_up()
    report = verify(pool, corridor)
    assert {name: rule.first_break for name, rule in report.rules.items() if not rule.ok} == {}
    ledger.close()
    pool.close()


def run_callers(url: str, corridor: str, folder: Path) -> list[dict[str, Any]]:
    """Starts all processes together and gathers what each was told."""
    files = [folder / f"answers-{process}.json" for process in range(PROCESSES)]
    running = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.faults.caller", url, corridor),
                *(str(process), str(PROCESSES), str(LIVES), str(CALLERS), str(file)),
            ],
            stderr=subprocess.PIPE,
        )
        for process, file in enumerate(files)
    ]
    for process in running:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors.decode()
    return [answer for file in files for answer in json.loads(file.read_text(encoding="utf-8"))]


def committed_commands(ledger: Ledger) -> dict[str, set[int]]:
    """Every command that the log's events name, with the boundaries of the commits they lie in."""
    found: dict[str, set[int]] = {}
    after = 0
    while page := ledger.log_store.read_page(after, 5_000):
        for event in page:
            command = json.loads(event.state).get("command")
            if command is not None:
                found.setdefault(command, set()).add(event.boundary)
        after = page[-1].position
    return found

"""One of several processes that send commands to one corridor at once; writes down every answer it got.

Run by the tests as ``python -m tests.faults.caller URL CORRIDOR PROCESS PROCESSES LIVES CALLERS ANSWERS``.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from ledger.application import Ledger
from ledger.batching import Request
from ledger.bench.engine import complete_life
from ledger.clock import system_clock
from ledger.errors import StillRunning
from ledger.eventstore.connections import PostgresPool
from ledger.privacy.keys import FileKeyProvider
from ledger.privacy.vault import Vault


def life(corridor: str, number: int) -> list[Request]:
    """The three commands of transfer ``number``: initiate, accept, pay."""
    return complete_life(corridor, UUID(bytes=sha256(f"{corridor}/{number}".encode()).digest()[:16], version=4))


def send(ledger: Ledger, request: Request) -> dict[str, object]:
    """One command until it is answered; a key that is being decided in this process is asked again, as a partner would."""
    while True:
        try:
            answered = ledger.submit(request).result(timeout=60)
        except StillRunning:
            continue
        answer = json.loads(answered.receipt.answer)
        return {
            "key": request.command.idempotency_key,
            "command": str(request.command.id),
            "position": answered.receipt.position,
            "replayed": answered.replayed,
            **answer,
        }


def main(url: str, corridor: str, process: str, processes: str, lives: str, callers: str, answers: str) -> None:
    """Leads every life whose number falls to this process, and repeats the first command of its neighbour's."""
    me, all_of_us = int(process), int(processes)
    pool = PostgresPool(url)
    key_file = Path(answers).with_suffix(".key")
    ledger = Ledger(corridor, url, clock=system_clock, vault=Vault(pool, FileKeyProvider(key_file)))

    def lead(number: int) -> list[dict[str, object]]:
        requests = life(corridor, number)
        if number % all_of_us == me:
            return [send(ledger, request) for request in requests]
        return [send(ledger, requests[0])]

    mine = [n for n in range(int(lives)) if me in (n % all_of_us, (n + 1) % all_of_us)]
    with ThreadPoolExecutor(int(callers)) as threads:
        got = [answer for several in threads.map(lead, mine) for answer in several]
    Path(answers).write_text(json.dumps(got), encoding="utf-8")
    ledger.close()
    pool.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

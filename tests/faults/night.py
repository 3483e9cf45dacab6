"""A process that runs the night job and is killed before so many steps of its are done; a step reads a file, keeps one, records a break, or
is told of as progress.

Called with the corridor, the date, how many steps it may live, and the files.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable
from datetime import date
from functools import partial
from pathlib import Path
from threading import Lock

from ledger.bootstrap import Service
from ledger.eventstore.connections import PostgresCursor
from ledger.settings import Settings
from reconciliation import breaks, nightly, waiting_lines
from tests.integration.serviced import friday_clock


def main() -> None:
    """Exits with 0 when the report is written; otherwise it does not exit at all."""
    corridor, day, left = sys.argv[1], date.fromisoformat(sys.argv[2]), int(sys.argv[3])
    copy_in_parts: Callable[..., None] = PostgresCursor.copy_in_parts
    counting = Lock()

    def step(*_: object) -> None:
        nonlocal left
        with counting:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def read(path: Path) -> bytes:
        step()
        return path.read_bytes()

    def counted(cursor: PostgresCursor, statement: str | bytes, parts: Iterable[bytes]) -> None:
        copy_in_parts(cursor, statement, parts)
        step()

    PostgresCursor.copy_in_parts = counted  # type: ignore[method-assign]
    # One break a command, one command a commit, and every line in the file.
    breaks.BREAKS_AT_ONCE = nightly._COMMANDS_AT_ONCE = waiting_lines._BYTES_IN_MEMORY = 1
    with Service(Settings.from_environment(dict(os.environ)), clock=friday_clock()) as service:
        nightly.run_nightly(service, corridor, [partial(read, Path(file)) for file in sys.argv[4:]], day, step)


if __name__ == "__main__":
    main()

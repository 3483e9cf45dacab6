"""A process that watches a directory and is killed before so many steps of its are done; a step renames a file, or takes one in.

Called with the directory, the corridor, and how many steps it may live.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from ledger.bootstrap import Service
from ledger.messages import watching
from ledger.messages.folders import Folders
from ledger.messages.watching import Watcher
from ledger.settings import Settings
from tests.integration.serviced import friday_clock


def main() -> None:
    """Exits with 0 when there was nothing more to do; otherwise it does not exit at all."""
    directory, corridor, left = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    replace, take_in = Path.replace, watching.take_in

    def step() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted_replace(self: Path, target: Any) -> Path:
        step()
        return replace(self, target)

    def counted_take_in(*arguments: Any, **named: Any) -> Any:
        step()
        taken = take_in(*arguments, **named)
        step()
        return taken

    Path.replace = counted_replace  # type: ignore[method-assign]
    watching.take_in = counted_take_in
    with Service(Settings.from_environment(dict(os.environ)), clock=friday_clock()) as service:
        for _ in Watcher(service, corridor, "abb", Folders(directory)).run_once():
            pass


if __name__ == "__main__":
    main()

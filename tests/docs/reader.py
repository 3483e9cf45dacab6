"""A reader who follows one page: a folder, a database, a shell, a Python interpreter, and a clock that stands still.

The clock stands so that what a page prints does not depend on the day it is checked, and because the calendars in the shipped terms
end. ``corridor`` and ``date`` see the same instant.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from select import select
from typing import Any
from urllib.parse import urlsplit

import psycopg2

from tests.docs.pages import ROOT

STANDS_AT = "2026-03-27T10:00:00+00:00"  # a Friday
PATIENCE_SECONDS = 120

_CLOCK = f"""from datetime import datetime
from ledger import clock
clock.system_clock = lambda: datetime.fromisoformat("{STANDS_AT}")
"""
_CORRIDOR = f"#!{sys.executable}\n{_CLOCK}from ledger.cli import main\nmain()\n"
_DATE = f'#!/bin/sh\nexec {shutil.which("date")} -u -d "{STANDS_AT}" "$@"\n'


class Reader:
    """Follows one page from its first block to its last; ``continues`` hands over the database and files of another reader."""

    def __init__(self, server_url: str, folder: Path, *, continues: Reader | None = None) -> None:
        self._server_url = server_url
        self.database = f"docs_{secrets.token_hex(6)}"
        self.folder = folder / "desk"
        programs = folder / "bin"
        programs.mkdir(parents=True)
        for name, text in (("corridor", _CORRIDOR), ("date", _DATE)):
            (programs / name).write_text(text, encoding="utf-8")
            (programs / name).chmod(0o755)
        if continues is None:
            self.folder.mkdir()
            self._administer(f"CREATE DATABASE {self.database}")
        else:
            continues.leave()
            shutil.copytree(continues.folder, self.folder)
            self._administer(f"CREATE DATABASE {self.database} TEMPLATE {continues.database}")
        self._environment = {
            "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "COLUMNS": "120",
            "NO_COLOR": "1",
            "CORRIDOR_PORT": str(_free_port()),
            "CORRIDOR_DATABASE_URL": urlsplit(server_url)._replace(path=f"/{self.database}").geturl(),
        }
        self._shell: subprocess.Popen[str] | None = None
        self._interpreter: subprocess.Popen[str] | None = None

    def types(self, command: str) -> tuple[str, int]:
        """What a command printed, both streams in their order, and its exit code. The shell remembers variables between commands."""
        if self._shell is None:
            self._shell = self._start(["bash", "--noprofile", "--norc"])
        printed = self.folder.parent / "printed"
        answer = self._ask(self._shell, f'{{ {command}\n}} >"{printed}" 2>&1 </dev/null\necho $?\n', command)
        # A progress bar that no terminal shows leaves an empty line behind.
        return printed.read_text(encoding="utf-8").removeprefix("\n"), int(answer)

    def evaluates(self, code: str, source: str) -> tuple[str, str]:
        """What a Python block printed, and its traceback if it failed. The interpreter remembers names between blocks."""
        if self._interpreter is None:
            start = f"{_CLOCK}from tests.docs.interpreter import main\nmain()\n"
            self._interpreter = self._start([sys.executable, "-c", start])
        answer: dict[str, str] = json.loads(self._ask(self._interpreter, json.dumps({"code": code, "source": source}) + "\n", source))
        return answer["printed"], answer["failed"]

    def saves(self, name: str, text: str) -> None:
        """Puts a file that the page shows on the desk."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def leave(self) -> None:
        """Ends the shell and the interpreter with everything they started; database and files stay."""
        if self._shell is not None:
            self.types('for job in $(jobs -p); do kill "$job"; wait "$job"; done')
        for process in (self._shell, self._interpreter):
            if process is not None and process.stdin is not None:
                process.stdin.close()
                process.wait(PATIENCE_SECONDS)
        self._shell = self._interpreter = None

    def clear_up(self) -> None:
        """Ends what is running and drops the database."""
        self.leave()
        self._administer(f"DROP DATABASE {self.database} WITH (FORCE)")

    def _start(self, command: list[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", cwd=self.folder, env=self._environment
        )

    def _ask(self, process: subprocess.Popen[str], request: str, what: str) -> str:
        """One line for one request. Raises TimeoutError when none comes."""
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(request)
        process.stdin.flush()
        if not select([process.stdout], [], [], PATIENCE_SECONDS)[0]:
            raise TimeoutError(f"no answer from: {what}")
        return process.stdout.readline()

    def _administer(self, statement: str) -> None:
        connection: Any = psycopg2.connect(self._server_url)
        with closing(connection):
            connection.autocommit = True
            connection.cursor().execute(statement)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

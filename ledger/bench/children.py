"""Processes that a bench starts: they are told what to do and answer in lines of JSON, and end when the bench does.

A process of its own is a clean one, whose memory and start are its own; several together are what a corridor is used by.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Timer
from typing import IO, Any

from ledger.bootstrap import Service
from ledger.errors import Unavailable
from ledger.settings import PREFIX, Settings

PATIENCE_SECONDS = 1_800
SIGNATURE_AGE_SECONDS = 300
"""Requests are signed before the clock runs, and sent later than a partner would."""


def environment(service: Service) -> dict[str, str]:
    """For a process that works on the same database with the same keys."""
    settings = service.settings
    ours = {
        "MODE": settings.mode,
        "DATABASE_URL": service.database_url,
        "OWNER_URL": service.owner_url,
        "DATA_DIR": str(settings.data_dir),
        "KEY_FILE": str(settings.key_file),
        "SERVICE_KEY_FILE": str(settings.service_key_file),
        "SIGNATURE_AGE_SECONDS_MAX": str(SIGNATURE_AGE_SECONDS),
        # A bench is one partner with one key who asks as fast as he is answered.
        "REQUESTS_PER_SECOND_MAX": "1000000",
    }
    theirs = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return theirs | {PREFIX + name: value for name, value in ours.items()}


class Child:
    """One such process, seen from the bench."""

    def __init__(self, process: subprocess.Popen[str], complaints: IO[bytes]) -> None:
        self.process = process
        self._complaints = complaints

    def tell(self, **values: Any) -> None:
        """One message to it."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(values) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Its next message. Raises Unavailable with what it complained of when it ended instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self._complaints.seek(0)
            said = self._complaints.read().decode(errors="replace").strip().splitlines()[-5:]
            raise Unavailable(f"A process of the bench ended too early: {' / '.join(said) or 'it said nothing'}")
        told: dict[str, Any] = json.loads(line)
        return told


@contextmanager
def child(service: Service, module: str, **arguments: Any) -> Iterator[Child]:
    """Runs ``module`` in a process of its own and tells it the arguments; ends it in the end, and in any case after half an hour."""
    with ExitStack() as stack:
        complaints = stack.enter_context(tempfile.TemporaryFile())
        process = stack.enter_context(
            subprocess.Popen(  # noqa: S603 - arguments are ours
                [sys.executable, "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
                env=environment(service),
            )
        )
        patience = Timer(PATIENCE_SECONDS, process.kill)
        patience.daemon = True
        patience.start()
        stack.callback(patience.cancel)
        stack.callback(_end, process)
        started = Child(process, complaints)
        started.tell(**arguments)
        yield started


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()


# Seen from the process


def told() -> dict[str, Any]:
    """The next message of the bench; ends this process when the bench is gone."""
    line = sys.stdin.readline()
    if not line:
        raise SystemExit(0)
    values: dict[str, Any] = json.loads(line)
    return values


def tell(**values: Any) -> None:
    """One message to the bench."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def settings() -> Settings:
    """As the bench wants them."""
    return Settings.from_environment(dict(os.environ))

"""The command line's frame: options everybody needs, one way to fail, one way to print.

Exit codes: 0 done · 1 a check found something (verify, doctor, nightly) · 2 wrong usage · 3 refused by a rule · 4 input cannot be read ·
5 unavailable or outcome unknown, try again with the same key · 6 set up wrongly.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from eventsourcing.persistence import PersistenceError
from pydantic_core import to_json
from rich.console import Console
from rich.progress import Progress

from ledger.bootstrap import Service
from ledger.clock import Clock, system_clock
from ledger.errors import KeyReused, LedgerError, Malformed, Misconfigured, OutcomeUnknown, Refusal, StillRunning, Unavailable
from ledger.logs import configure_logging
from ledger.settings import Settings

OK, FOUND, USAGE, REFUSED, UNREADABLE, UNAVAILABLE, MISCONFIGURED = range(7)
EXIT_CODES: list[tuple[type[LedgerError], int]] = [
    (Refusal, REFUSED),
    (KeyReused, REFUSED),
    (Malformed, UNREADABLE),
    (OutcomeUnknown, UNAVAILABLE),
    (StillRunning, UNAVAILABLE),
    (Unavailable, UNAVAILABLE),
    (Misconfigured, MISCONFIGURED),
]
# Objects made and not yet gone before the garbage collector looks at them. With the usual 700 it looks again and again at what a batch is
# still working on, and finds nothing: all of it goes by itself.
COLLECT_AFTER = 20_000

app = typer.Typer(
    name="corridor",
    help="The ledger of a money corridor between two banks. Settings come from CORRIDOR_… variables; see `corridor doctor`.",
    epilog=" ".join(__doc__.split("\n\n")[1].split()),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
# Without emoji, so that ":GIFT:" in a rule id stays what it is.
console = Console(emoji=False)
errors = Console(stderr=True, emoji=False)

Corridor = typer.Option("abb-psbc", "--corridor", "-c", envvar="CORRIDOR_CODE", help="The corridor's code.")
AsJson = typer.Option(False, "--json", help="Print JSON for machines instead of tables.")


@contextmanager
def service(clock: Clock = system_clock) -> Iterator[Service]:
    """The wired ledger of this process, closed at the end."""
    with Service(settings(), clock=clock) as opened:
        yield opened


def settings(**options: str) -> Settings:
    """From the environment, and from options that set a variable. Raises SettingsError, which lists everything that is wrong."""
    return Settings.from_environment({k: v for k, v in os.environ.items() if k != "CORRIDOR_CODE"} | options)


def progress() -> Progress:
    """A bar on standard error, gone when done; nothing at all where nobody looks."""
    return Progress(console=errors, transient=True, disable=not errors.is_terminal)


def print_json(value: object) -> None:
    """JSON on standard output, one document."""
    sys.stdout.write(to_json(value, indent=2).decode() + "\n")


def exit_code(error: LedgerError) -> int:
    """The code with which a command leaves that this error ended."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), UNAVAILABLE)


def fail(error: LedgerError) -> NoReturn:
    """Tells what was wrong and the way out, and leaves with the code of its kind."""
    code = exit_code(error)
    name = f"{error.code}: " if isinstance(error, Refusal) else ""
    errors.print(f"[red]{name}[/red]", end="")
    errors.print(str(error), markup=False, highlight=False)
    raise SystemExit(code)


def main() -> None:
    """Runs the command; no error reaches the user as a stack trace."""
    configure_logging(as_json=False)
    gc.set_threshold(COLLECT_AFTER)
    try:
        app()
    except LedgerError as error:
        fail(error)
    except PersistenceError:
        fail(Unavailable("The database does not answer. Check CORRIDOR_DATABASE_URL and that the server runs; then try again."))
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - so that closing it cannot fail again
    except Exception as error:
        logging.getLogger(__name__).debug("unexpected", exc_info=True)
        errors.print(f"[red]An unexpected fault:[/red] {type(error).__name__}. Nothing was half written; please report it.")
        raise SystemExit(UNAVAILABLE) from None


# They add their commands to `app`.
from ledger.cli import (
    banks,
    benches,
    conformance,
    exchange,
    keys,
    master_key,
    operate,
    outbox,
    people,
    reading,
    statements,
    steps,
    webhooks,
)

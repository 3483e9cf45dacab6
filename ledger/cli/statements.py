"""Statements of the position accounts: statement, statements, notification."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ledger.bootstrap import Service
from ledger.cli import frame as cli
from ledger.cli.frame import AsJson, Corridor, app, console, print_json
from ledger.domain.money import format_amount
from ledger.domain.posting import account_name
from ledger.domain.terms import STATEMENT_VERSIONS
from ledger.errors import Malformed
from ledger.jobs import up_to_date
from ledger.projections.snapshot import Snapshot
from ledger.statements.drawing import Drawn, draw_interval
from ledger.statements.forms import facts, line_facts
from ledger.statements.giving import FORMS, NOTIFICATION_LINES_MAX, SUFFIXES, ClosedDay, closed_day, notification_version, version_for


class Form(StrEnum):
    """The forms of `giving.FORMS`, for the command line to choose from."""

    CAMT_053 = "camt.053"
    CAMT_054 = "camt.054"
    CSV = "csv"
    JSON = "json"


Account = Annotated[str, typer.Argument(help="A position account such as abb:position:USD.")]
Day = Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="A business day that has closed.")]
Out = Annotated[Path | None, typer.Option("--out", help="Where to write it; without, it is printed.")]
MessageVersion = Annotated[str, typer.Option("--message-version", help="Of camt.053 or camt.054; unless given, as agreed with the bank.")]


@app.command()
def statement(
    account: Account,
    day: Day,
    form: Annotated[Form | None, typer.Option("--format", help="The form to write; without, a table is shown.")] = None,
    out: Out = None,
    message_version: MessageVersion = "",
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """The statement of a position account for a business day; the same day gives the same bytes for good."""
    chosen = form or (Form.JSON if as_json else Form.CAMT_053 if out is not None or message_version else None)
    with cli.service() as service, _drawing(service, corridor, day.date()) as (at, closed):
        drawn = closed.draw(at, account)
        if chosen is None:
            console.print(_table(drawn))
        else:
            _write(drawn, chosen, _checked(chosen, message_version) or version_for(closed.terms, account, chosen), out)


@app.command()
def statements(
    day: Day,
    to: Annotated[Path, typer.Option("--to", help="The folder to write into; files that are there are replaced.")],
    form: Annotated[list[Form] | None, typer.Option("--format", help="The form to write, camt.053 unless given; may be repeated.")] = None,
    message_version: MessageVersion = "",
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """The statements of every position account for a business day, a file each."""
    chosen = form or [Form.CAMT_053]
    versions = {one: _checked(one, message_version) if one in STATEMENT_VERSIONS else "" for one in chosen}
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Malformed(f"{to} is no folder: {error.strerror}.", field="to", value=to, way_out="Name a folder.") from None
    written = []
    with cli.service() as service, _drawing(service, corridor, day.date()) as (at, closed):
        terms = service.ledger(corridor).terms()
        for participant in sorted(terms.participants):
            drawn = closed.draw(at, account_name(participant, "position", terms.settlement.currency))
            for one in chosen:
                path = to / f"{drawn.id}.{SUFFIXES[one]}"
                _write(drawn, one, versions[one] or version_for(closed.terms, drawn.account, one), path)
                written.append({"file": str(path), "account": drawn.account, "lines": drawn.totals.credits + drawn.totals.debits})
    if as_json:
        print_json(written)
        return
    for file in written:
        console.print(f"{file['file']}: {file['account']}, {file['lines']} lines.", highlight=False, soft_wrap=True)


@app.command()
def notification(
    account: Account,
    after: Annotated[int, typer.Option(min=0, help="Entries after this log position; 0 for all.")] = 0,
    until: Annotated[int | None, typer.Option(min=0, help="Entries up to this log position; without, to the newest.")] = None,
    out: Out = None,
    message_version: MessageVersion = "",
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """What was booked on a position account in an interval of the log, as camt.054. A long interval ends early, at the end of a commit."""
    version = _checked("camt.054", message_version)
    with cli.service() as service, up_to_date(service, corridor) as at:
        drawn = draw_interval(at, account, after, until, NOTIFICATION_LINES_MAX)
        if as_json:
            print_json({**facts(drawn), "lines": [line_facts(line, drawn.currency) for line in drawn.lines()]})
        else:
            _write(drawn, "camt.054", version or notification_version(at.log, drawn), out)


@contextmanager
def _drawing(service: Service, corridor: str, on: date) -> Iterator[tuple[Snapshot, ClosedDay]]:
    closed = closed_day(service.ledger(corridor).log_store, on, service.clock())
    with up_to_date(service, corridor) as at:
        yield at, closed


def _checked(form: str, asked: str) -> str:
    """The version asked for, if any. Raises Malformed for one that the form is not written in."""
    written = STATEMENT_VERSIONS.get(form, ())
    if asked and asked not in written:
        raise Malformed(
            f"{asked!r} is no version that {form} is written in.",
            field="message_version",
            value=asked,
            way_out=f"Use {' or '.join(written)}." if written else "Leave it out.",
        )
    return asked


def _write(drawn: Drawn, form: str, version: str, out: Path | None) -> None:
    """Piece by piece, so that memory stays flat; a file appears whole or not at all. Raises Malformed where it cannot be written."""
    pieces = FORMS[form](drawn, version)
    if out is None:
        for piece in pieces:
            sys.stdout.write(piece.decode())
        return
    beside = out.with_name(f".{out.name}.part")
    try:
        with beside.open("wb") as file:
            file.writelines(pieces)
        beside.replace(out)
    except OSError as error:
        raise Malformed(f"{out} cannot be written: {error.strerror}.", field="out", value=out, way_out="Name a place for it.") from None
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _table(drawn: Drawn) -> Table:
    currency, day = drawn.currency, drawn.day
    assert day is not None
    table = Table(
        "no.", "entry", "booked", "value", title=f"{drawn.account}, {day.on}, statement {day.number}", title_justify="left", box=None
    )
    table.add_column("debit", justify="right")
    table.add_column("credit", justify="right")
    table.add_column("reference")
    table.add_row("", "opening", "", "", "", format_amount(drawn.opening, currency), "")
    for line in drawn.lines():
        amount = format_amount(abs(line.minor), currency)
        reference = str(line.uetr) if line.uetr else line.reported_as or line.key
        sides = ("", amount) if line.minor > 0 else (amount, "")
        table.add_row(str(line.number), line.entry, str(line.booking_date), str(line.value_date), *sides, reference)
    table.add_row("", "closing", "", "", "", format_amount(drawn.closing, currency), "")
    return table

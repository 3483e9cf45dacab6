"""What the banks' treasuries and officers do without a file of transfers: rates, prefund, jobs, breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ledger import commands as c
from ledger.cli import frame as cli
from ledger.cli.frame import AsJson, Corridor, app, console, print_json
from ledger.cli.steps import As, Key, execute, key_or_random, read_file, report_answer
from ledger.domain.money import format_amount, parse_amount
from ledger.jobs import run_due, up_to_date
from ledger.projections.breaks import breaks
from ledger.rates_in import import_rate_sheet
from ledger.retention import Ended, end_what_is_due, what_is_due

break_app = typer.Typer(help="Differences between statements and ledger.", no_args_is_help=True)
app.add_typer(break_app, name="break")

Break = Annotated[str, typer.Argument(help="The break's id, as the night job's report names it.")]


@app.command()
def rates(
    file: Annotated[Path, typer.Argument(help="A rate sheet as Bank Al-Maghrib publishes it (JSON).")],
    actor: As,
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """Publish a bank's rate sheet; the same sheet twice changes nothing."""
    with cli.service() as service:
        report_answer(import_rate_sheet(service, corridor, actor, read_file(file)), as_json)


@app.command()
def prefund(
    participant: str,
    amount: str,
    reference: Annotated[str, typer.Argument(help="The settlement bank's own reference.")],
    key: Key = None,
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """The settlement bank confirmed that a participant's money is there."""
    with cli.service() as service:
        ledger = service.ledger(corridor)
        currency = ledger.terms().settlement.currency
        command = c.FundPosition(
            corridor=corridor,
            actor="bank:settlement",
            idempotency_key=key or f"prefund-{participant}-{amount}-{reference}",
            participant=participant,
            amount=parse_amount(amount, currency),
            currency=currency,
            reference=reference,
        )
        report_answer(ledger.execute(command), as_json)


@app.command()
def jobs(corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """Do what is due now: expire, flag silence, fund what waited, and end what is kept too long. `corridor serve` does it by itself."""
    with cli.service() as service:
        reports = run_due(service, corridor)
        ended = end_what_is_due(service, corridor)
    if as_json:
        done = [{**report._asdict(), "refused": [step._asdict() for step in report.refused]} for report in reports]
        print_json([*done, {"job": "retention", **ended._asdict()}])
        return
    for report in reports:
        console.print(f"{report.job}: {len(report.done)} done, {len(report.refused)} refused.", highlight=False)
    console.print(f"retention: {_told(ended)}.", highlight=False)


@app.command()
def retention(
    apply: Annotated[bool, typer.Option("--apply", help="End what is due; without it nothing is changed.")] = False,
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """Tell or end what is kept longer than the terms say: people of old transfers, old messages and files, and what nothing names."""
    with cli.service() as service:
        ended = end_what_is_due(service, corridor) if apply else what_is_due(service, corridor)
    if as_json:
        print_json({"applied": apply, **ended._asdict()})
    else:
        console.print(f"{'Ended' if apply else 'Due'}: {_told(ended)}.", highlight=False)


def _told(ended: Ended) -> str:
    return (
        f"{ended.transfers} transfers with {ended.subjects} subjects, {ended.messages} messages, {ended.statement_files} statement files, "
        f"{ended.orphans} orphans, {ended.passed} rows that passed"
    )


@break_app.command("list")
def list_breaks(
    every: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False, corridor: str = Corridor, as_json: bool = AsJson
) -> None:
    """Open breaks, the oldest first."""
    with cli.service() as service, up_to_date(service, corridor) as at:
        found = breaks(at, only_open=not every)
    if as_json:
        print_json([row._asdict() for row in found])
        return
    table = Table("break", "class", "account", "state", box=None)
    table.add_column("difference", justify="right")
    for row in found:
        currency = row.account.rpartition(":")[2]
        table.add_row(row.break_id, row.break_class, row.account, row.state, f"{format_amount(row.difference, currency)} {currency}")
    console.print(table)


@break_app.command()
def park(break_id: Break, actor: As, key: Key = None, corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """Bring the account to its statement, against suspense; the second officer's command does it."""
    execute(c.ParkBreak(corridor=corridor, actor=actor, idempotency_key=key_or_random(key), break_id=break_id), as_json)


@break_app.command()
def resolve(
    break_id: Break,
    explanation: Annotated[str, typer.Option(help="Why; it stands in the log, so it names no person.")],
    actor: As,
    to_account: Annotated[str, typer.Option(help="Where a parked difference belongs; none for a break that was never parked.")] = "",
    key: Key = None,
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """Close a break; the second officer's command does it."""
    command = c.ResolveBreak(
        corridor=corridor,
        actor=actor,
        idempotency_key=key_or_random(key),
        break_id=break_id,
        to_account=to_account,
        explanation=explanation,
    )
    execute(command, as_json)

"""Looking at a corridor: show, trail, account, transfer list, cycle list, verify."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table

from ledger.bootstrap import Service
from ledger.cli import frame as cli
from ledger.cli import tables
from ledger.cli.frame import AsJson, Corridor, app, console, print_json
from ledger.cli.steps import cycle_app, transfer_app
from ledger.domain.money import format_amount
from ledger.errors import Malformed, UnknownCorridor
from ledger.evidence_shown import evidence_of_trail, messages_of_trail
from ledger.pacing import FULL_SPEED
from ledger.projections.audit_trail import trail as read_trail
from ledger.projections.balances import balances, in_flight
from ledger.projections.cycles import cycles
from ledger.projections.lines import lines
from ledger.projections.rebuild import rebuild as rebuild_projections
from ledger.projections.runner import Runner
from ledger.projections.snapshot import AsOf, Snapshot, snapshot
from ledger.projections.transfers import newest_transfers, transfer
from ledger.verify import verify as verify_log

AtFullSpeed = typer.Option(False, "--at-full-speed", help="Do not give way to whoever writes meanwhile.")
Uetr = Annotated[UUID, typer.Argument(help="The transfer's UETR.")]


@contextmanager
def _reading(corridor: str) -> Iterator[Snapshot]:
    """The corridor at its newest boundary: the projections are brought up to the log first."""
    with cli.service() as service, _snapshot_of(service, corridor) as at:
        yield at


@contextmanager
def _snapshot_of(service: Service, corridor: str) -> Iterator[Snapshot]:
    log = service.ledger(corridor).log_store
    if log.head().position == 0:
        raise UnknownCorridor.never_opened(corridor)
    Runner(log).catch_up()
    with snapshot(service.pool, corridor) as at:
        yield at


@app.command()
def show(uetr: Uetr, corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """One transfer as it stands."""
    with _reading(corridor) as at:
        row = transfer(at, uetr)
    if as_json:
        print_json({name: getattr(row, name) for name in row.__slots__})
    else:
        console.print(tables.transfer_table(row))


@app.command()
def trail(
    uetr: Uetr,
    evidence: Annotated[bool, typer.Option("--evidence", help="Show the signed requests and messages behind it, verified anew.")] = False,
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """Every event of a transfer: position, time, who, what, why, under which terms; exit code 1 when evidence does not verify."""
    with cli.service() as service:
        ledger = service.ledger(corridor)
        with _snapshot_of(service, corridor) as at:
            transfer(at, uetr)
            entries = read_trail(at, uetr)
        shown = evidence_of_trail(ledger, entries) if evidence else []
        came = messages_of_trail(service, corridor, entries) if evidence else []
    if as_json:
        told = [entry._asdict() for entry in entries]
        proven = [{"ok": one.ok, **one._asdict()} for one in shown]
        print_json({"trail": told, "evidence": proven, "messages": [one.to_json() for one in came]} if evidence else told)
    else:
        console.print(tables.trail_table(entries, f"trail of {uetr}"))
        if evidence:
            console.print(tables.evidence_table(shown))
        if came:
            console.print(tables.received_table(came, "messages"))
    raise SystemExit(cli.OK if all(one.ok for one in shown) else cli.FOUND)


@app.command()
def account(
    name: Annotated[str, typer.Argument(help="An account such as abb:cash:MAD; without one, every balance is shown.")] = "",
    as_of: Annotated[str, typer.Option(help="A log position or an instant (2026-03-27T12:00:00Z).")] = "",
    size: Annotated[int, typer.Option(help="How many lines at most.", min=1, max=10_000)] = 50,
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """Balances of every account, or the journal lines of one, now or as of a position or instant."""
    with _reading(corridor) as at:
        when = _as_of(as_of)
        if name:
            found = lines(at, name, size=size, as_of=when)
            if as_json:
                print_json([{**line._asdict(), "amount": format_amount(line.amount, line.currency)} for line in found])
            else:
                console.print(tables.lines_table(found, f"{name} up to position {at.boundary_at(when)}"))
            return
        all_balances, held = balances(at, when), in_flight(at)
        boundary = at.boundary_at(when)
    if as_json:
        print_json({"boundary": boundary, "balances": [_balance(b) for b in all_balances]})
        return
    console.print(tables.balances_table(all_balances, f"{corridor} at position {boundary}"))
    if not as_of:
        console.print(tables.in_flight_line(held), highlight=False)


def _balance(balance: Any) -> dict[str, Any]:
    floor = None if balance.floor is None else format_amount(balance.floor, balance.currency)
    return {**balance._asdict(), "balance": format_amount(balance.balance, balance.currency), "floor": floor}


def _as_of(text: str) -> AsOf:
    if not text:
        return None
    if text.isdigit():
        return int(text)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Malformed(
            f"{text!r} is neither a position nor an instant.", field="as_of", value=text, way_out="Write 1234 or 2026-03-27T12:00:00Z."
        )
    return instant


@transfer_app.command("list")
def list_transfers(
    state: Annotated[list[str] | None, typer.Option(help="Only these states; repeat the option for more than one.")] = None,
    agent: Annotated[str | None, typer.Option(help="Only transfers of this bank, on either side.")] = None,
    size: Annotated[int, typer.Option(help="How many at most, newest first.", min=1, max=1_000)] = 50,
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """Transfers, newest first."""
    with _reading(corridor) as at:
        rows = newest_transfers(at, states=state, agent=agent, size=size)
    if as_json:
        print_json([{name: getattr(row, name) for name in row.__slots__} for row in rows])
        return
    table = Table("UETR", "state", "from", "to", box=None)
    table.add_column("instructed", justify="right")
    table.add_column("paid to creditor", justify="right")
    for row in rows:
        sent = f"{format_amount(row.instructed, row.debtor_currency)} {row.debtor_currency}"
        paid = f"{format_amount(row.paid_to_creditor, row.creditor_currency)} {row.creditor_currency}"
        table.add_row(str(row.uetr), row.state, row.debtor_agent, row.creditor_agent, sent, paid)
    console.print(table)


@cycle_app.command("list")
def list_cycles(corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """Every cycle: who pays in, who is paid out, what is missing."""
    with _reading(corridor) as at:
        found = cycles(at)
    if as_json:
        print_json([{**cycle._asdict(), "payments": [payment._asdict() for payment in cycle.payments]} for cycle in found])
    else:
        console.print(tables.cycles_table(found))


@app.command()
def verify(at_full_speed: bool = AtFullSpeed, corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """Recompute the ledger's rules from the log itself; exit code 1 names the first position that breaks one."""
    pace = FULL_SPEED if at_full_speed else None
    with cli.service() as service, cli.progress() as progress:
        log = service.ledger(corridor).log_store
        task = progress.add_task("verify", total=log.head().position)
        Runner(log, pace=pace).catch_up()
        report = verify_log(
            service.pool, corridor, progress=lambda done, total: progress.update(task, completed=done, total=total), pace=pace
        )
    if as_json:
        print_json(report.as_json())
    else:
        console.print(tables.verification_table(report))
    raise SystemExit(cli.OK if report.ok else cli.FOUND)


@app.command()
def rebuild(at_full_speed: bool = AtFullSpeed, as_json: bool = AsJson) -> None:
    """Build all projections anew beside the live ones, then switch; readers notice nothing."""
    with cli.service() as service, cli.progress() as progress:
        task = progress.add_task("rebuild", total=None)
        reached = rebuild_projections(
            service.pool,
            progress=lambda code, done, total: progress.update(task, description=code, completed=done, total=total),
            pace=FULL_SPEED if at_full_speed else None,
        )
    if as_json:
        print_json(reached)
    else:
        for code, position in reached.items():
            console.print(f"{code}: rebuilt up to position {position}.", highlight=False)

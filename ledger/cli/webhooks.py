"""Telling the banks by webhook, and looking after what could not be told."""

from __future__ import annotations

from threading import Event
from typing import Annotated

import typer
from rich.table import Table

from ledger.cli import frame as cli
from ledger.cli.frame import AsJson, Corridor, app, console, print_json
from ledger.projections.runner import Runner

webhooks_app = typer.Typer(help="What banks are told by webhook.", no_args_is_help=True)
app.add_typer(webhooks_app, name="webhooks")

Participant = Annotated[str, typer.Argument(help="The bank that is told, for example psbc.")]
Position = Annotated[int, typer.Argument(help="The entry's position in the log, as `webhooks list` shows it.")]
_SHOWN = ("due", "dead")


@app.command("service-key")
def service_key(as_json: bool = AsJson) -> None:
    """The public key by which this service signs its answers and webhooks, and the one that follows: tell them to the banks by a way they
    trust."""
    from api.service_key import read_next_service_key, read_service_key  # noqa: PLC0415 - the ledger itself does not know the API

    configured = cli.settings()
    key, following = read_service_key(configured), read_next_service_key(configured)
    shown = [
        {"key_id": one.key_id, "algorithm": one.algorithm, "public_key": one.public_key} for one in (key, following) if one is not None
    ]
    if as_json:
        print_json({**shown[0], "next": shown[1] if following is not None else None})
    else:
        for one in shown:
            console.print(" ".join(one.values()), highlight=False, soft_wrap=True)


@webhooks_app.command("deliver")
def deliver(
    once: Annotated[bool, typer.Option("--once", help="Deliver what is due now and stop.")] = False, as_json: bool = AsJson
) -> None:
    """Tell the banks what happened to their transfers, until stopped. Any number of these may run; killing one loses nothing."""
    from api.webhooks.worker import worker_of  # noqa: PLC0415 - the ledger itself does not know the API

    with cli.service() as service:
        worker = worker_of(service)
        if not once:
            cli.errors.print("Delivering (stop with Ctrl-C).")
            worker.run(Event())
        for code in worker.corridors:
            Runner(service.ledger(code).log_store).catch_up()
        taken = worker.run_once()
    if as_json:
        print_json({"delivered": taken})
    else:
        console.print(f"Delivered {taken}.")


@webhooks_app.command("list")
def list_deliveries(
    state: Annotated[list[str] | None, typer.Option(help="due, delivered, dead or dismissed; may be repeated.")] = None,
    participant: Annotated[str | None, typer.Option(help="Only this bank's.")] = None,
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """What is still to be told, and what was given up; exit code 1 when something was given up."""
    from api.webhooks.queue import STATES, Queue  # noqa: PLC0415 - the ledger itself does not know the API

    states = tuple(state) if state else _SHOWN
    strange = [one for one in states if one not in STATES]
    if strange:
        raise typer.BadParameter(f"{strange[0]!r} is none of {', '.join(STATES)}.")
    with cli.service() as service:
        found = Queue(service.pool).deliveries(corridor, states=states, participant=participant)
    if as_json:
        print_json([delivery._asdict() for delivery in found])
    else:
        table = Table("position", "bank", "kind", "transfer", "state", "attempts", "due", "last answer", box=None)
        for one in found:
            due = f"{one.due_at:%Y-%m-%d %H:%M}" if one.state == "due" else ""
            table.add_row(str(one.position), one.participant, one.kind, str(one.uetr), one.state, str(one.attempts), due, one.last_error)
        console.print(table)
    raise SystemExit(cli.FOUND if any(one.state == "dead" for one in found) else cli.OK)


@webhooks_app.command("resend")
def resend(participant: Participant, position: Position, corridor: str = Corridor) -> None:
    """Try an entry again at once, whatever became of it."""
    from api.webhooks.queue import Queue  # noqa: PLC0415 - the ledger itself does not know the API

    with cli.service() as service:
        Queue(service.pool).resend(corridor, participant, position, service.clock())
    console.print(f"Position {position} is due again for {participant}.")


@webhooks_app.command("dismiss")
def dismiss(participant: Participant, position: Position, corridor: str = Corridor) -> None:
    """End an entry that need not be told; younger ones of its transfer go on."""
    from api.webhooks.queue import Queue  # noqa: PLC0415 - the ledger itself does not know the API

    with cli.service() as service:
        Queue(service.pool).dismiss(corridor, participant, position, service.clock())
    console.print(f"Position {position} is dismissed for {participant}.")

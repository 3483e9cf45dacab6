"""Running the service: demo, migrate, open, serve, doctor."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread
from typing import Annotated

import typer
from rich.table import Table

from corridors import shipped, shipped_terms
from ledger import commands as c
from ledger.bootstrap import Service, migrate_database
from ledger.cli import frame as cli
from ledger.cli.frame import AsJson, app, console, print_json
from ledger.cli.steps import report_answer
from ledger.clock import system_clock
from ledger.doctor import examine
from ledger.domain.terms import read_terms
from ledger.embedded import stop_embedded
from ledger.errors import Malformed
from ledger.jobs import run_every
from ledger.logs import configure_logging
from ledger.retention import end_what_is_due

JOBS_SECONDS = 60.0

Actor = Annotated[str, typer.Option("--as", help="Who acts, for example operator:amina.")]


@app.command()
def demo(
    transfers: Annotated[int, typer.Option(help="How many transfers the imported file holds.", min=20, max=10_000)] = 400,
    seed: Annotated[int, typer.Option(help="The same seed gives the same corridor days.")] = 2026,
    as_json: bool = AsJson,
    stop_database: Annotated[bool, typer.Option(help="Only stop the embedded PostgreSQL.")] = False,
) -> None:
    """Watch money move between two banks for a fortnight, and see that nothing was lost. A second run adds nothing."""
    from ledger.sandbox.demo import demo_service, run_demo  # noqa: PLC0415 - the sandbox is no part of production
    from ledger.sandbox.pages import print_demo  # noqa: PLC0415

    configured = cli.settings()
    if stop_database:
        stop_embedded(configured.data_dir)
        return
    migrate_database(configured)
    with demo_service(configured, seed=seed) as service:
        result = run_demo(service, transfers=transfers, seed=seed, console=cli.errors if as_json else console)
    if as_json:
        print_json(result.to_json())
    else:
        print_demo(result, console)
    raise SystemExit(cli.OK if result.ok else cli.FOUND)


@app.command()
def migrate(as_json: bool = AsJson) -> None:
    """Bring the database to this version's schema, as its owner (CORRIDOR_OWNER_URL)."""
    applied = migrate_database(cli.settings())
    if as_json:
        print_json({"applied": applied})
    else:
        console.print(f"Applied: {', '.join(applied)}." if applied else "Nothing to do: the database is up to date.", soft_wrap=True)


@app.command(name="open")
def open_corridor(
    terms: Annotated[str, typer.Argument(help=f"A file of terms, or the name of a shipped one: {', '.join(shipped())}.")],
    actor: Actor = "operator:cli",
    as_json: bool = AsJson,
) -> None:
    """Open a corridor with its terms, or amend it with a newer version of them."""
    agreement = shipped_terms(terms) if terms in shipped() else read_terms(_read_text(terms))
    with cli.service() as service:
        command = c.OpenCorridor(corridor=agreement.code, actor=actor, idempotency_key=f"terms-{agreement.version}", agreement=agreement)
        report_answer(service.ledger(agreement.code).execute(command), as_json)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Listen here instead of CORRIDOR_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Listen here instead of CORRIDOR_PORT.")] = None,
    with_demo_identity: Annotated[bool, typer.Option(help="Let invented officers sign in at /console, without a password.")] = False,
) -> None:
    """Serve the HTTP API; the projections follow the log, what is due is done every minute, banks are told by webhook."""
    import uvicorn  # noqa: PLC0415 - only this command needs the web server

    from api.app import create_app  # noqa: PLC0415
    from api.http_heads import BoundedHeads  # noqa: PLC0415
    from api.metrics import served_metrics  # noqa: PLC0415
    from api.webhooks.worker import worker_of  # noqa: PLC0415

    configured = cli.settings(**({"CORRIDOR_DEMO_IDENTITY": "on"} if with_demo_identity else {}))
    address, door = host or configured.host, port or configured.port
    with ExitStack() as open_parts:
        if configured.demo_identity == "on":
            from ledger.sandbox.identity_served import served_identity  # noqa: PLC0415 - the sandbox is no part of production

            configured = open_parts.enter_context(served_identity(configured, system_clock, f"http://{address}:{door}"))
            cli.errors.print(f"Invented officers sign in at {configured.public_url}/console.", highlight=False)
        service = open_parts.enter_context(Service(configured, clock=system_clock))
        stop = Event()
        workers = [Thread(target=run_every, args=(service, JOBS_SECONDS, stop, end_what_is_due), name="jobs", daemon=True)]
        if configured.webhooks_file is not None:
            workers.append(Thread(target=worker_of(service).run, args=(stop,), name="webhooks", daemon=True))
        for worker in workers:
            worker.start()
        cli.errors.print(f"Serving http://{address}:{door}/v1 (stop with Ctrl-C).", highlight=False)
        application = create_app(service, projecting="beside")
        open_parts.enter_context(served_metrics(service, application.state.failures, configured.metrics_host, configured.metrics_port))
        configure_logging(as_json=True, level=logging.getLevelNamesMapping()[configured.log_level.upper()])
        # What a proxy says of its client is for api.client_certificate to believe, from the configured hop alone.
        uvicorn.run(
            application,
            host=address,
            port=door,
            http=BoundedHeads,
            server_header=False,
            proxy_headers=False,
            access_log=False,
            log_config=None,
        )
        stop.set()
        for worker in workers:
            worker.join()


@app.command()
def doctor(as_json: bool = AsJson) -> None:
    """Check that this process and its database are fit to keep a ledger; exit code 1 when something is not."""
    configured = cli.settings()
    with cli.service() as service:
        checks = examine(service)
    if as_json:
        print_json(
            {"ok": all(check.fit for check in checks), "settings": configured.shown(), "checks": [check._asdict() for check in checks]}
        )
    else:
        table = Table("", "check", "found", "way out", box=None)
        for check in checks:
            mark = "[green]✓[/green]" if check.ok else "[yellow]![/yellow]" if check.fit else "[red]✗[/red]"
            table.add_row(mark, check.name, check.found, "" if check.ok else check.way_out)
        console.print(table)
    raise SystemExit(cli.OK if all(check.fit for check in checks) else cli.FOUND)


def _read_text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed(f"{path} cannot be read: {error}.", field="file", value=path, way_out="Name a readable UTF-8 file.") from None

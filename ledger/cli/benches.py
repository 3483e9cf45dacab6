"""Measuring: bench."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer
from pydantic_core import to_json
from rich.table import Table

from ledger.bench.plan import Plan, Size
from ledger.bench.plot import shown
from ledger.bench.report import write_report
from ledger.bench.result import Result
from ledger.bench.targets import TARGETS
from ledger.bootstrap import migrate_database
from ledger.cli import frame as cli
from ledger.cli.frame import AsJson, app, console, print_json
from ledger.errors import Malformed

REPORT = "report"
SEEDS = 900_000_000
FIGURES = Path("docs/operating/performance")


@app.command()
def bench(
    what: Annotated[str, typer.Argument(help=f"What to measure: {', '.join(TARGETS)}; or report, to make the page of figures.")],
    folder: Annotated[Path, typer.Argument(help="For report: where the results lie; the page beside it has the folder's name.")] = FIGURES,
    quick: Annotated[bool, typer.Option(help="A figure in under a minute.")] = False,
    full: Annotated[bool, typer.Option(help="The sizes of the targets, however long they take.")] = False,
    runs: Annotated[int, typer.Option(help="How often.", min=1, max=20)] = 3,
    out: Annotated[Path | None, typer.Option(help="Also write the JSON into this file.")] = None,
    on: Annotated[str | None, typer.Option(help="Go on with the corridor of an earlier bench (project, growth, start).")] = None,
    as_json: bool = AsJson,
) -> None:
    """Measure speed beside a yardstick of the same run, in corridors made for it; exit code 1 when a rule of the ledger broke."""
    if what == REPORT:
        page = folder.with_suffix(".md")
        found = write_report(folder, page)
        console.print(f"{page}: {', '.join(found) or 'nothing measured yet'}.", highlight=False)
        return
    if what not in TARGETS:
        raise Malformed(f"There is no bench called {what!r}.", field="what", value=what, way_out=f"Use {', '.join(TARGETS)} or {REPORT}.")
    if on is not None and not on.startswith("bench-"):
        raise Malformed(f"Corridor {on!r} is not a bench's.", field="on", value=on, way_out="Name a corridor that an earlier bench made.")
    size: Size = "quick" if quick else "full" if full else "usual"
    result = _measure(what, size, runs, on)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(to_json(result.as_json(), indent=2) + b"\n")
    if as_json:
        print_json(result.as_json())
    else:
        console.print(result_table(result))
    raise SystemExit(cli.OK if result.rules_ok else cli.FOUND)


def _measure(what: str, size: Size, runs: int, on: str | None) -> Result:
    from ledger.bench.catalogue import measure  # noqa: PLC0415 - what is measured with is no part of the other commands

    migrate_database(cli.settings())
    with cli.service() as service:
        seed = secrets.randbelow(SEEDS)
        return measure(what, Plan(service, size, runs, seed, lambda line: cli.errors.print(f"[dim]{line}[/dim]", highlight=False), on))


def result_table(result: Result) -> Table:
    """A result for people."""
    told = result.as_json()
    table = Table("figure", "value", box=None, title=f"{result.target.number} {result.bench}", title_justify="left")
    table.add_row(told["unit"], f"{shown(told['median'])} ({', '.join(shown(run) for run in told['runs'])})")
    if told["yardstick"] is not None:
        yardstick = told["yardstick"]
        table.add_row(yardstick["name"], f"{shown(yardstick['before'])} before, {shown(yardstick['after'])} after ({yardstick['unit']})")
    for check in told["target"]["checks"]:
        bounds = " ".join(f"{sign} {shown(check[key])}" for key, sign in (("at_least", "≥"), ("at_most", "≤")) if key in check)
        mark = "[green]✓[/green]" if check["met"] else "[yellow]missed[/yellow]"
        table.add_row(check["what"], f"{shown(check['value'])}  ({bounds}) {mark}")
    for layer, value in told["layers"].items():
        table.add_row(f"  {layer}", str(value))
    for figure, value in told["figures"].items():
        table.add_row(figure.replace("_", " "), str(value))
    table.add_row("peak memory, MB", shown(told["peak_rss_mb"]))
    table.add_row("corridors", ", ".join(result.found.corridors))
    table.add_row("every rule held", "[green]✓[/green]" if result.rules_ok else f"[red]✗[/red] {result.broken}")
    return table

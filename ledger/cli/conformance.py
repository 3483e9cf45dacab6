"""What stands in files of messages, without taking them in."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ledger.cli import frame as cli
from ledger.cli.frame import AsJson, app, console, print_json
from ledger.errors import Malformed
from ledger.messages.conformance import ConformanceReport, FileVerdict, report_on

messages_app = typer.Typer(help="Messages of ISO 20022.", no_args_is_help=True)
app.add_typer(messages_app, name="messages")


@messages_app.command("report")
def report(
    place: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of messages, its sub-folders among them, or one message.")],
    schemas: Annotated[
        Path | None,
        typer.Option(help="The folder of official schemas, named pacs.008.001.08.xsd; default: xsd below CORRIDOR_CONFORMANCE_DATA."),
    ] = None,
    as_json: bool = AsJson,
) -> None:
    """What each message is, what its official schema says of it, and what the corridor's usage guideline; exit code 0 whatever they say."""
    with cli.progress() as bar:
        task = bar.add_task("Reading messages", total=None)
        found = report_on(place, _schemas(schemas), progress=lambda done, of: bar.update(task, completed=done, total=of))
    if as_json:
        print_json(_as_json(found))
        return
    console.print(_files_table(found))
    console.print(_summary_table(found))
    if found.passed_over:
        console.print(f"{found.passed_over} other files were passed over: they are no XML.")


def _schemas(given: Path | None) -> Path | None:
    if given is not None:
        if not given.is_dir():
            raise Malformed(
                f"{given} is no folder.", field="--schemas", value=str(given), way_out="Name the folder of the official schemas."
            )
        return given
    data = os.environ.get("CORRIDOR_CONFORMANCE_DATA")
    folder = Path(data) / "xsd" if data else None
    return folder if folder is not None and folder.is_dir() else None


def _as_json(found: ConformanceReport) -> dict[str, Any]:
    files = [asdict(one) | {"fit": one.fit, "complaints": [complaint._asdict() for complaint in one.complaints]} for one in found.files]
    return {"files": files, "summary": found.counted(), "passed_over": found.passed_over}


def _files_table(found: ConformanceReport) -> Table:
    table = Table("file", "version", "header", "envelope", "schema", "guideline", "reason", box=None)
    for one in found.files:
        table.add_row(one.file, one.version, one.header, one.envelope, one.schema, one.guideline, _reason(one))
    return table


def _reason(one: FileVerdict) -> str:
    return "; ".join(part for part in (one.reason, *one.notes) if part)


def _summary_table(found: ConformanceReport) -> Table:
    table = Table("message", "files", "of them", box=None, title="Summary", title_justify="left")
    for kind, counts in found.counted().items():
        rest = ", ".join(f"{words}: {count}" for words, count in counts.items() if words != "files")
        table.add_row(kind, str(counts["files"]), rest)
    return table

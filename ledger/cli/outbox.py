"""Messages as files: what the corridor says to a bank, to be handed over."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ledger.cli import frame as cli
from ledger.cli.frame import AsJson, Corridor, app, console, print_json
from ledger.messages.outgoing import Outgoing, messages_after

_PAGE = 500


@app.command()
def export(
    recipient: Annotated[str, typer.Option("--as", help="Whose messages: abb, psbc, bank:settlement.")],
    after: Annotated[int, typer.Option(min=0, help="The log position up to which they were fetched before.")] = 0,
    to: Annotated[Path, typer.Option(help="The folder they are written to, one file a message.")] = Path(),
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """Write the messages to a bank after a position, one file each; the same position gives the same files."""
    to.mkdir(parents=True, exist_ok=True)
    written: list[Outgoing] = []
    with cli.service() as service:
        reached = after
        while page := messages_after(service, corridor, recipient, reached, _PAGE):
            for message in page:
                _write(to, message)
            written.extend(page)
            reached = page[-1].position
    if as_json:
        print_json({"next": reached, "messages": [_shown(message) for message in written]})
        return
    if written:
        table = Table("file", "version", "UETR", box=None)
        for message in written:
            table.add_row(_name(message) or "(a person in it was erased)", message.version, str(message.uetr or ""))
        console.print(table)
    console.print(f"{len(written)} messages, next --after {reached}.")


def _name(message: Outgoing) -> str | None:
    """Sorted by name, files are in log order; None for a message that cannot be written any more."""
    if message.data is None:
        return None
    return f"{message.position:012}-{message.index}-{message.message}-{message.message_id}.xml"


def _shown(message: Outgoing) -> dict[str, object]:
    facts = {name: getattr(message, name) for name in ("position", "index", "message", "version", "message_id", "uetr")}
    return {**facts, "file": _name(message)}


def _write(folder: Path, message: Outgoing) -> None:
    """Whole or not at all: whoever watches the folder never sees half a file."""
    name = _name(message)
    if name is None or message.data is None:
        return
    unfinished = folder / f".{name}.part"
    with unfinished.open("wb") as file:
        file.write(message.data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(folder / name)

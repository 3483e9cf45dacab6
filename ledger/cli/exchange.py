"""Messages in files: taken in by hand or out of a watched folder, and what is written down of them."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import typer
from pydantic_core import to_json
from rich.table import Table

from ledger.bootstrap import Service
from ledger.cli import frame as cli
from ledger.cli.frame import AsJson, Corridor, app, console, print_json
from ledger.cli.steps import As, read_file
from ledger.cli.tables import received_table
from ledger.errors import LedgerError
from ledger.messages.folders import Folders
from ledger.messages.incoming import take_in
from ledger.messages.rejects import FINAL, code_of, write_reject
from ledger.messages.taken import Progress, Taken
from ledger.messages.watching import Handled, Watcher
from ledger.privacy.received import ReceivedMessages

Reply = Annotated[
    Path | None, typer.Option("--reply", "--answer", help="Write the answer here: a file, or a directory for one answer a file.")
]


@app.command(name="import")
def import_files(
    files: Annotated[list[Path], typer.Argument(help="Messages of ISO 20022, one a file.")],
    actor: As,
    corridor: str = Corridor,
    as_json: bool = AsJson,
    reply: Reply = None,
) -> None:
    """Take in messages; one bad transaction never sinks its message, and the same message twice adds nothing."""
    if reply is not None and len(files) > 1 and not reply.is_dir():
        raise typer.BadParameter(f"{reply} is no directory, and there are {len(files)} files to answer.", param_hint="--reply")
    told: list[dict[str, Any]] = []
    worst = cli.OK
    with cli.service() as service:
        for file in files:
            try:
                taken = _take_in(service, corridor, actor, file, reply)
            except LedgerError as error:
                if len(files) == 1:
                    raise
                worst = max(worst, cli.exit_code(error))
                told.append({"file": str(file), "status": "refused", "code": code_of(error), "sentence": str(error)})
                if not as_json:
                    cli.errors.print(f"{file}: {error}", markup=False, highlight=False)
                continue
            told.append(({"file": str(file)} if len(files) > 1 else {}) | _as_json(taken))
            if not as_json:
                _show(taken, f"{file}: " if len(files) > 1 else "")
    if as_json:
        print_json(told if len(files) > 1 else told[0])
    raise SystemExit(worst)


def _take_in(service: Service, corridor: str, actor: str, file: Path, reply: Path | None) -> Taken:
    data = read_file(file)
    with cli.progress() as progress:
        task = progress.add_task(file.name, total=None)
        step: Progress = lambda done, total: progress.update(task, completed=done, total=total)  # noqa: E731 - named for its type
        try:
            taken = take_in(service, corridor, actor, data, progress=step)
        except FINAL as error:
            if reply is not None:
                _answer(reply, file, write_reject(service, corridor, actor, data, error))
            raise
    if reply is not None and taken.reply is not None:
        _answer(reply, file, taken.reply)
    return taken


def _answer(reply: Path, file: Path, answer: bytes) -> None:
    (reply / f"{file.stem}.reply.xml" if reply.is_dir() else reply).write_bytes(answer)


def _as_json(taken: Taken) -> dict[str, Any]:
    return {
        "message": taken.message,
        "version": taken.version,
        "message_id": taken.message_id,
        "status": taken.status,
        "recognised": taken.recognised,
        "position": taken.position,
        "transfers": [asdict(item) for item in taken.items],
    }


def _show(taken: Taken, before: str) -> None:
    what = "transfers" if taken.message == "pacs.008" else f"transactions of a {taken.message}"
    again = ", recognised as taken in before" if taken.recognised else ""
    line = f"{before}{len(taken.accepted)} {what} taken in, {len(taken.rejected)} rejected, position {taken.position}{again}."
    console.print(line, markup=False)
    if taken.rejected:
        table = Table("#", "UETR", "rule", "what was wrong", box=None)
        for item in taken.rejected:
            table.add_row(str(item.index), str(item.uetr or ""), item.rule, item.sentence)
        console.print(table)


@app.command()
def watch(
    directory: Annotated[Path, typer.Argument(help="The directory that holds, or will hold, inbox and outbox.")],
    actor: As,
    once: Annotated[bool, typer.Option("--once", help="Do what there is to do now, and stop.")] = False,
    seconds: Annotated[float, typer.Option(help="How long to wait between two looks.", min=0.1, max=3600)] = 2.0,
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """Take in what a bank leaves in DIRECTORY/inbox, and leave what it is told in DIRECTORY/outbox. A kill loses and doubles nothing."""
    folders = Folders(directory)
    codes = {cli.OK}
    with cli.service() as service:
        watcher = Watcher(service, corridor, actor, folders)
        if not once:
            cli.errors.print(f"Watching {folders.inbox} (stop with Ctrl-C).", markup=False, highlight=False)
        for handled in watcher.run_once() if once else watcher.run(Event().wait, seconds):
            codes.add({"quarantined": cli.FOUND, "waiting": cli.UNAVAILABLE}.get(handled.status, cli.OK))
            _tell(handled, as_json)
    raise SystemExit(max(codes))


def _tell(handled: Handled, as_json: bool) -> None:
    """A line a file, as it happens; in JSON one document a line."""
    if as_json:
        sys.stdout.write(to_json(asdict(handled)).decode() + "\n")
        sys.stdout.flush()
        return
    if handled.status == "waiting":
        what = f"waits ({handled.code}); it is taken up again"
    elif handled.status == "quarantined":
        what = f"quarantined, {handled.code}: {handled.sentence}"
    else:
        what = f"{handled.message} {handled.message_id}: {handled.taken} taken in, {handled.rejected} rejected"
    console.print(f"{handled.file}: {what}", markup=False, highlight=False, soft_wrap=True)


@app.command()
def received(
    refused: Annotated[bool, typer.Option("--refused", help="Only messages that were refused as a whole.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many, the newest first.", min=1, max=10_000)] = 50,
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """Messages that came, as they were received: when, from whom, which, their digest, and the vault's subject that holds the bytes."""
    with cli.service() as service:
        service.ledger(corridor).terms()
        found = ReceivedMessages(service.pool, service.vault).latest(corridor, limit=limit, refused_only=refused)
    if as_json:
        print_json([one.to_json() for one in found])
        return
    console.print(received_table(found))

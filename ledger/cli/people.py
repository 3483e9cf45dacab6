"""Personal data: shown only after the log says so, erased by two officers."""

from __future__ import annotations

import sys
from base64 import b64encode
from typing import Annotated, Final, cast, get_args
from uuid import UUID

import typer
from rich.table import Table

from ledger.cli import frame as cli
from ledger.cli.frame import AsJson, Corridor, app, console, print_json
from ledger.cli.steps import As, Key, Uetr, key_or_random, report_answer
from ledger.cli.tables import received_table
from ledger.domain.personal_data_events import ErasureReason, ReadingReason
from ledger.erasing import erase_again, erase_person
from ledger.errors import Malformed
from ledger.personal_data import read_message, read_parties
from ledger.privacy.errors import SubjectErased
from ledger.privacy.received import ReceivedMessage, ReceivedMessages

person_app = typer.Typer(help="Personal data in the vault.", no_args_is_help=True)
app.add_typer(person_app, name="person")

_NAME_MIN: Final = 16


@person_app.command("show")
def show_parties(
    uetr: Uetr,
    actor: As,
    reason: Annotated[str, typer.Option(help=f"Why it is read: {', '.join(get_args(ReadingReason))}.")],
    case: Annotated[str, typer.Option(help="The case it is read for, with the reason case.")] = "",
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """Show the parties of a transfer; that you saw them stands in the log before you do."""
    why = cast(ReadingReason, _checked(reason, get_args(ReadingReason)))
    with cli.service() as service:
        reading = read_parties(service.ledger(corridor), uetr, actor=actor, reason=why, case=case)
    if reading.answer.result is None:
        report_answer(reading.answer, as_json)
    if as_json:
        parties = [{"role": p.role, "subject": p.subject, "known": p.known, "fields": p.fields} for p in reading.parties]
        print_json({"position": reading.answer.position, "parties": parties})
        return
    table = Table("party", "field", "value", box=None, title=f"read at position {reading.answer.position}")
    for party in reading.parties:
        table.add_row(party.role, "subject", str(party.subject))
        for name, value in party.fields.items() if party.known else (("–", "erased, or not in this vault"),):
            table.add_row("", name, value)
    console.print(table)


@person_app.command("show-message")
def show_message(
    message: Annotated[str, typer.Argument(help="Its SHA-256 as `corridor received` lists it, sixteen letters at least, or its subject.")],
    actor: As,
    reason: Annotated[str, typer.Option(help=f"Why it is read: {', '.join(get_args(ReadingReason))}.")],
    case: Annotated[str, typer.Option(help="The case it is read for, with the reason case.")] = "",
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """Give the bytes of a message as they were received, to an officer; that you saw them stands in the log before you do."""
    why = cast(ReadingReason, _checked(reason, get_args(ReadingReason)))
    with cli.service() as service:
        found = _received(ReceivedMessages(service.pool, service.vault), corridor, message)
        try:
            shown = read_message(service.ledger(corridor), found, actor=actor, reason=why, case=case)
        except SubjectErased as error:
            cli.errors.print(f"The bytes are gone. {error}", markup=False, highlight=False)
            raise SystemExit(cli.REFUSED) from None
    if shown.data is None:
        report_answer(shown.answer, as_json)
    elif as_json:
        print_json({"position": shown.answer.position, **found.to_json(), "content": b64encode(shown.data).decode()})
    else:
        sys.stdout.buffer.write(shown.data)
        sys.stdout.flush()


def _received(messages: ReceivedMessages, corridor: str, name: str) -> ReceivedMessage:
    found = messages.called(corridor, name) if len(name) >= _NAME_MIN else []
    if len(found) != 1:
        what = "More than one message is" if found else "No message that came is"
        raise Malformed(
            f"{what} called {name!r}.",
            field="message",
            value=name,
            way_out="Name it by sixteen letters of its SHA-256 at least, or by the subject that `corridor received --json` tells.",
        )
    return found[0]


@person_app.command("erase")
def erase(
    subject: Annotated[UUID, typer.Argument(help="The subject's id, as the transfer names it.")],
    actor: As,
    reason: Annotated[str, typer.Option(help=f"Why: {', '.join(get_args(ErasureReason))}.")],
    key: Key = None,
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """Destroy a person's key and records for good, and the messages that named them; the second officer's command does it."""
    why = cast(ErasureReason, _checked(reason, get_args(ErasureReason)))
    with cli.service() as service:
        answer, messages = erase_person(service, corridor, subject, actor=actor, reason=why, key=key_or_random(key))
    report_answer(answer, as_json, messages=[one.to_json() for one in messages])
    if messages and not as_json:
        console.print(received_table(messages, "erased with it: messages that named this person"))


@person_app.command("erase-again")
def again(corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """Erase whom the log says were erased and this vault still knows, and messages that name them: after a restore of the vault."""
    with cli.service() as service:
        done = erase_again(service, corridor)
    if as_json:
        print_json({"erased": done.subjects, "messages": done.messages})
    else:
        console.print(
            f"{done.in_log} in the log, {len(done.subjects)} erased again, with {done.messages} messages that named them.", highlight=False
        )


def _checked(reason: str, known: tuple[str, ...]) -> str:
    if reason not in known:
        raise Malformed(f"{reason!r} is no reason.", field="reason", value=reason, way_out=f"Use {', '.join(known)}.")
    return reason

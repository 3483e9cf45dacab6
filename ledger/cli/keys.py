"""The public keys by which banks and people sign: made, proposed, approved, rotated, revoked, shown."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ledger import commands as c
from ledger.cli import frame as cli
from ledger.cli.frame import AsJson, Corridor, app, console, print_json
from ledger.cli.steps import As, Key, execute, key_or_random, report_answer
from ledger.domain.permissions import permissions_of
from ledger.domain.public_keys import ED25519
from ledger.domain.signing_key_events import SigningKey, SigningKeyProposed
from ledger.domain.signing_keys import SigningKeys
from ledger.errors import KeyUnknown, Malformed
from ledger.key_files import generate, read_public_key
from ledger.signing_key_history import KeyHistoryEntry, history_of

keys_app = typer.Typer(help="Public keys by which banks and people sign; two people let one in.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")

KeyId = Annotated[str, typer.Argument(help="The id that signatures name the key by.")]
PublicKeyText = Annotated[str, typer.Argument(help="The public key in hex, or a file that holds it in hex or PEM.")]
Days = Annotated[int, typer.Option(help="How many days it is valid.", min=1, max=1098)]
From = Annotated[str, typer.Option("--from", help="Valid from this instant on (2026-03-27T12:00:00Z); now when left out.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it stands in the log.")]


@keys_app.command("generate")
def generate_key(
    file: Annotated[Path, typer.Argument(help="Where the private key goes (PEM, readable by you only).")],
    algorithm: Annotated[str, typer.Option(help="ed25519 or ecdsa-p256-sha256.")] = ED25519,
) -> None:
    """Make a key pair; prints the public key to register."""
    console.print(generate(file, algorithm).public_key, highlight=False, soft_wrap=True)


@keys_app.command("register")
def register_key(
    key_id: KeyId,
    principal: Annotated[str, typer.Argument(help="Who signs with it: abb, officer:amina, bank:settlement …")],
    public_key: PublicKeyText,
    actor: As,
    may: Annotated[list[str] | None, typer.Option(help="What it may do; repeat the option. All that its owner may, when left out.")] = None,
    valid_from: From = "",
    days: Days = 365,
    key: Key = None,
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """Propose a public key; it signs nothing before another person approves it."""
    algorithm, digits = read_public_key(public_key)
    with cli.service() as service:
        ledger = service.ledger(corridor)
        begins = _instant(valid_from) or service.clock()
        command = c.RegisterKey(
            corridor=corridor,
            actor=actor,
            idempotency_key=key_or_random(key),
            key_id=key_id,
            principal=principal,
            algorithm=algorithm,
            public_key=digits,
            valid_from=begins,
            valid_until=begins + timedelta(days=days),
            permissions=tuple(may or permissions_of(principal, ledger.terms().participants)),
        )
        report_answer(ledger.execute(command), as_json)


@keys_app.command("rotate")
def rotate_key(
    key_id: Annotated[str, typer.Argument(help="The id of the key that follows.")],
    replaces: Annotated[str, typer.Argument(help="The id of the key in force that it follows.")],
    public_key: PublicKeyText,
    actor: As,
    overlap: Annotated[int, typer.Option(help="For how many days both are valid.", min=0, max=366)] = 7,
    valid_from: From = "",
    days: Days = 365,
    key: Key = None,
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """Propose the key that follows another one; once it is approved, both are valid for a while."""
    algorithm, digits = read_public_key(public_key)
    with cli.service() as service:
        begins = _instant(valid_from) or service.clock()
        command = c.RotateKey(
            corridor=corridor,
            actor=actor,
            idempotency_key=key_or_random(key),
            key_id=key_id,
            replaces=replaces,
            algorithm=algorithm,
            public_key=digits,
            valid_from=begins,
            valid_until=begins + timedelta(days=days),
            replaced_until=begins + timedelta(days=overlap),
        )
        report_answer(service.ledger(corridor).execute(command), as_json)


@keys_app.command("approve")
def approve_key(
    key_id: KeyId, public_key: PublicKeyText, actor: As, key: Key = None, corridor: str = Corridor, as_json: bool = AsJson
) -> None:
    """Let a proposed key in, as a second person who has its public key from its owner too."""
    digits = read_public_key(public_key).public_key
    execute(c.ApproveKey(corridor=corridor, actor=actor, idempotency_key=key_or_random(key), key_id=key_id, public_key=digits), as_json)


@keys_app.command("decline")
def decline_key(key_id: KeyId, actor: As, reason: Why, key: Key = None, corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """Take a proposal off the table."""
    execute(c.DeclineKey(corridor=corridor, actor=actor, idempotency_key=key_or_random(key), key_id=key_id, reason=reason), as_json)


@keys_app.command("revoke")
def revoke_key(key_id: KeyId, actor: As, reason: Why, key: Key = None, corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """Suspend a key at once; the second person's command revokes it for good."""
    execute(c.RevokeKey(corridor=corridor, actor=actor, idempotency_key=key_or_random(key), key_id=key_id, reason=reason), as_json)


@keys_app.command("lift")
def lift_suspension(key_id: KeyId, actor: As, reason: Why, key: Key = None, corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """Put a suspended key back in force, as a second person."""
    command = c.LiftKeySuspension(corridor=corridor, actor=actor, idempotency_key=key_or_random(key), key_id=key_id, reason=reason)
    execute(command, as_json)


@keys_app.command("list")
def list_keys(corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """Every key with its owner and how it stands, proposals among them."""
    with cli.service() as service:
        keys = service.ledger(corridor).signing_keys_or_none()
        now = service.clock()
    found: list[SigningKey | SigningKeyProposed] = [] if keys is None else [*keys.keys.values(), *keys.proposals.values()]
    if as_json:
        print_json([_as_json(key, now) for key in found])
        return
    table = Table("key", "principal", "state", "from", "until", "may", box=None)
    for key in found:
        table.add_row(
            key.key_id, key.principal, _state(key, now), f"{key.valid_from:%Y-%m-%d}", f"{key.valid_until:%Y-%m-%d}",
            " ".join(key.permissions),
        )  # fmt: skip
    console.print(table)


@keys_app.command("show")
def show_key(key_id: KeyId, corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """One key: what it is, what it may do, and who did what about it."""
    with cli.service() as service:
        ledger = service.ledger(corridor)
        key = _find(ledger.signing_keys_or_none(), key_id)
        history = history_of(ledger, key_id)
        now = service.clock()
    if as_json:
        print_json({**_as_json(key, now), "history": [entry._asdict() for entry in history]})
        return
    facts = Table("", "", box=None, show_header=False)
    for name, value in _as_json(key, now).items():
        facts.add_row(name, " ".join(value) if isinstance(value, tuple) else str(value))
    console.print(facts, highlight=False)
    console.print(_history_table(history))


def _history_table(history: list[KeyHistoryEntry]) -> Table:
    table = Table("position", "time (UTC)", "who", "what", "why", box=None)
    for entry in history:
        table.add_row(str(entry.position), f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.actor, entry.what, entry.reason)
    return table


def _find(keys: SigningKeys | None, key_id: str) -> SigningKey | SigningKeyProposed:
    found = None if keys is None else keys.keys.get(key_id) or keys.proposals.get(key_id)
    if found is None:
        raise KeyUnknown(f"There is no key {key_id!r}.", field="key_id", value=key_id, way_out="List the corridor's keys.")
    return found


def _as_json(key: SigningKey | SigningKeyProposed, now: datetime) -> dict[str, Any]:
    shown: dict[str, Any] = {
        name: getattr(key, name) for name in ("key_id", "principal", "algorithm", "public_key", "valid_from", "valid_until", "permissions")
    }
    people = key.people if isinstance(key, SigningKey) else (key.actor,)
    return {**shown, "state": _state(key, now), "people": people}


def _state(key: SigningKey | SigningKeyProposed, now: datetime) -> str:
    """As people call it: a key in force outside its time is not yet valid, or has ended."""
    if isinstance(key, SigningKeyProposed):
        return "proposed"
    if key.state == "in force" and not key.valid_from <= now < key.valid_until:
        return "not yet valid" if now < key.valid_from else "ended"
    return key.state


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Malformed(f"{text!r} is no instant with its offset.", field="from", value=text, way_out="Write 2026-03-27T12:00:00Z.")
    return instant

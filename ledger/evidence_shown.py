"""The evidence of what happened to a transfer, shown and verified anew from what is stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from typing import Literal, NamedTuple
from uuid import UUID

from ledger.application import Ledger
from ledger.bootstrap import Service
from ledger.domain import ids
from ledger.eventstore.evidence import evidence_of
from ledger.eventstore.mapper import read_state
from ledger.eventstore.records import Evidence
from ledger.evidence import joined
from ledger.evidence_check import Stated, digest_fits, read_base, wrong_with
from ledger.key_times import KeyTimes
from ledger.messages.behind import messages_behind
from ledger.messages.received import keys_of_cause
from ledger.privacy.received import ReceivedMessage
from ledger.privacy.records import RecordKind
from ledger.projections.audit_trail import TrailEntry

Body = Literal["verifies", "body erased", "body not kept", "body differs"]


class EvidenceShown(NamedTuple):
    """The signed request behind one command. ``wrong`` says why it proves nothing, None when it proves that ``actor`` asked; ``base`` is
    what was signed, ``signature`` in hex. A command asked without a signature has none of all this: ``key_id`` is None then."""

    position: int
    actor: str
    what: str
    command: UUID
    key_id: str | None = None
    created: datetime | None = None
    nonce: str | None = None
    target: str | None = None
    wrong: str | None = None
    body: Body | None = None
    base: str | None = None
    signature: str | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing about it is wrong; what was erased or never kept is not."""
        return self.wrong is None and self.body != "body differs"


def evidence_of_trail(ledger: Ledger, trail: Iterable[TrailEntry]) -> list[EvidenceShown]:
    """The evidence of every command in a trail, in their order; what a message asked for shows the message's."""
    first: dict[UUID, TrailEntry] = {}
    for entry in trail:
        first.setdefault(entry.command, entry)
    of_messages = {
        command: [ids.command_id(ledger.corridor_code, entry.actor, key) for key in keys_of_cause(entry.cause)]
        for command, entry in first.items()
        if entry.cause
    }
    found = evidence_of(ledger.log_store.pool, ledger.corridor_code, {*first, *chain.from_iterable(of_messages.values())})
    keys = key_times(ledger)
    shown = []
    for command, entry in first.items():
        asked_by = next((one for one in (command, *of_messages.get(command, ())) if one in found), command)
        what = entry.topic.rpartition(".")[0]
        bare = EvidenceShown(entry.position, entry.actor, what, command)
        evidence = found.get(asked_by)
        shown.append(bare if evidence is None else _verified(ledger, bare, asked_by, evidence, recorded_at=entry.recorded_at, keys=keys))
    return shown


def messages_of_trail(service: Service, corridor: str, trail: Iterable[TrailEntry]) -> list[ReceivedMessage]:
    """The messages that made the steps of a trail happen, as they were received; the oldest first."""
    return messages_behind(service, corridor, ((entry.actor, entry.cause) for entry in trail))


def key_times(ledger: Ledger) -> KeyTimes:
    """When which key of the corridor was in force."""
    times = KeyTimes()
    for row in ledger.log_store.select_stream(ids.keys_stream(ledger.corridor_code)):
        times.take(*read_state(row.topic, row.state))
    return times


def _verified(
    ledger: Ledger, bare: EvidenceShown, command: UUID, evidence: Evidence, *, recorded_at: datetime, keys: KeyTimes
) -> EvidenceShown:
    wrong = wrong_with(
        evidence.base,
        evidence.signature,
        corridor=ledger.corridor_code,
        command=command,
        partner=bare.actor,
        recorded_at=recorded_at,
        keys=keys,
    )
    shown = bare._replace(wrong=wrong, base=evidence.base.decode(errors="replace"), signature=evidence.signature.hex(), key_id="")
    stated = read_base(evidence.base)
    if stated is None:
        return shown
    return shown._replace(
        key_id=stated.key_id,
        created=stated.created,
        nonce=stated.nonce,
        target=f"{stated.components.get('@method', '')} {stated.path}",
        body=_body(ledger, command, evidence, stated),
    )


def _body(ledger: Ledger, command: UUID, evidence: Evidence, stated: Stated) -> Body:
    """What has become of the body; its contents are shown to nobody."""
    if evidence.body is not None:
        body = ledger.body_cipher().open(command, evidence.body)
        return "verifies" if body is not None and digest_fits(stated, body) else "body differs"
    keepers = [subject for subject in (evidence.body_with, evidence.body_and) if subject is not None]
    if not keepers:
        return "body not kept"
    kept = ledger.vault.read_many(keepers)
    if len(kept) < len(keepers):
        return "body erased"
    parts = [kept[subject].get(RecordKind.BODY) for subject in keepers]
    try:
        whole = joined(*parts) if len(parts) == 2 else parts[0] or kept[keepers[0]].get(RecordKind.MESSAGE)  # type: ignore[arg-type] # what is no bytes is caught
    except (ValueError, TypeError):
        return "body differs"
    return "verifies" if isinstance(whole, bytes) and digest_fits(stated, whole) else "body differs"

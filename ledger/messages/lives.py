"""A transfer's life as the log has it, for whoever tells a bank about one step of it, with the parties as the vault keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

from ledger.bootstrap import Service
from ledger.domain.aggregate import DecidedEvent
from ledger.domain.pricing import Pricing
from ledger.domain.terms import Terms
from ledger.domain.transfer_events import TransferDispatched, TransferInitiated
from ledger.errors import UnknownCorridor
from ledger.eventstore.mapper import EventMapper
from ledger.iso20022.characters import in_x, latin
from ledger.iso20022.latin_form import latin_party
from ledger.iso20022.parties import Account, Address, Agent, Birth, Identification, Party, is_iban
from ledger.iso20022.status_report import OriginalMessage
from ledger.iso20022.values import read_date
from ledger.messages.told import message_id
from ledger.privacy.commitments import openings_of
from ledger.privacy.records import RecordKind, Records

EventT = TypeVar("EventT", bound=DecidedEvent)
# Of a town of birth, an account's number, a document's number (Max35Text, Max34Text); one letter may become two.
_TOWN_MAX, _ACCOUNT_MAX, _NUMBER_MAX = 35, 34, 35
NOT_PROVIDED = "NOTPROVIDED"
"""What stands in a required reference that nobody gave, or that was erased with the person it belonged to."""


class Happened(NamedTuple):
    """An event of the transfer and where the log has it."""

    position: int
    boundary: int
    recorded_at: datetime
    event: DecidedEvent


class References(NamedTuple):
    """What a bank knows the transfer by. ``message_id`` and ``message`` (``pacs.008.001.08``) name the message it came in,
    which was made at ``created_at``; of one that came over the API they say so."""

    message_id: str = NOT_PROVIDED
    message: str = "pacs.008.001.08"
    created_at: datetime | None = None
    instruction_id: str | None = None
    end_to_end_id: str = NOT_PROVIDED
    transaction_id: str | None = None
    remittance: str = ""

    @property
    def original(self) -> OriginalMessage:
        """The message, as answers name it."""
        return OriginalMessage(self.message_id, self.message, self.created_at)


class KnownParty(NamedTuple):
    """A debtor or creditor, and the account they have, if any."""

    party: Party
    account: Account | None


@dataclass(frozen=True, slots=True)
class Life:
    """All events of a transfer, oldest first, and what the vault still holds of its parties. ``agreements`` are all terms, by version."""

    corridor: str
    uetr: UUID
    events: tuple[Happened, ...]
    agreements: Mapping[int, Terms]
    vault: Mapping[UUID, Records]

    @property
    def initiated(self) -> TransferInitiated:
        return cast(TransferInitiated, self.events[0].event)

    @property
    def pricing(self) -> Pricing:
        return self.initiated.pricing

    def at(self, position: int) -> Step:
        """The step that the log has at this position."""
        return Step(self, next(happened for happened in self.events if happened.position == position))

    def sent_on(self) -> References:
        """What the creditor agent knows the transfer by: the message in which it was sent on, second of those at its dispatch."""
        step = Step(self, next(one for one in self.events if isinstance(one.event, TransferDispatched)))
        return References(
            message_id=message_id(self.corridor, step.here.position, 1),
            message=step.terms.message_version(step.creditor_agent, "pacs.008"),
            created_at=step.said_at,
            instruction_id=str(step.here.position),
            end_to_end_id=_reference(self.references().end_to_end_id),
        )

    @property
    def settlement_date(self) -> date:
        """The interbank settlement date that it was sent on with."""
        return Step(self, next(one for one in self.events if isinstance(one.event, TransferDispatched))).settlement_date

    def references(self) -> References:
        """What the debtor agent knows it by, as far as it was given and is still kept."""
        kept = self.vault.get(self.initiated.debtor)
        if kept is None:
            return References()
        record = cast("dict[str, Any]", kept[RecordKind.REFERENCE])
        message = record.get("message", {})
        return References(
            message_id=message.get("message_id", NOT_PROVIDED),
            message=message.get("version", "pacs.008.001.08"),
            created_at=datetime.fromisoformat(message["created_at"]) if message else None,
            instruction_id=message.get("instruction_id") or None,
            end_to_end_id=record["end_to_end_id"] or NOT_PROVIDED,
            transaction_id=message.get("transaction_id") or None,
            remittance=record["remittance"],
        )

    def party(self, subject: UUID) -> KnownParty | None:
        """The debtor or creditor by their id in the vault; None when they were erased."""
        kept = self.vault.get(subject)
        if kept is None:
            return None
        return _party({opening.field: opening.value for opening in openings_of(kept[RecordKind.PARTY])})


class Step(NamedTuple):
    """One event of a transfer, in the light of those before it and of those of the same commit, and of nothing after."""

    life: Life
    here: Happened

    @property
    def terms(self) -> Terms:
        """The terms that the step was decided under."""
        return self.life.agreements[self.here.event.terms]

    @property
    def said_at(self) -> datetime:
        """When the log has it, to the second, as messages say it."""
        return self.here.recorded_at.replace(microsecond=0)

    @property
    def settlement_date(self) -> date:
        """The value date of what is settled by this step, in the settlement currency's calendar."""
        return self.terms.settlement.calendar.dates(self.here.event.timestamp).value

    @property
    def debtor_agent(self) -> str:
        return self.life.pricing.debtor_agent

    @property
    def creditor_agent(self) -> str:
        return self.life.pricing.creditor_agent

    def agent(self, participant: str) -> Agent:
        """A bank of the corridor as messages name it."""
        return Agent(bic=self.terms.participant(participant).bic)

    def before(self, kind: type[EventT]) -> list[EventT]:
        """The events of this kind that happened before."""
        return [one.event for one in self.life.events if isinstance(one.event, kind) and one.position < self.here.position]


def read_lives(service: Service, corridor: str, uetrs: Iterable[UUID]) -> dict[UUID, Life]:
    """These transfers' lives, by UETR: three reads for all of them. Raises UnknownCorridor."""
    agreements, events = read_agreements(service, corridor), _read_events(service, corridor, uetrs)
    begun = [cast(TransferInitiated, happened[0].event) for happened in events.values()]
    vault = service.vault.read_many({subject for one in begun for subject in (one.debtor, one.creditor)}) if begun else {}
    return {uetr: Life(corridor, uetr, happened, agreements, vault) for uetr, happened in events.items()}


def read_agreements(service: Service, corridor: str) -> dict[int, Terms]:
    """All terms of a corridor, by version. Raises UnknownCorridor."""
    opened = service.ledger(corridor).corridor_or_none()
    if opened is None:
        raise UnknownCorridor.never_opened(corridor)
    return {terms.version: terms for terms in opened.agreements}


def read_terms_versions(service: Service, corridor: str, streams: Iterable[UUID]) -> dict[int, int]:
    """Under which version of the terms each event of these streams was decided, by its position."""
    events = _read_events(service, corridor, streams)
    return {happened.position: happened.event.terms for stream in events.values() for happened in stream}


def _read_events(service: Service, corridor: str, streams: Iterable[UUID]) -> dict[UUID, tuple[Happened, ...]]:
    ledger = service.ledger(corridor)
    mapper = cast(EventMapper, ledger.mapper)
    return {
        stream: tuple(
            Happened(
                row.position,
                row.boundary,
                row.recorded_at,
                cast(DecidedEvent, mapper.decode(row.stream_id, row.stream_version, row.topic, row.state)),
            )
            for row in rows
        )
        for stream, rows in ledger.log_store.read_streams(dict.fromkeys(streams, 0)).items()
    }


def _reference(text: str) -> str:
    """An end-to-end id that another bank can carry; one that it cannot was not provided."""
    fits = in_x(text) and not text.startswith("/") and not text.endswith("/") and "//" not in text
    return text if fits else NOT_PROVIDED


def in_set_x(text: str) -> str:
    """A number or reference in the characters that all banks can carry; a point for what is none of them."""
    return "".join(character if in_x(character) else "." for character in latin(text))


def _party(values: Mapping[str, str]) -> KnownParty:
    """In the characters of messages."""
    address = Address(
        street=values.get("street"),
        building_number=values.get("building_number"),
        post_code=values.get("post_code"),
        town=values.get("town"),
        country=values.get("country"),
    )
    born_on = read_date(values.get("birth_date", ""))
    birth = None
    if born_on is not None and "birth_town" in values and "birth_country" in values:
        # The standard wants all three or none.
        birth = Birth(born_on, latin(values["birth_town"])[:_TOWN_MAX], values["birth_country"])
    document, number = values.get("document"), values.get("account")
    account = None
    if number is not None:
        account = Account(iban=number) if is_iban(number) else Account(other=in_set_x(number)[:_ACCOUNT_MAX])
    party = Party(
        name=values["name"],
        native_name=values.get("native_name"),
        address=None if address == Address() else address,
        birth=birth,
        identifications=(Identification(in_set_x(document)[:_NUMBER_MAX]),) if document else (),
    )
    return KnownParty(latin_party(party), account)

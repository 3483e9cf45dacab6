"""Rate sheets that a participant sends, in the shape Bank Al-Maghrib publishes: read, then published as its own."""

from __future__ import annotations

from hashlib import sha256
from zoneinfo import ZoneInfo

from ledger.application import Asked
from ledger.batching import Answer
from ledger.bootstrap import Service
from ledger.commands import PublishRateSheet
from ledger.evidence import SignedRequest
from ledger.fx.bank_al_maghrib import SOURCE, read_bank_al_maghrib


def import_rate_sheet(
    service: Service, corridor: str, actor: str, data: bytes, *, source: str = SOURCE, signed: SignedRequest | None = None
) -> Answer:
    """Publishes a sheet as ``actor``'s; ``source`` names who fixed the rates. It serves from its own instant on for as long as the terms
    let a sheet serve. The same sheet sent again changes nothing. ``signed`` is the request that it came in, where that was signed.

    Raises UnreadableRates, RateSheetInvalid when it contradicts itself, UnknownCorridor, UnknownParticipant.
    """
    ledger = service.ledger(corridor)
    terms = ledger.terms()
    participant = terms.participant(actor)
    sheet = read_bank_al_maghrib(data, base=participant.currency, zone=ZoneInfo(participant.calendar.zone), source=source)
    name = f"{actor}-{sheet.published_at:%Y-%m-%d}-{sheet.digest[:8]}"
    command = PublishRateSheet(
        corridor=corridor,
        actor=actor,
        idempotency_key=f"rates/{name}",
        cause=source,
        sheet=name,
        rates=dict(sheet.prices),
        valid_from=sheet.published_at,
        valid_until=sheet.published_at + terms.sheet_life,
        source=source,
    )
    return ledger.execute(command, Asked("FILE", f"rates/{name}", sha256(data).digest(), signed))

"""Hostile messages at the ledger's door: each is answered whole or leaves nothing, and the books hold afterwards."""

from __future__ import annotations

import re
from collections import Counter

from ledger.bootstrap import Service
from ledger.errors import LedgerError
from ledger.iso20022.errors import UnreadableMessage
from ledger.messages.incoming import HANDLERS, take_in
from ledger.sandbox.generator import generate_pacs008
from ledger.verify import verify
from tests.integration.serviced import facts
from tests.unit.hostile_messages import hostile
from tests.unit.message_samples import SAMPLES

MESSAGES = 400
ACTORS = ("abb", "abb", "psbc", "bank:settlement")
_ID = re.compile(rb"<(MsgId|Id)>[^<]*</")


def message(number: int) -> bytes:
    """Every other one is a file that this corridor would take, the others go through the kinds; each under an id of its own."""
    others = [kind for kind in sorted(HANDLERS) if kind != "pacs.008"]
    if number % 2 == 0 or not others:
        return generate_pacs008(number, 2, facts(with_release_condition=False))
    sample = SAMPLES[others[number // 2 % len(others)]]
    return _ID.sub(rb"<\1>HOSTILE-%d</" % number, sample, count=1)


def test_a_hostile_message_is_answered_or_leaves_nothing(service: Service, corridor: str) -> None:
    """What is refused as a whole moves the log by nothing; what is answered is answered for every transfer in it."""
    log = service.ledger(corridor).log_store
    ends: Counter[str] = Counter()
    for number in range(MESSAGES):
        data = hostile(message(number), ("take in", number))
        before = log.head().position
        try:
            taken = take_in(service, corridor, ACTORS[number % len(ACTORS)], data)
        except UnreadableMessage:
            ends["unreadable"] += 1
            assert log.head().position == before, number
        except LedgerError:
            ends["refused"] += 1
            assert log.head().position == before, number
        else:
            ends[taken.status] += 1
            assert taken.items, number
            assert taken.position <= log.head().position
    assert set(ends) >= {"unreadable", "refused", "accepted", "part", "rejected"}
    report = verify(service.pool, corridor)
    assert report.ok, [rule for rule in report.rules.values() if not rule.ok]

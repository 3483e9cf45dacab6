"""A draft lets go of what it worked on."""

from __future__ import annotations

import gc
import weakref
from typing import Any, cast

from eventsourcing.persistence import JSONTranscoder

from ledger.answers import Request
from ledger.draft import Draft
from ledger.eventstore.mapper import EventMapper
from ledger.eventstore.records import LOG_BEGINNING, End
from ledger.waiting import Waiting
from tests.unit.corridor_fixtures import CORRIDOR, NOW, OPEN, initiate


def test_a_sealed_draft_leaves_nothing_for_the_garbage_collector() -> None:
    """What a batch made goes when its last reader goes: a circle would keep it all until the collector has looked for it."""
    draft = Draft(CORRIDOR, End(0, LOG_BEGINNING), NOW, lambda _: None, dict.fromkeys)
    draft.decide_all([Waiting(Request(OPEN, b"f" * 32), cast(Any, None))], assume=False)
    books = weakref.ref(draft._books)
    gc.collect()
    gc.disable()
    try:
        decided = draft.seal(EventMapper(JSONTranscoder()))
        assert books() is None
        assert len(decided.answers) == 1
    finally:
        gc.enable()


def test_a_refusal_leaves_nothing_for_the_garbage_collector() -> None:
    """The traceback of a refusal knows the frames that knew it: kept, it would keep the whole batch. The commit names the stream that the
    refused command was to begin, since nothing else of it says that this was taken not to exist."""
    draft = Draft(CORRIDOR, End(0, LOG_BEGINNING), NOW, lambda _: None, dict.fromkeys)
    refused = initiate(1)
    gc.collect()
    gc.disable()
    try:
        draft.decide_all([Waiting(Request(refused, b"f" * 32), cast(Any, None))])
        books = weakref.ref(draft._books)
        decided = draft.seal(EventMapper(JSONTranscoder()))
        assert books() is None
        assert decided.answers[0].receipt.answer.startswith(b'{"refusal"')
        assert decided.addition.absent == [refused.uetr]
    finally:
        gc.enable()

"""Hostile messages, by the thousand: whatever comes, a reader answers with what it read or with a named refusal, and in time."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from ledger.iso20022.errors import UnreadableMessage
from ledger.iso20022.fields import DEFAULT_LIMITS
from ledger.iso20022.readers import READERS, findings_in
from ledger.iso20022.schemas import OfficialSchemas, find_document
from ledger.iso20022.xml import identify, opening
from ledger.messages.conformance import GuidelineVerdict, verdict_on
from tests.unit.hostile_messages import hostile
from tests.unit.message_samples import SAMPLES

# Together more than twenty thousand, in blocks small enough to say where one went wrong.
BLOCKS, BLOCK = 8, 250
# What no message takes: a reader that is still at it hangs.
HANGING_SECONDS = 60


@contextmanager
def ended_when_hanging(what: object) -> Iterator[None]:
    """Fails a test in which one message is still being read after a minute."""

    def hanging(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"{what} hangs")

    before = signal.signal(signal.SIGALRM, hanging)
    signal.alarm(HANGING_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def read_every_way(kind: str, data: bytes) -> str:
    """Reads it as its kind, whatever it says it is, and as a stranger would; any error but a named refusal passes through."""
    told = ""
    for read in (identify, opening, lambda message: READERS[kind](message, DEFAULT_LIMITS)):
        try:
            result = read(data)
        except UnreadableMessage as refused:
            assert refused.code and str(refused)
            told = refused.code
            continue
        for finding in findings_in(result):
            assert finding.rule and finding.sentence and finding.reason_code
            told = finding.rule
    return told


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.parametrize("kind", SAMPLES)
def test_no_damage_brings_a_reader_down(kind: str, block: int) -> None:
    """Flipped bits, missing, doubled, moved and renamed elements, hostile texts, encodings, entities, depth and weight."""
    told = set()
    for number in range(block * BLOCK, (block + 1) * BLOCK):
        data = hostile(SAMPLES[kind], (kind, number))
        with ended_when_hanging((kind, number)):
            told.add(read_every_way(kind, data))
    # Nothing is proven by messages that are all refused for one reason.
    assert len(told) > 6


def test_there_are_samples_of_every_message_that_is_read() -> None:
    """A new reader comes with its sample, and twenty thousand damaged messages are read in all."""
    assert set(SAMPLES) == set(READERS)


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_samples_themselves_are_taken(kind: str) -> None:
    """Damage is done to messages that were good: no finding, and nothing in the way."""
    assert list(findings_in(READERS[kind](SAMPLES[kind], DEFAULT_LIMITS))) == []


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_report_has_a_verdict_on_whatever_comes(kind: str) -> None:
    """Fit, or with the reason why not; the Document is found wherever the form allows it to stand."""
    for number in range(100):
        data = hostile(SAMPLES[kind], ("report", kind, number))
        with ended_when_hanging((kind, number)):
            verdict = verdict_on("one.xml", data, OfficialSchemas(None))
            assert verdict.fit or verdict.reason or verdict.guideline is GuidelineVerdict.NOT_OURS
            try:
                identify(data)
            except UnreadableMessage:
                continue
            found = find_document(data)
            assert found is not None and found.document is not None

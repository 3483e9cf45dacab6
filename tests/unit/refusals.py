"""How tests state a refusal: its class, the field and the value it names; its sentences are checked for their form."""

from __future__ import annotations

from collections.abc import Callable

from ledger.errors import Refusal


def refuses(refusal: type[Refusal], field: str, value: object, when: Callable[[], object]) -> None:
    """``when`` is refused with exactly this."""
    try:
        answer: object = when()
    except Refusal as refused:
        answer = refused
    check_refusal(answer, refusal, field, value)


def check_refusal(answer: object, refusal: type[Refusal], field: str, value: object) -> None:
    """The answer is this very refusal, and it tells people what happened and what to do in whole sentences."""
    assert isinstance(answer, Refusal), f"not refused: {answer}"
    assert (type(answer), answer.field, answer.value) == (refusal, field, str(value)), f"{type(answer).__name__}: {answer}"
    for sentence in (answer.detail, answer.way_out):
        assert sentence.endswith("."), f"not a sentence: {sentence!r}"

"""What a verification keeps of each transfer is the same whether it stayed in memory or was put aside and came back."""

from __future__ import annotations

from contextlib import closing
from itertools import count

from hypothesis import example, given
from hypothesis import strategies as st

from ledger.verify.aside import Aside
from ledger.verify.lives import Life

STREAMS = st.sampled_from([0, 1, 2, 3, 4, (1 << 24) + 1, (1 << 127) + 2, (1 << 128) - 1])
TEXTS = st.text(max_size=5)
AMOUNTS = st.integers() | st.integers(min_value=2**63, max_value=2**130)
LIVES = st.builds(
    Life,
    instructed=AMOUNTS, fee=AMOUNTS, settlement=AMOUNTS, remuneration=AMOUNTS, payable=AMOUNTS, debtor_cash=TEXTS, creditor_cash=TEXTS,
    condition=st.booleans(), state=TEXTS, before=TEXTS, frozen=st.booleans(), unknown=st.booleans(), funded=st.booleans(),
    returned_payout=AMOUNTS, returned_settlement=AMOUNTS, returned_instructed=AMOUNTS, last_position=AMOUNTS,
    return_ids=st.none() | st.sets(TEXTS), recalls=st.none() | st.dictionaries(TEXTS, TEXTS),
)  # fmt: skip


def packed(numbers: list[int]) -> str:
    return ",".join(map(str, numbers))


def unpacked(text: str) -> list[int]:
    return list(map(int, text.split(",")))


@given(room=st.integers(1, 5), steps=st.lists(st.tuples(STREAMS, st.sampled_from(["get", "put", "change", "order"]))))
@example(room=1, steps=[(stream, "put") for stream in (3, 1, 2)] + [(3, "change"), (1, "get"), (3, "get"), (0, "get")])
def test_a_store_with_hardly_any_room_is_a_dictionary(room: int, steps: list[tuple[int, str]]) -> None:
    """Whatever is put, got, changed in place or asked for in order, in any order, the answers are a dictionary's."""
    plain: dict[int, list[int]] = {}
    numbers = count()
    with closing(Aside[list[int]](packed, unpacked, room)) as aside:
        for stream, step in steps:
            if step == "put":
                plain[stream] = [number := next(numbers)]
                aside.put(stream, [number])
            elif step == "order":
                assert list(aside.in_order(lambda: None)) == sorted(plain.items())
            else:
                found = aside.get(stream)
                assert found == plain.get(stream)
                if found is not None and step == "change":
                    plain[stream].append(number := next(numbers))
                    found.append(number)
        assert [aside.get(stream) for stream in plain] == list(plain.values())
        assert list(aside.in_order(lambda: None)) == sorted(plain.items())


@given(LIVES)
def test_a_life_that_was_packed_comes_back_equal(life: Life) -> None:
    """With every return id and every recall, and with numbers that no amount should have but a forged one may."""
    assert Life.unpacked(life.packed()) == life


def test_somebody_may_rest_while_the_last_ones_are_put_aside() -> None:
    """Before the first one is handed over; and nobody is asked to where all of them stayed in memory."""
    for room, rests in ((1_000, 0), (999, 3)):
        asked = count()
        with closing(Aside[int](int, int, room)) as aside:
            for stream in range(1_000, 0, -1):
                aside.put(stream, stream)
            assert list(aside.in_order(lambda asked=asked: next(asked))) == [(stream, stream) for stream in range(1, 1_001)]
        assert next(asked) == rests

"""Damaged messages: whatever happens to their bytes, the readers answer with a result or a named refusal, never with a crash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.iso20022.errors import UnreadableMessage
from ledger.iso20022.fields import DEFAULT_LIMITS
from ledger.iso20022.readers import READERS
from tests.unit.message_samples import SAMPLES

SPLINTERS = [b"", b"<", b"</", b"&", b"]]>", b"<!--", b"\x00", b"\xff", b"-1", b"1e9", b"NaN", b"9" * 40, "٣".encode(), b"2026-02-30", b">"]


@pytest.mark.parametrize("kind", SAMPLES)
@given(data=st.data())
def test_damage_anywhere_is_refused_by_name_or_changes_nothing_that_matters(kind: str, data: st.DataObject) -> None:
    """Up to four splinters replace stretches of the message."""
    damaged = SAMPLES[kind]
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(damaged)))
        length = data.draw(st.integers(0, 40))
        damaged = damaged[:start] + data.draw(st.sampled_from(SPLINTERS)) + damaged[start + length :]
    try:
        READERS[kind](damaged, DEFAULT_LIMITS)
    except UnreadableMessage as refused:
        assert refused.code and str(refused)

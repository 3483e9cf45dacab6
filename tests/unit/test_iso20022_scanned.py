"""Files scanned to their end and read afterwards: the same transfers and faults as when they are read at once, kept small in between."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.bench.file import joined
from ledger.iso20022 import errors, target
from ledger.iso20022.fields import Fields, Limits
from ledger.iso20022.packed import Packer
from ledger.iso20022.pacs008 import ScannedFile, read_pacs008
from ledger.sandbox.generator import CorridorFacts, generate_pacs008
from ledger.sandbox.planted_faults import generate_faulty_pacs008

FACTS = CorridorFacts(
    debtor_agent_bic="ABBMMAMCXXX",
    creditor_agent_bic="PSBCCNBJXXX",
    settlement_date=date(2026, 3, 27),
    opens_at=datetime(2026, 3, 26, tzinfo=ZoneInfo("Africa/Casablanca")),
)
FAULTY = generate_faulty_pacs008(3, 60, FACTS).data
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)


def test_a_scanned_file_gives_what_reading_it_at_once_gives_as_often_as_asked() -> None:
    """Group header, transfers and faults, a UETR that comes twice among them."""
    scanned, read = ScannedFile(FAULTY), read_pacs008(FAULTY)
    assert {fault.rule for fault in read.faults} >= {"uetr-repeated"}
    assert (scanned.group, len(scanned)) == (read.group, 60)
    assert tuple(scanned) == read.outcomes
    assert tuple(scanned) == read.outcomes


@pytest.mark.parametrize("places", [0, 50, 150])
def test_a_file_full_of_unheard_of_elements_reads_the_same(places: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Places past what a stream keeps, and transfers that are not packed for it, change nothing but speed."""
    read = read_pacs008(FAULTY)
    monkeypatch.setattr(target, "_PLACES_KEPT_MAX", places)
    assert tuple(ScannedFile(FAULTY)) == read.outcomes


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda data: data[: len(data) // 2], errors.TruncatedMessage),
        (lambda data: data.replace(b"<NbOfTxs>60<", b"<NbOfTxs>61<"), errors.TransferCountWrong),
        (lambda data: data.replace(b"<CtrlSum>", b"<CtrlSum>1"), errors.ControlSumWrong),
    ],
)
def test_a_file_that_cannot_be_trusted_gives_no_transfer(spoil: Callable[[bytes], bytes], error: type[errors.UnreadableMessage]) -> None:
    """What shows only at its end is found before anything can be acted on."""
    with pytest.raises(error):
        ScannedFile(spoil(FAULTY))


def test_the_limits_hold_for_a_scanned_file() -> None:
    """As they do for one that is read at once."""
    with pytest.raises(errors.TooLarge):
        ScannedFile(FAULTY, Limits(file_bytes_max=1_000))


@given(st.dictionaries(TEXTS, TEXTS, max_size=5), st.lists(st.sampled_from(["a", "b/c", "é"]), max_size=4))
def test_a_packed_part_comes_back_as_it_was(values: dict[str, str], repeated: list[str]) -> None:
    """Texts, counts and repetitions, in their order."""
    fields = Fields()
    fields.values = values
    fields.repeated = repeated
    fields.counts = {path: 1 + repeated.count(path) for path in ("a", "b/c", "é", "empty")}
    back = Packer().packed(fields).unpacked()
    assert (back.values, list(back.values), back.counts, back.repeated) == (values, list(values), fields.counts, repeated)


def test_files_joined_for_a_bench_make_one_good_file() -> None:
    """All transfers of both, under the first one's message id, with their number and without a sum."""
    one, other = (generate_pacs008(seed, 3, FACTS) for seed in (1, 2))
    both = read_pacs008(joined([one, other]))
    assert both.group.message_id == read_pacs008(one).group.message_id
    assert (both.group.transfer_count, both.group.control_sum, both.faults) == (6, None, ())
    assert [t.uetr for t in both.transfers] == [t.uetr for file in (one, other) for t in read_pacs008(file).transfers]

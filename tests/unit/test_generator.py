"""The sandbox's files: repeatable, plausible, and read back as they were made; planted faults are found, all and only they."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.iso20022.credit_transfer import ConditionKind, CreditTransfer, Product
from ledger.iso20022.pacs008 import read_pacs008
from ledger.iso20022.parties import is_iban
from ledger.sandbox.generator import SEED_MAX, CorridorFacts, Dice, generate_pacs008, generate_transfers, parcel_number
from ledger.sandbox.planted_faults import PlantedKind, generate_faulty_pacs008

FACTS = CorridorFacts(
    debtor_agent_bic="AAAAMAMC",
    creditor_agent_bic="BBBBCNBJ",
    settlement_date=date(2026, 3, 27),
    opens_at=datetime(2026, 3, 27, tzinfo=ZoneInfo("Africa/Casablanca")),
)
STATED = replace(FACTS, settlement_currency="USD", instructed_per_settlement=Decimal("9.3341"))


@given(seed=st.integers(0, SEED_MAX), count=st.integers(1, 12), facts=st.sampled_from([FACTS, STATED]))
def test_what_is_generated_is_read_back_as_it_was(seed: int, count: int, facts: CorridorFacts) -> None:
    """Writing and reading lose nothing and find no fault, whatever the seed."""
    found = read_pacs008(generate_pacs008(seed, count, facts))
    assert found.outcomes == generate_transfers(seed, count, facts)
    assert found.group.transfer_count == count


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    """Seed, day and banks fix a file; none of its UETRs comes again in another."""
    tomorrow = replace(FACTS, settlement_date=date(2026, 3, 28))
    files = [generate_transfers(seed, 20, facts) for seed, facts in ((1, FACTS), (2, FACTS), (1, tomorrow))]
    assert generate_pacs008(1, 20, FACTS) == generate_pacs008(1, 20, FACTS)
    assert len({transfer.uetr for file in files for transfer in file}) == 60


def test_a_seed_gives_the_same_transfer_on_every_machine() -> None:
    """Pinned, so that a change of the generator is seen: a demo's story hangs on it."""
    first = generate_transfers(7, 3, FACTS)[0]
    assert (str(first.uetr), first.instructed_minor, first.debtor.name, first.creditor.native_name) == (
        "3e7b1973-8208-4adf-a204-30b0b5bee5ce",
        175_000,
        "Meryem Mansouri",
        "赵文博",
    )


def test_a_day_of_transfers_looks_like_one() -> None:
    """Amounts between 200 and 9,500 with many small ones, arrivals by day and in order, both scripts, every product and bearer."""
    day = generate_transfers(3, 600, FACTS)
    amounts = sorted(transfer.instructed_minor for transfer in day)
    assert amounts[0] >= 20_000 and amounts[-1] <= 950_000
    assert 80_000 <= amounts[300] < sum(amounts) // 600 <= 200_000
    arrivals = [transfer.accepted_at for transfer in day if transfer.accepted_at is not None]
    assert arrivals == sorted(arrivals) and len(arrivals) == 600
    assert {arrival.date() for arrival in arrivals} == {date(2026, 3, 27)}
    assert {transfer.product for transfer in day} == set(Product) - {Product.MERCHANT_QR}
    assert {transfer.charge_bearer.value for transfer in day} == {"DEBT", "SHAR", "CRED"}
    assert {transfer.purpose for transfer in day} == {"DEPD", "STDY", "SALA", "GDDS", "GIFT"}
    for transfer in day:
        assert transfer.debtor.name.isascii() and transfer.creditor.name.isascii()
        assert transfer.debtor.native_name and any("\u0600" <= letter <= "\u06ff" for letter in transfer.debtor.native_name)
        assert transfer.creditor.native_name and all("\u4e00" <= letter <= "\u9fff" for letter in transfer.creditor.native_name)
        assert transfer.debtor_account is None or is_iban(transfer.debtor_account.number)
        assert (transfer.debtor_account is None, transfer.creditor_account is None) == (
            transfer.product.takes_cash,
            transfer.product.pays_cash,
        )


def test_one_transfer_waits_for_its_parcel() -> None:
    """Exactly one carries a release condition, paid for goods, confirmed by the debtor's post."""
    (waiting,) = [transfer for transfer in generate_transfers(3, 50, FACTS) if transfer.release_condition]
    condition = waiting.release_condition
    assert condition is not None and waiting.purpose == "GDDS"
    assert (condition.kind, condition.confirmed_by, condition.deadline) == (
        ConditionKind.PARCEL_DELIVERED,
        "AAAAMAMC",
        FACTS.opens_at + timedelta(days=10, hours=18),
    )
    without = generate_transfers(3, 50, replace(FACTS, with_release_condition=False))
    assert [transfer for transfer in without if transfer.release_condition] == []


def test_evidence_is_what_the_terms_ask_for() -> None:
    """The facts pair purposes with evidence; the transfers carry it."""
    facts = replace(FACTS, purposes=(("DEPD", ("proof_of_kinship",)),))
    assert {transfer.evidence for transfer in generate_transfers(1, 5, facts)} == {("proof_of_kinship",)}


def test_a_parcel_number_has_its_check_digit() -> None:
    """The worked example of UPU S10: 47312482 has check digit 9."""

    class Fixed(Dice):
        def digits(self, length: int) -> str:
            return "47312482"

    assert parcel_number(Fixed(0), "CN") == "CP473124829CN"


@given(seed=st.integers(0, SEED_MAX), facts=st.sampled_from([FACTS, STATED]))
def test_every_planted_fault_is_found_and_nothing_else(seed: int, facts: CorridorFacts) -> None:
    """The reader's faults are those of the list; what only the ledger can refuse passes the reader."""
    file = generate_faulty_pacs008(seed, 30, facts)
    found = read_pacs008(file.data)
    assert [(fault.index, fault.uetr, fault.rule, len(fault.findings)) for fault in found.faults] == [
        (planted.index, planted.uetr, planted.rule, 1) for planted in file.planted if not planted.business
    ]
    assert len(found.transfers) == 30 - len(found.faults)
    assert {planted.kind for planted in file.planted} == set(PlantedKind)


def test_business_faults_are_good_messages_with_a_bad_wish() -> None:
    """Another currency, too much money, a purpose nobody agreed on."""
    kinds = (PlantedKind.WRONG_CURRENCY, PlantedKind.OVER_LIMIT, PlantedKind.UNKNOWN_PURPOSE)
    file = generate_faulty_pacs008(5, 10, FACTS, kinds)
    transfers = {transfer.index: transfer for transfer in read_pacs008(file.data).transfers}
    assert len(transfers) == 10

    def wish(transfer: CreditTransfer) -> tuple[object, ...]:
        good = transfer.instructed_currency == "MAD", transfer.instructed_minor <= 950_000, transfer.purpose != "DIVD"
        return tuple(good)

    assert [(planted.kind, planted.rule, wish(transfers[planted.index])) for planted in file.planted] == [
        (PlantedKind.WRONG_CURRENCY, "currency-not-accepted", (False, True, True)),
        (PlantedKind.OVER_LIMIT, "amount-over-limit", (True, False, True)),
        (PlantedKind.UNKNOWN_PURPOSE, "purpose-unknown", (True, True, False)),
    ]


@pytest.mark.parametrize("seed", [-1, SEED_MAX + 1])
def test_a_seed_that_fits_no_reference_is_refused(seed: int) -> None:
    """References hold at most 35 characters."""
    with pytest.raises(ValueError, match="a seed is a whole number"):
        generate_pacs008(seed, 1, FACTS)


def test_more_faults_than_transfers_are_refused() -> None:
    """The first transfer of a file is always good."""
    with pytest.raises(ValueError, match="cannot be drawn"):
        generate_faulty_pacs008(1, len(PlantedKind), FACTS)

"""What stands in messages, drawn by chance: texts, banks, people, amounts. All of it can be written and read again."""

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

from hypothesis import strategies as st

from ledger.iso20022.credit_transfer import GroupHeader
from ledger.iso20022.parties import Account, Address, Agent, Birth, Identification, Party
from ledger.iso20022.status_report import OriginalMessage
from ledger.iso20022.values import Amount

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)


def texts(length_max: int = 35) -> st.SearchStrategy[str]:
    """Texts of any script without white space at their ends."""
    letters = st.characters(exclude_categories=("C", "Z"))
    return st.text(letters, min_size=1, max_size=length_max)


UETRS = st.uuids(version=4)
DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2090, 12, 31))
INSTANTS = st.builds(
    lambda seconds, micros, minutes: (NOON + timedelta(seconds=seconds, microseconds=micros)).astimezone(
        timezone(timedelta(minutes=minutes))
    ),
    st.integers(0, 10**8),
    st.sampled_from([0, 120_000, 123_456]),
    st.sampled_from([0, 60, -210, 480]),
)
AMOUNTS = st.builds(Amount, st.integers(1, 10**15), st.sampled_from(["MAD", "CNY", "USD", "JPY", "TND"]))
BICS = st.sampled_from(["AAAAMAMC", "BBBBCNBJ", "BBBBCNBJ123", "CCCCUS33"])
LEIS = st.sampled_from(["5493001KJTIIGC8Y1R12"])
IBANS = st.sampled_from(["MA64350192537885096825410525"])
AGENTS = st.builds(
    Agent,
    bic=BICS,
    lei=st.none() | LEIS,
    name=st.none() | texts(140),
    clearing_member=st.none() | texts(20),
)
SOME_AGENTS = st.none() | AGENTS
UP_TO_THREE_AGENTS = st.lists(AGENTS, max_size=3).map(tuple)
ACCOUNTS = st.builds(Account, iban=IBANS, currency=st.none() | st.just("MAD"), name=st.none() | texts(70)) | st.builds(
    Account, other=texts(34)
)
ADDRESSES = st.builds(
    Address,
    street=st.none() | texts(70),
    building_number=st.none() | texts(16),
    post_code=st.none() | texts(16),
    town=texts(35),
    district=st.none() | texts(35),
    country=st.sampled_from(["MA", "CN", "VN", "LA"]),
    lines=st.lists(texts(70), max_size=2).map(tuple),
)
_IDENTIFICATION = st.builds(
    Identification, number=texts(), scheme=st.none() | st.sampled_from(["NIDN", "CCPT"]), issuer=st.none() | texts()
) | st.builds(Identification, number=texts(), scheme=texts(), scheme_is_code=st.just(False))
IDENTIFICATIONS = st.lists(_IDENTIFICATION, max_size=2).map(tuple)
PEOPLE = st.builds(
    Party,
    name=texts(140),
    address=st.none() | ADDRESSES,
    birth=st.none() | st.builds(Birth, on=DAYS, town=texts(), country=st.just("MA"), province=st.none() | texts()),
    identifications=IDENTIFICATIONS,
    country_of_residence=st.none() | st.just("CN"),
)
ORGANISATIONS = st.builds(
    Party, name=texts(140), address=st.none() | ADDRESSES, identifications=IDENTIFICATIONS, bic=BICS, lei=st.none() | LEIS
)
REGISTERED = st.builds(
    Party, name=texts(140), identifications=st.tuples(_IDENTIFICATION), country_of_residence=st.just("CN"), registered=st.just(True)
)
PARTIES = PEOPLE | ORGANISATIONS | REGISTERED
ORIGINALS = st.builds(
    OriginalMessage,
    message_id=texts(),
    message=st.sampled_from(["pacs.008.001.08", "pacs.009.001.11", "MT103", "MT103 STP"]),
    created_at=st.none() | INSTANTS,
)


def groups(count: int) -> st.SearchStrategy[GroupHeader]:
    """The header of a file of so many payments; the version is the writer's to say."""
    return st.builds(
        GroupHeader,
        message_id=texts(),
        created_at=INSTANTS,
        transfer_count=st.just(count),
        settlement_method=st.sampled_from(["INDA", "INGA", "CLRG"]),
        settlement_date=st.none() | DAYS,
        instructing_agent=SOME_AGENTS,
        instructed_agent=SOME_AGENTS,
    )


def uetr(number: int) -> UUID:
    """One of many that are easy to tell apart."""
    return UUID(f"{number:08x}-1111-4222-8333-444444444444")

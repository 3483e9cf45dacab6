"""Recalls, answers and announcements as Hypothesis makes them up: anything that the models can hold and a message can say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from hypothesis import strategies as st

from ledger.iso20022.camt056 import Recall, RecalledGroup, RecalledTransfer, Underlying
from ledger.iso20022.camt057 import AnnouncedReceipt, Announcement, Expectation, Notification
from ledger.iso20022.cases import Assignment, Case, CaseReason, OriginalTransfer, PartyOrAgent
from ledger.iso20022.parties import Account, Address, Agent, Party
from ledger.iso20022.resolution import (
    AnsweredGroup,
    AnsweredTransfer,
    CancellationDetails,
    RecallAnswer,
    Resolution,
    ResolvedBy,
)
from ledger.iso20022.status_report import OriginalMessage

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)

_LETTERS = "ABCabc019 /-?:().,'+éç邮政ⴰⵍبريدǎ"


def texts(longest: int = 35) -> st.SearchStrategy[str]:
    """A text without white space at its ends, such as a message keeps."""
    return st.text(_LETTERS, min_size=1, max_size=longest).map(str.strip).filter(bool)


uetrs = st.integers(0, 2**48 - 1).map(lambda number: UUID(f"{number >> 16:08x}-{number & 0xFFFF:04x}-4222-8333-444444444444"))
days = st.dates(date(2020, 1, 1), date(2035, 12, 31))
instants = st.builds(
    lambda microseconds, hours: (NOON + timedelta(microseconds=microseconds)).astimezone(timezone(timedelta(hours=hours))),
    st.integers(-(10**14), 10**14),
    st.integers(-11, 11),
)
amounts = st.tuples(st.integers(1, 10**15), st.sampled_from(["MAD", "CNY", "USD", "VND"]))
sums = st.decimals(Decimal(0), Decimal(10**12), places=2, allow_nan=False)
codes = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=4, max_size=4)
bics = st.sampled_from(["AAAAMAMC", "BBBBCNBJ", "CCCCUS33XXX"])
agents = st.builds(Agent, bic=bics, name=st.none() | texts(140))
addresses = st.builds(Address, street=st.none() | texts(70), town=texts(), country=st.sampled_from(["MA", "CN"]))
parties = st.builds(Party, name=texts(140), address=st.none() | addresses, bic=st.none() | bics)
parties_or_agents = st.builds(PartyOrAgent, agent=agents) | st.builds(PartyOrAgent, party=parties)
accounts = st.builds(Account, other=texts(34), currency=st.none() | st.sampled_from(["USD", "MAD"]))
cases = st.builds(Case, id=texts(), creator=parties_or_agents, reopened=st.none() | st.booleans())
assignments = st.builds(Assignment, id=texts(), assigner=parties_or_agents, assignee=parties_or_agents, created_at=instants)
original_messages = st.builds(OriginalMessage, message_id=texts(), message=texts(), created_at=st.none() | instants)
originals = st.builds(
    OriginalTransfer,
    uetr=uetrs,
    instruction_id=st.none() | texts(),
    end_to_end_id=st.none() | texts(),
    transaction_id=st.none() | texts(),
    clearing_reference=st.none() | texts(),
    amount=st.none() | amounts,
    settlement_date=st.none() | days,
    message=st.none() | original_messages,
)
_details = {"originator": st.none() | parties, "information": st.lists(texts(105), max_size=2).map(tuple)}
reason_codes = st.sampled_from(["AGNT", "CUST", "DUPL"])
worded_reasons = st.builds(CaseReason, code=reason_codes, **_details) | st.builds(CaseReason, proprietary=texts(), **_details)
reasons = st.lists(worded_reasons, min_size=1, max_size=2).map(tuple)


T = TypeVar("T")


def _numbered(made: list[list[T]]) -> list[list[tuple[int, T]]]:
    """The parts of groups, counted through the whole message."""
    numbers = iter(range(1, 1000))
    return [[(next(numbers), one) for one in group] for group in made]


def _apart(parts: list[list[tuple[OriginalTransfer, object, object]]]) -> bool:
    found = [original.uetr for group in parts for original, *_ in group]
    return len(set(found)) == len(found)


@st.composite
def recalls(draw: st.DrawFn) -> Recall:
    """A recall of up to a handful of transfers, each with a case and a reason somewhere."""
    part = st.tuples(originals, cases, reasons)
    made = draw(st.lists(st.lists(part, min_size=1, max_size=2), min_size=1, max_size=2).filter(_apart))
    count = sum(map(len, made))
    groups = st.none() | st.builds(
        RecalledGroup,
        message=original_messages,
        cancellation_id=st.none() | texts(),
        case=st.none() | cases,
        transfer_count=st.none() | st.integers(1, 99),
        control_sum=st.none() | sums,
        whole=st.none() | st.booleans(),
        reasons=st.just(()) | reasons,
    )
    stated = draw(st.none() | st.just(count))
    return Recall(
        assignment=draw(assignments),
        underlying=tuple(
            Underlying(
                tuple(
                    RecalledTransfer(
                        index=index,
                        original=original,
                        case=case,
                        cancellation_id=draw(st.none() | texts()),
                        reasons=why,
                        assigner=draw(st.none() | agents),
                        assignee=draw(st.none() | agents),
                    )
                    for index, (original, case, why) in group
                ),
                draw(groups),
            )
            for group in _numbered(made)
        ),
        case=draw(st.none() | cases),
        transfer_count=stated,
        control_sum=draw(st.none() | sums) if stated is not None else None,
        version=draw(st.sampled_from(["camt.056.001.08", "camt.056.001.11"])),
    )


@st.composite
def resolutions(draw: st.DrawFn) -> Resolution:
    """An answer to up to a handful of transfers, each agreed, refused or pending, and said as a whole where they agree."""
    part = st.tuples(originals, cases, reasons)
    made = draw(st.lists(st.lists(part, min_size=1, max_size=2), min_size=1, max_size=2).filter(_apart))
    one_for_all = draw(st.none() | st.sampled_from(RecallAnswer))
    groups = st.none() | st.builds(
        AnsweredGroup,
        message=original_messages,
        cancellation_id=st.none() | texts(),
        case=st.none() | cases,
        transfer_count=st.none() | st.integers(1, 99),
        control_sum=st.none() | sums,
        status=st.none() | st.sampled_from(["PACR", "RJCR", "ACCR", "PDCR"]),
        reasons=st.just(()) | reasons,
    )
    resolved_by = st.builds(
        ResolvedBy,
        end_to_end_id=st.none() | texts(),
        transaction_id=st.none() | texts(),
        uetr=st.none() | uetrs,
        amount=st.none() | amounts,
        settlement_date=st.none() | days,
        clearing_channel=st.none() | st.sampled_from(["RTGS", "RTNS"]),
    )

    def answered(index: int, original: OriginalTransfer, case: Case, why: tuple[CaseReason, ...]) -> AnsweredTransfer:
        answer = one_for_all or draw(st.sampled_from(RecallAnswer))
        silent = one_for_all is not None and draw(st.booleans())
        return AnsweredTransfer(
            index=index,
            original=original,
            case=case,
            status_id=draw(st.none() | texts()),
            status=None if silent else answer.transfer_status,
            answer=answer,
            reasons=why,
            resolved_by=draw(st.none() | resolved_by),
            assigner=draw(st.none() | parties_or_agents),
            assignee=draw(st.none() | parties_or_agents),
        )

    return Resolution(
        assignment=draw(assignments),
        details=tuple(
            CancellationDetails(tuple(answered(index, *parts) for index, parts in group), draw(groups)) for group in _numbered(made)
        ),
        case=draw(st.none() | cases),
        confirmation=one_for_all.confirmation if one_for_all else "PECR",
        version=draw(st.sampled_from(["camt.029.001.09", "camt.029.001.13"])),
    )


expectations = st.builds(
    Expectation,
    account=st.none() | accounts,
    owner=st.none() | parties_or_agents,
    servicer=st.none() | agents,
    related_account=st.none() | accounts,
    expected_on=days,
    debtor=st.none() | parties_or_agents,
    debtor_agent=st.none() | agents,
    intermediary=st.none() | agents,
)


@st.composite
def announcements(draw: st.DrawFn) -> Announcement:
    """An announcement of up to a handful of receipts."""
    part = st.tuples(texts(), amounts, expectations, st.none() | texts(), st.none() | uetrs, st.none() | codes)
    made = draw(st.lists(st.lists(part, min_size=1, max_size=2), min_size=1, max_size=2))
    return Announcement(
        message_id=draw(texts()),
        created_at=draw(instants),
        notifications=tuple(
            Notification(
                id=draw(texts()),
                receipts=tuple(AnnouncedReceipt(index, *parts) for index, parts in group),
                expectation=draw(expectations),
                total=draw(st.none() | amounts),
            )
            for group in _numbered(made)
        ),
        sender=draw(st.none() | parties_or_agents),
        version=draw(st.sampled_from(["camt.057.001.06", "camt.057.001.08"])),
    )

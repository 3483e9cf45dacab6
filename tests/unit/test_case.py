"""A compliance case: two different officers, and nobody else."""

from __future__ import annotations

import pytest

from ledger.domain import case_events as happened
from ledger.domain import ids
from ledger.domain.case import ComplianceCase
from ledger.domain.case_events import Opinion
from ledger.errors import CaseAlreadyDecided, NotPermitted, SecondOfficerNeeded
from tests.unit.corridor_fixtures import ABB, AMINA, BAO, CORRIDOR, OPERATOR, by, uetr
from tests.unit.history import Fact, fact, given, recorded, recorded_nothing
from tests.unit.refusals import refuses

STREAM = ids.case_stream(CORRIDOR, "hold-1")
CHEN = "officer:chen"
REASONS = "ee" * 32


def opened(kind: str = "hold") -> Fact:
    return fact(happened.CaseOpened, by(ABB), case="hold-1", kind=kind, uetr=uetr())


def said(officer: str, opinion: Opinion) -> Fact:
    return fact(happened.CaseOpinionGiven, by(officer), opinion=opinion, reasons=REASONS)


def decided(outcome: Opinion, first: str, second: str) -> Fact:
    return fact(happened.CaseDecided, by(second), outcome=outcome, officers=(first, second))


def case(*facts: Fact, kind: str = "hold") -> ComplianceCase:
    return given(ComplianceCase, STREAM, opened(kind), *facts)


def test_a_case_is_about_one_transfer() -> None:
    """It knows why it was opened."""
    recorded(ComplianceCase.open(STREAM, by(ABB), case="hold-1", kind="hold", uetr=uetr()), opened())


@pytest.mark.parametrize("opinion", ["clear", "reject"])
def test_two_officers_who_agree_decide(opinion: Opinion) -> None:
    """The first opinion decides nothing, the second agreeing one does, and both are named."""
    first = case()
    first.give_opinion(by(AMINA), opinion, REASONS)
    recorded(first, said(AMINA, opinion))
    assert first.outcome is None
    second = case(said(AMINA, opinion))
    second.give_opinion(by(BAO), opinion, REASONS)
    recorded(second, said(BAO, opinion), decided(opinion, AMINA, BAO))
    assert second.outcome == opinion


def test_one_officer_is_not_two() -> None:
    """Repeating oneself is refused."""
    once = case(said(AMINA, "clear"))
    refuses(SecondOfficerNeeded, "actor", AMINA, lambda: once.give_opinion(by(AMINA), "clear", REASONS))
    recorded_nothing(once)


def test_officers_who_disagree_need_a_third_or_a_change_of_mind() -> None:
    """Only two equal opinions of two officers decide; an officer's last word counts."""
    apart = (said(AMINA, "clear"), said(BAO, "reject"))
    third = case(*apart)
    third.give_opinion(by(CHEN), "reject", REASONS)
    recorded(third, said(CHEN, "reject"), decided("reject", BAO, CHEN))
    changed = case(*apart)
    changed.give_opinion(by(AMINA), "reject", REASONS)
    recorded(changed, said(AMINA, "reject"), decided("reject", BAO, AMINA))


@pytest.mark.parametrize("stranger", [ABB, OPERATOR, "system:deadlines"])
def test_only_officers_have_an_opinion(stranger: str) -> None:
    """Neither a bank's system nor an operator clears a hold."""
    open_case = case()
    refuses(NotPermitted, "actor", stranger, lambda: open_case.give_opinion(by(stranger), "clear", REASONS))
    recorded_nothing(open_case)


def test_a_case_is_decided_once() -> None:
    """A late opinion changes nothing."""
    done = case(said(AMINA, "clear"), said(BAO, "clear"), decided("clear", AMINA, BAO))
    refuses(CaseAlreadyDecided, "case", "hold-1", lambda: done.give_opinion(by(CHEN), "reject", REASONS))
    recorded_nothing(done)


def test_a_freeze_is_only_ever_lifted() -> None:
    """Opinions against lifting are kept and decide nothing, so the freeze stands and can still be lifted later."""
    upheld = case(said(AMINA, "reject"), kind="freeze")
    upheld.give_opinion(by(BAO), "reject", REASONS)
    recorded(upheld, said(BAO, "reject"))
    assert upheld.outcome is None
    later = case(said(AMINA, "reject"), said(BAO, "reject"), said(AMINA, "clear"), kind="freeze")
    later.give_opinion(by(BAO), "clear", REASONS)
    recorded(later, said(BAO, "clear"), decided("clear", AMINA, BAO))

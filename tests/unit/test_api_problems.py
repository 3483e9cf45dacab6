"""Where errors become HTTP: the table is complete, and what goes out tells nothing it should not."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from eventsourcing.persistence import InterfaceError, OperationalError, ProgrammingError

import api
import ledger
import reconciliation
from api.errors import RequestError
from api.problems import PROBLEMS, WORDS, code_of, problem_of, refusal_problem, respond
from ledger import errors as e

# Scripts that would act when imported.
NOT_MODULES = ("__main__",)


def every_error() -> Iterator[type[e.LedgerError]]:
    """Every class of error the project raises on purpose, wherever it is defined."""
    for package in (ledger, api, reconciliation):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(NOT_MODULES):
                importlib.import_module(module.name)
    waiting = [e.LedgerError]
    while waiting:
        error_class = waiting.pop()
        yield error_class
        waiting.extend(error_class.__subclasses__())


def test_every_error_of_the_project_has_its_row_in_the_table() -> None:
    """A new class of error is given a status and a title, or this names it."""
    ours = [c for c in every_error() if c.__module__.startswith(("ledger.", "api.", "reconciliation."))]
    missing = sorted(c.__qualname__ for c in ours if c not in PROBLEMS and not _speaks_for_itself(c))
    assert missing == []


def _speaks_for_itself(error_class: type[e.LedgerError]) -> bool:
    """Errors of start-up and of the inside are one problem each by their root: nobody outside can do anything about them."""
    return issubclass(error_class, e.Misconfigured) or not issubclass(
        error_class, e.Refusal | e.Malformed | e.Unavailable | RequestError | e.KeyReused | e.StillRunning | e.OutcomeUnknown
    )


def test_no_row_of_the_table_is_about_a_class_that_is_gone() -> None:
    """The table and the tree say the same, in both directions."""
    assert set(PROBLEMS) <= set(every_error())


def test_codes_are_unique_among_what_clients_can_meet() -> None:
    """Two problems with one type would be one problem to a client."""
    codes = [code_of(error_class) for error_class, kind in PROBLEMS.items() if kind.status != 500]
    assert sorted(codes) == sorted(set(codes))


def test_a_refusal_keeps_its_code_in_the_type_of_its_problem() -> None:
    """The code is public and stable: it is the same in the receipt, in a status message and here."""
    refusals = [c for c in every_error() if issubclass(c, e.Refusal) and c is not e.Refusal]
    assert [(c.code, code_of(c)) for c in refusals if c.code != code_of(c)] == []


def test_errors_without_words_of_their_own_have_words_in_the_table() -> None:
    """Messages written for the log of the operator never go out."""
    own_words = (e.Refusal, e.Malformed, RequestError)
    silent = [code_of(c) for c, kind in PROBLEMS.items() if not issubclass(c, own_words) and kind.status not in (500, 503)]
    assert sorted(set(silent) - set(WORDS)) == []


def test_a_refusal_says_what_was_wrong_with_what_and_what_to_do() -> None:
    """The whole body, from the stored answer."""
    stored = {
        "code": "floor-reached",
        "detail": "Account abb:position:USD stands at 0.00 and may not fall below -10.00; this would take 11.00.",
        "field": "account",
        "value": "abb:position:USD",
        "way_out": "Fund the position.",
        "transient": True,
    }
    problem = refusal_problem(stored, position=77, instance="urn:uuid:1d7e9f2c-40e5-5a0e-9f0b-7b7b8f6ad0a4")
    assert problem.model_dump(exclude_none=True) == {
        "type": "/problems/floor-reached",
        "title": "The account's floor is reached",
        "status": 409,
        "detail": "Account abb:position:USD stands at 0.00 and may not fall below -10.00; this would take 11.00.",
        "instance": "urn:uuid:1d7e9f2c-40e5-5a0e-9f0b-7b7b8f6ad0a4",
        "field": "account",
        "value": "abb:position:USD",
        "way_out": "Fund the position.",
        "transient": True,
        "position": 77,
    }


@pytest.mark.parametrize("error", [OperationalError("password of user x"), InterfaceError("connection"), e.Unavailable("host db-1")])
def test_a_database_that_is_down_is_told_as_such_and_nothing_more(error: Exception) -> None:
    """503 with Retry-After; hosts, users and statements stay inside."""
    response = respond(error)
    assert (response.status_code, response.headers["Retry-After"], problem_of(error)[0].model_dump(exclude_none=True)) == (
        503,
        "5",
        {
            "type": "/problems/unavailable",
            "title": "The service is not available",
            "status": 503,
            "detail": "The service cannot answer at present.",
            "way_out": "Try again shortly, a command with the same idempotency key.",
            "transient": True,
        },
    )


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("Yasmina"), ProgrammingError("column of Yasmina"), e.Misconfigured("/etc/key"), e.LedgerError("Yasmina")]
)
def test_a_fault_of_ours_tells_nothing_of_the_inside(error: Exception) -> None:
    """One problem for all of them: no stack, no message, no path."""
    assert problem_of(error)[0].model_dump(exclude_none=True) == {
        "type": "/problems/service-failed",
        "title": "The service failed",
        "status": 500,
        "detail": "The service failed at this request.",
        "way_out": "Report the instant to the operator; repeat a command only with its key.",
        "transient": False,
    }


def test_an_unknown_outcome_asks_for_the_same_key() -> None:
    """I5: asking again makes exactly one of the two true."""
    assert problem_of(e.OutcomeUnknown("connection lost in COMMIT"))[0].model_dump(exclude_none=True) == {
        "type": "/problems/outcome-unknown",
        "title": "The outcome is unknown",
        "status": 503,
        "detail": "Whether the command was done is not known.",
        "way_out": "Repeat it with the same idempotency key: the answer then says what became of it.",
        "transient": True,
    }

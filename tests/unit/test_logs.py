"""A log line tells where something went wrong and never what the wrong thing was."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from structlog.contextvars import bind_contextvars, clear_contextvars

from ledger.logs import configure_logging

NAME = "Yasmina Testouni"


@pytest.fixture
def written() -> Iterator[Callable[..., StringIO]]:
    """Sets logging up as a process would, and puts it back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    clear_contextvars()

    def set_up(**how: Any) -> StringIO:
        stream = StringIO()
        configure_logging(stream=stream, **how)
        return stream

    yield set_up
    root.handlers[:] = handlers
    root.setLevel(level)
    clear_contextvars()


def fail(name: str) -> None:
    """An exception whose words, and those of the one behind it, name a person."""
    try:
        raise ValueError(f"{name} is no amount")
    except ValueError as error:
        raise RuntimeError(f"cannot pay {name}") from error


@pytest.mark.parametrize("as_json", [True, False])
def test_an_exception_is_told_by_class_and_place(written: Callable[..., StringIO], as_json: bool) -> None:
    """Both, with the one behind it; their words may hold a name."""
    stream = written(as_json=as_json)
    try:
        fail(NAME)
    except RuntimeError:
        logging.getLogger("ledger.batching").exception("batch failed")
    line = stream.getvalue()
    assert (NAME in line, "RuntimeError at test_logs.py:" in line, "< ValueError at test_logs.py:" in line) == (False, True, True)
    assert line.count("\n") == 1


def test_a_line_is_one_object_with_what_was_bound_to_its_request(written: Callable[..., StringIO]) -> None:
    """Request, corridor and partner; fields that nobody listed are dropped."""
    stream = written(as_json=True, level=logging.INFO)
    bind_contextvars(request="r-1", corridor="abb-psbc", partner="abb")
    logging.getLogger("api.request_log").info("answered", extra={"status": 201, "position": 7, "debtor": NAME})
    line = json.loads(stream.getvalue())
    assert {name: value for name, value in line.items() if name != "at"} == {
        "message": "answered",
        "level": "info",
        "logger": "api.request_log",
        "request": "r-1",
        "corridor": "abb-psbc",
        "partner": "abb",
        "status": 201,
        "position": 7,
    }
    assert line["at"].endswith("Z")


def test_the_command_line_writes_plain_lines(written: Callable[..., StringIO]) -> None:
    """For people at a terminal; what is said below the level is not written."""
    stream = written(as_json=False)
    logging.getLogger("ledger.jobs").info("nothing of note")
    logging.getLogger("ledger.jobs").warning("the jobs of %s could not run: %s", "abb-psbc", "Unavailable")
    assert stream.getvalue() == "WARNING ledger.jobs: the jobs of abb-psbc could not run: Unavailable\n"


def test_libraries_that_tell_addresses_are_kept_quiet(written: Callable[..., StringIO]) -> None:
    """What a client library says about each request it makes is nobody's business."""
    stream = written(as_json=True, level=logging.INFO)
    logging.getLogger("httpx").info("HTTP Request: GET https://id.example/?code=secret")
    assert stream.getvalue() == ""

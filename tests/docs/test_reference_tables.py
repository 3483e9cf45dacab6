"""The tables of docs/reference say what the code says: each fails here when the two drift apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar
from unittest.mock import Mock

import typer
from fastapi.routing import APIRoute

from api.app import CORRIDOR_ROUTES
from api.errors import RequestError
from api.problems import PROBLEMS, code_of
from api.routes import health
from ledger import handlers
from ledger.cli import main as _cli  # noqa: F401 - importing it adds every command to the application
from ledger.cli.frame import EXIT_CODES, FOUND, OK, USAGE, app
from ledger.commands import Command
from ledger.domain import posting
from ledger.domain.aggregate import CreatedEvent, DecidedEvent, Event
from ledger.domain.permissions import PERMISSIONS
from ledger.domain.terms import MESSAGE_VERSIONS, STATEMENT_VERSIONS
from ledger.errors import Refusal
from ledger.iso20022 import admi002
from ledger.iso20022.case_rules import CaseRule
from ledger.iso20022.envelope import ISO_PREFIX
from ledger.iso20022.errors import UnreadableMessage, UnsupportedVersion
from ledger.iso20022.fields import DEFAULT_LIMITS
from ledger.iso20022.readers import READERS
from ledger.iso20022.rules import Rule
from ledger.iso20022.status_reasons import status_reason
from ledger.messages import credit_transfers, settlement_out, status_reports
from ledger.messages.incoming import HANDLERS
from ledger.messages.outgoing import TOLD
from ledger.settings import PREFIX, Settings
from ledger.verify import RULES
from reconciliation import errors as _statement_errors  # noqa: F401 - they belong to the tree of unreadable messages
from tests.docs.pages import table_rows

T = TypeVar("T")
MESSAGE = re.compile(r"[a-z]{4}\.\d{3}")


def descendants(kind: type[T]) -> Iterator[type[T]]:
    """Every class below this one."""
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


def listed(names: object) -> str:
    """A cell that lists names, as the tables write it."""
    return ", ".join(f"`{name}`" for name in names) or "–"  # type: ignore[attr-defined]


def plain(cell: str) -> str:
    """A cell with one or more names in ticks, as `table_rows` gives it, with the outer ticks back."""
    return cell if cell == "–" or not cell else f"`{cell}`"


def rows_of(page: str, *headings: str) -> list[list[str]]:
    """The rows of the tables under these headings, one after another."""
    return [row for heading in headings for row in table_rows(f"docs/reference/{page}.md", heading)]


def test_commands_are_those_of_the_handler_table() -> None:
    """Each command with the function that decides it and the fields it has beside those all commands have."""
    rows = rows_of(
        "commands",
        "The corridor",
        "Keys",
        "Messages, rates and quotes",
        "The life of a transfer",
        "Personal data",
        "Settlement and treasury",
        "Reconciliation",
    )
    shown = [(command, handler, plain(fields)) for command, handler, _who, fields, _what in rows]
    assert shown == [
        (command.__name__, handler.__name__, listed(f for f in command.model_fields if f not in Command.model_fields))
        for command, handler in handlers.HANDLERS.items()
    ]


def test_events_are_the_registered_topics() -> None:
    """Each topic with the fields of its event beside those all events have."""
    common = {*Event.model_fields, *DecidedEvent.model_fields, *CreatedEvent.model_fields}
    rows = rows_of(
        "events", "Corridor", "Signing keys", "Account", "Rate sheets", "Quote", "Transfer",
        "Compliance case", "Personal data", "Settlement cycle", "Movement",
        "Reconciliation break",
    )  # fmt: skip
    known = {
        event.TOPIC: listed(f for f in event.model_fields if f not in common) for event in descendants(Event) if "TOPIC" in event.__dict__
    }
    assert {topic: plain(fields) for topic, fields, _what in rows} == known


def test_refusals_are_the_tree_of_errors_with_their_http_status_and_message_reason() -> None:
    """Code, whether it may pass later, HTTP status, reason in a pacs.002, and the rule in the class's own words."""
    rows = rows_of(
        "refusals", "Money", "Terms", "Keys", "Rates and quotes", "Transfer", "Account", "Officers", "Settlement, treasury, reconciliation",
        "Statements",
    )  # fmt: skip
    assert sorted(rows) == sorted(
        [
            refusal.code,
            "yes" if refusal.transient else "no",
            str(PROBLEMS[refusal].status),
            status_reason(refusal.code),
            " ".join((refusal.__doc__ or "").split()),
        ]
        for refusal in descendants(Refusal)
    )


def test_settings_are_the_fields_of_the_settings_with_their_defaults() -> None:
    """A setting that is added, renamed or given another default shows here."""
    words = {None: "unset", (): "empty"}
    assert [(variable, default) for variable, default, _ in rows_of("settings", "Settings")] == [
        (PREFIX + name.upper(), words.get(field.default, str(field.default))) for name, field in Settings.model_fields.items()
    ]


def commands_of(group: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Each command with the first sentence of its help, those of groups with their group's name before them."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands_of(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", " ".join((command.help or "").split())


def test_command_line_has_exactly_these_commands() -> None:
    """Each with what `corridor --help` says of it."""
    group = typer.main.get_command(app)
    assert sorted((name, words) for name, words in rows_of("cli", "Commands")) == sorted(commands_of(group))


def test_exit_codes_are_those_of_the_frame_and_of_the_help() -> None:
    """One number for one kind of end."""
    rows = rows_of("cli", "Exit codes")
    assert [int(code) for code, _, _ in rows] == [OK, FOUND, USAGE, *sorted({code for _, code in EXIT_CODES})]
    named = {int(code): {name.strip(" `") for name in names.split(",")} for code, _, names in rows if names}
    expected: dict[int, set[str]] = {}
    for kind, code in EXIT_CODES:
        expected.setdefault(code, set()).add(kind.__name__)
    assert named == expected
    help_text = " ".join((app.info.epilog or "").split())
    assert all(f"{code} {words}" in help_text for code, words, _ in rows)


def test_rules_say_which_of_them_verify_recomputes() -> None:
    """I1 to I16, and `yes` for those that a verification reports on."""
    rows = rows_of("rules", "The rules that always hold")
    assert [row[0] for row in rows] == [f"I{number}" for number in range(1, 17)]
    assert [row[0] for row in rows if row[2] == "yes"] == list(RULES)


def test_message_rules_are_those_of_the_reader() -> None:
    """Rule id, sentence and the reason a pacs.002 answers with."""
    assert rows_of("messages", "Rules for one transfer") == [[rule.id, rule.sentence, rule.reason_code] for rule in Rule]


def test_rules_of_cases_are_those_of_the_readers() -> None:
    """Of recalls, the answers to them and announced receipts."""
    shown = rows_of("messages", "Rules for recalls, their answers and announced receipts")
    assert shown == [[rule.id, rule.sentence, rule.reason_code] for rule in CaseRule]


def test_unreadable_messages_are_those_of_the_error_tree() -> None:
    """Every class that a message can be refused with by name."""
    known = {c.code: " ".join((c.__doc__ or "").split()) for c in descendants(UnreadableMessage)}
    shown = dict(rows_of("messages", "Messages that cannot be read"))
    assert shown == {code: known[code] for code in shown}
    assert {c.code for c in descendants(UnreadableMessage) if not c.__subclasses__()} <= shown.keys()


def test_statuses_told_after_import_are_those_of_the_state() -> None:
    """A hold is told like a queue."""
    assert dict(rows_of("messages", "What a pacs.002 says")) == credit_transfers._STATUS_BY_STATE


def test_statuses_of_a_creditor_agent_do_what_the_page_says() -> None:
    """Each code of the external set that is acted on, in its row."""
    rows = [codes.replace("`", "").split() for codes, _ in rows_of("messages", "What the messages of a creditor agent do")]
    assert rows == [
        sorted(codes) for codes in (status_reports.ACCEPTED, status_reports.PAID, status_reports.REFUSED, status_reports.WAITING)
    ]


def versions_read(kind: str) -> str:
    """As the table writes it: from the first to the last, without a gap."""
    read = []
    for number in range(1, 30):
        try:
            READERS[kind](f'<Document xmlns="{ISO_PREFIX}{kind}.001.{number:02}"/>'.encode(), DEFAULT_LIMITS)
        except UnsupportedVersion:
            continue
        except UnreadableMessage:
            read.append(number)
    assert read == list(range(read[0], read[-1] + 1))
    return f"{read[0]:02} to {read[-1]:02}"


def told_by(event: type[DecidedEvent]) -> list[tuple[str, str]]:
    """Who is told by which kind of message; nothing is written."""
    step = Mock(debtor_agent="debtor agent", creditor_agent="creditor agent")
    step.here.event = event.model_construct(reason="AC04")
    step.before.return_value = step.in_this_commit.return_value = False
    return list(dict.fromkeys((told.to, told.message) for told in TOLD[event](step)))


def test_messages_are_those_that_are_taken_read_and_told() -> None:
    """One table of messages: its ways are those of the code, and its versions those that are read and agreed on."""
    rows = rows_of("messages", "Which messages")
    assert rows == sorted(rows, key=lambda row: row[:2])
    ways = {(kind, direction): set(way.split(", ")) for kind, direction, _versions, way, _for in rows}
    assert list(HANDLERS) == [kind for (kind, direction), way in ways.items() if direction == "in" and "taken" in way]
    to_banks = {message for event in TOLD for _to, message in told_by(event)}
    to_settlement_bank = {one.message for one in settlement_out.told(Mock(payments={"abb": 1}), Mock())}
    assert {kind for (kind, direction), way in ways.items() if direction == "out" and "told" in way} == to_banks | to_settlement_bank
    assert {(kind, versions) for kind, direction, versions, _way, _for in rows if direction == "in"} == {
        (kind, versions_read(kind)) for kind in READERS if kind != "admi.002"
    }
    agreed = {kind: versions for kind, versions in (MESSAGE_VERSIONS | STATEMENT_VERSIONS).items() if kind != "head.001"}
    assert {kind: versions for kind, direction, versions, _way, _for in rows if direction == "out"} == {
        kind: ", ".join(version[-2:] for version in versions) for kind, versions in (agreed | {"admi.002": (admi002.VERSION,)}).items()
    }


def test_events_that_make_the_corridor_speak_are_those_of_its_table() -> None:
    """Each event, who is told of it, and by which kinds of message."""
    rows = rows_of("messages", "What the corridor says")[: len(TOLD)]
    assert [(topic, to, list(dict.fromkeys(MESSAGE.findall(message)))) for topic, to, message in rows] == [
        (event.TOPIC, ", ".join(to for to, _ in told_by(event)), [message for _, message in told_by(event)]) for event in TOLD
    ]


def test_accounts_and_entries_are_those_of_the_posting_module() -> None:
    """Account kinds with their normal side and floor; every kind of entry, once."""
    page = "docs/concepts/corridor-and-accounts.md"
    kinds = {kind: (side, floor != "–") for kind, _owner, side, floor, _what in table_rows(page, "Accounts")}
    assert kinds == posting.ACCOUNT_KINDS
    entries = [name.strip(" `") for row in table_rows(page, "The posting table") for name in row[0].split(",")]
    assert sorted(entries) == sorted(posting.EntryKind.__args__)  # type: ignore[attr-defined]


def test_operations_are_the_routes_of_the_api() -> None:
    """Method, path and summary of every route, in the order of the routers."""
    known: dict[str, list[list[str]]] = {}
    for module in (health, *CORRIDOR_ROUTES):
        for route in module.router.routes:
            assert isinstance(route, APIRoute)
            known.setdefault(str(route.tags[0]).capitalize(), []).append([min(route.methods), route.path, str(route.summary)])
    assert {tag: rows_of("api", tag) for tag in known} == known


def test_permissions_are_those_that_keys_can_have() -> None:
    """Each with what it opens, in the words of the code."""
    assert dict(rows_of("api", "What a key may do")) == dict(PERMISSIONS)


def test_problems_before_the_ledger_are_those_of_the_error_tree() -> None:
    """Type, HTTP status and meaning of everything that can be wrong with a request."""
    known = [
        [code_of(kind), str(PROBLEMS[kind].status), " ".join((kind.__doc__ or "").split())]
        for kind in descendants(RequestError)
        if not kind.__subclasses__()
    ]
    assert sorted(rows_of("api", "Problems")) == sorted(known)

"""The client knows every operation that a bank of the corridor may ask, by its path and with its models."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from starlette.routing import compile_path

from api.app import CORRIDOR_ROUTES
from api.corridor_client import Asked
from api.corridor_client import questions as q
from api.corridor_client.operations import Operation, Operations
from api.permissions import OPERATION_PERMISSIONS
from api.schemas.parts import CommandBody
from api.schemas.quotes import QuoteBody
from api.schemas.transfers import ConditionMetBody, RecallAnswerBody, RecallBody, RefuseBody, ResolveUnknownBody, ReturnBody, TransferBody
from api.schemas.treasury import CashMovementBody, MovementBody
from ledger.domain.permissions import permissions_of

UETR = UUID("8a562c67-ca16-48ba-b074-65581be6f011")


def example(body: Any) -> Any:
    """A body as the documentation shows it."""
    return body.model_validate(body.model_config["json_schema_extra"]["examples"][0])


ASKED: list[Asked[Any]] = [
    q.quote(example(QuoteBody), key="k"),
    q.send_transfer(example(TransferBody), key="k"),
    q.send_file(b"<Document/>", key="k"),
    q.send_file_for_pacs002(b"<Document/>", key="k"),
    q.fund(UETR, key="k"),
    q.cancel(UETR, key="k"),
    q.recall(UETR, example(RecallBody), key="k"),
    q.accept(UETR, example(CommandBody), key="k"),
    q.pay(UETR, key="k"),
    q.refuse(UETR, example(RefuseBody), key="k"),
    q.return_part(UETR, example(ReturnBody), key="k"),
    q.answer_recall(UETR, "CASE-7", example(RecallAnswerBody), key="k"),
    q.meet_condition(UETR, example(ConditionMetBody), key="k"),
    q.resolve_unknown(UETR, example(ResolveUnknownBody), key="k"),
    q.withdraw(example(MovementBody), key="k"),
    q.report_movement(example(CashMovementBody), key="k"),
    q.publish_rate_sheet(b"[]", key="k", source="dealing room"),
    q.shown_quote(UETR),
    q.transfer(UETR),
    q.transfers(),
    q.trail(UETR),
    q.feed_page(),
    q.messages_page(),
    q.message(1208, 0),
    q.accounts(),
    q.account("abb:cash:MAD"),
    q.lines("abb:cash:MAD"),
    q.statement("abb:position:USD", date(2026, 3, 27)),
    q.shown_statement("abb:position:USD", date(2026, 3, 27)),
    q.notification("abb:position:USD", after=1208),
    q.shown_notification("abb:position:USD"),
    q.positions(),
    q.in_flight(),
    q.movements(),
    q.cycles(),
    q.cycle(3),
    q.breaks(),
    q.shown_break("missing-in-ledger-5f0c1d2e3a4b5c6d"),
    q.terms(),
    q.rate_sheets(),
]
ROUTES = {(method, route.path): route for module in CORRIDOR_ROUTES for route in module.router.routes for method in route.methods}
# A bank's key may ask for these too, and there is nothing in them for its programs.
LEFT_OUT = {"GET /cases", "GET /cases/{case}", "GET /reports", "GET /reports/{report}", "GET /openapi.json"}


def operation_of(asked: Asked[Any]) -> str:
    """Method and path as the API names them."""
    [(method, path)] = [(method, path) for method, path in ROUTES if method == asked.method and compile_path(path)[0].fullmatch(asked.path)]
    return f"{method} {path}"


def test_every_operation_of_a_bank_is_there_but_those_left_out() -> None:
    """A new operation is either added to the client or named here."""
    permissions = permissions_of("abb", ("abb", "psbc"))
    of_a_bank = {
        operation
        for operation, needed in OPERATION_PERMISSIONS.items()
        if set(permissions) & set((needed,) if isinstance(needed, str) else needed)
    }
    assert {operation_of(asked) for asked in ASKED} == of_a_bank - LEFT_OUT


def test_each_question_is_a_method_of_both_clients_under_its_own_name() -> None:
    """None is forgotten between the list of questions and the clients."""
    methods = {name: made.question for name, made in vars(Operations).items() if isinstance(made, Operation)}
    assert {name: question.__name__ for name, question in methods.items()} == {name: name for name in methods}
    assert len(methods) == len(ASKED)


@pytest.mark.parametrize("asked", [asked for asked in ASKED if asked.accept == "application/json"], ids=str)
def test_each_answer_is_read_as_the_model_that_the_api_documents(asked: Asked[Any]) -> None:
    """The documented example of the operation's answer comes through unchanged."""
    route = ROUTES[(asked.method, operation_of(asked).partition(" ")[2])]
    answers = [answer["model"] for status, answer in route.responses.items() if int(status) < 300 and "model" in answer]
    model = answers[0] if answers else route.response_model
    shown = example(model)
    read = asked.read(shown.model_dump_json(exclude_none=True).encode())
    assert (type(read), read) == (model, shown)

"""Nothing is left untested: every refusal is met by name, every command has a handler, every handler has run."""

from __future__ import annotations

import ast
import pkgutil
import re
from pathlib import Path

import pytest

from ledger import commands, domain, errors
from ledger.commands import Command
from ledger.errors import Refusal
from ledger.handlers import HANDLERS
from ledger.verify import readable
from tests.golden.write_samples import story

REFUSALS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Refusal) and kind is not Refusal}
BASES = {"Command", "KeyCommand", "TransferCommand", "MovementCommand", "CycleCommand", "BreakCommand"}


def test_every_refusal_is_met_by_a_test() -> None:
    """By its name in a test that compares class, field and value; what only reading refuses, by its code in a test over HTTP."""
    nodes = [
        node
        for path in Path(__file__).parents[1].rglob("test_*.py")
        if path.name != Path(__file__).name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]
    named = {node.id for node in nodes if isinstance(node, ast.Name)}
    told = {node.value.removeprefix("/problems/") for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert {name for name in REFUSALS - named if getattr(errors, name).code not in told} == set()


def test_every_command_has_a_handler() -> None:
    """The table is the table of contents."""
    asked = {
        kind for kind in vars(commands).values() if isinstance(kind, type) and issubclass(kind, Command) and kind.__name__ not in BASES
    }
    assert set(HANDLERS) == asked


def test_every_handler_runs_in_the_story_of_the_samples() -> None:
    """Each does what it is there for at least once."""
    assert {type(command) for command in story()[1]} == set(HANDLERS)


def test_the_verifier_knows_every_module_of_events() -> None:
    """By its own imports: whoever verifies a log need not have loaded the ledger."""
    modules = {module.name for module in pkgutil.iter_modules(domain.__path__) if module.name.endswith("_events")}
    assert {name for name in modules if not hasattr(readable, name)} == set()


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_a_refusal_has_a_stable_code_made_of_its_name(name: str) -> None:
    """The public name of the rule: what partners' systems compare."""
    refusal = getattr(errors, name)
    assert refusal.code == re.sub(r"(?<!^)([A-Z])", r"-\1", name).lower()
    assert refusal.__doc__


def test_the_tree_of_errors_is_drawn_whole() -> None:
    """The docstring of the module names every class of it."""
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.LedgerError)}
    assert {name for name in kinds if re.search(rf"\b{name}\b", errors.__doc__ or "") is None} == set()


def test_only_refusals_that_may_pass_say_so() -> None:
    """A new attempt with a new key may pass later for these, and for no others."""
    assert {name for name in REFUSALS if getattr(errors, name).transient} == {
        "RateMissing",
        "TransferFrozen",
        "TransferUnanswered",
        "NotYetExpired",
        "AccountFrozen",
        "AccountNotEmpty",
        "DayNotClosed",
        "FloorReached",
        "RetentionRunning",
    }

"""What a verification found: one result for each rule of docs' list I1–I16 that can be checked from the log alone."""

from __future__ import annotations

from typing import Any, NamedTuple

RULES: dict[str, str] = {
    "I1": "per currency, debits equal credits over all accounts at every boundary",
    "I2": "every entry balances in each currency",
    "I6": "one key has one effect, one UETR one transfer, one return id one part",
    "I7": "positions and versions are dense, boundaries consistent, time never runs back",
    "I8": "the projections equal the replay of the log",
    "I9": "hashes, root and signed requests verify against the stored bytes",
    "I10": "only legal steps, paid at most once, returned at most the amount",
    "I12": "no funding, withdrawal or pay-out went below the floor then in force",
    "I15": "in_flight and remuneration are the sums of the transfers in flight",
    "I16": "cash at the settlement bank is what the corridor owes, signed",
}


class RuleResult(NamedTuple):
    """`checked` counts what was looked at; `first_break` is the first position of the log that breaks the rule, None when none does;
    `detail` says in words what was found."""

    ok: bool
    checked: int
    first_break: int | None
    detail: str


class Report(NamedTuple):
    """The log of `corridor` up to `position`, rule by rule."""

    corridor: str
    position: int
    rules: dict[str, RuleResult]

    @property
    def ok(self) -> bool:
        """Whether every rule holds."""
        return all(result.ok for result in self.rules.values())

    def as_json(self) -> dict[str, Any]:
        """The shape of `corridor verify --json`."""
        return {
            "ok": self.ok,
            "corridor": self.corridor,
            "position": self.position,
            "rules": {rule: result._asdict() for rule, result in self.rules.items()},
        }


class Rule:
    """One rule while it is being checked."""

    __slots__ = ("checked", "detail", "first_break")

    def __init__(self) -> None:
        self.checked = 0
        self.first_break: int | None = None
        self.detail = ""

    def breaks(self, position: int, detail: str) -> None:
        """Notes a breach; the one with the lowest position is kept, the first of several there."""
        if self.first_break is None or position < self.first_break:
            self.first_break, self.detail = position, detail

    def result(self) -> RuleResult:
        return RuleResult(self.first_break is None, self.checked, self.first_break, self.detail)


Rules = dict[str, Rule]


def new_rules() -> Rules:
    """All rules, nothing checked yet."""
    return {name: Rule() for name in RULES}

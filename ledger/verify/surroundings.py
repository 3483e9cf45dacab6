"""What the log says of everything around transfers, kept in the shape in which the projections are asked about it (I8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ledger.verify.seen import Seen

Key = tuple[Any, ...]


class Said(NamedTuple):
    """What the log says of one thing, and at which position it said it last."""

    position: int
    values: tuple[Any, ...]


class Surroundings:
    """Table -> key -> what the log says. Things are found again by the stream their later facts come in."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Key, Said]] = {
            name: {} for name in ("cycles", "cycle_payments", "movements", "breaks", "cases", "rate_sheets")
        }
        self._keys: dict[int, Key] = {}

    # Settlement

    def cycle_closed(self, seen: Seen) -> None:
        """A cycle, from where to where and what is due."""
        what = seen.values("from_boundary", "to_boundary", "positions", "pay_ins", "pay_outs")
        self._begin("cycles", seen, seen.values("number"), "closed", *what)

    def cycle_paid(self, direction: str) -> Callable[[Seen], None]:
        """What sees pay-ins, or pay-outs."""

        def paid(seen: Seen) -> None:
            [number] = self._keys.get(seen.stream, (0,))
            key = (number, direction, seen.facts["participant"])
            self._say("cycle_payments", key, seen.position, *seen.values("amount", "bank_reference"))

        return paid

    def cycle_settled(self, seen: Seen) -> None:
        """Everything due was paid."""
        self._become("cycles", seen, "settled")

    def moved(self, state: str) -> Callable[[Seen], None]:
        """What sees movements that are in ``state`` from the start."""

        def moved(seen: Seen) -> None:
            self._begin("movements", seen, seen.values("reference"), state, *seen.values("participant", "currency", "amount"))

        return moved

    def withdrawal_paid(self, seen: Seen) -> None:
        """A withdrawal left the settlement bank."""
        self._become("movements", seen, "paid")

    # Oversight

    def break_found(self, seen: Seen) -> None:
        """A difference."""
        self._begin("breaks", seen, seen.values("break_id"), "open", *seen.values("break_class", "account", "difference"))

    def break_parked(self, seen: Seen) -> None:
        """It went to suspense."""
        self._become("breaks", seen, "parked")

    def break_resolved(self, seen: Seen) -> None:
        """It is no more."""
        self._become("breaks", seen, "resolved")

    def case_opened(self, seen: Seen) -> None:
        """A case without an outcome yet."""
        self._begin("cases", seen, seen.values("case"), None, *seen.values("kind", "uetr"))

    def case_decided(self, seen: Seen) -> None:
        """Its outcome."""
        self._become("cases", seen, seen.facts["outcome"])

    def sheet_published(self, seen: Seen) -> None:
        """A participant's rates."""
        self._say("rate_sheets", seen.values("actor", "sheet"), seen.position, *seen.values("rates", "source"))

    # Keeping it

    def _say(self, table: str, key: Key, position: int, *values: Any) -> None:
        self.tables[table][clean(key)] = Said(position, clean(values))

    def _begin(self, table: str, seen: Seen, key: Key, state: str | None, *values: Any) -> None:
        self._keys[seen.stream] = clean(key)
        self._say(table, key, seen.position, state, *values)

    def _become(self, table: str, seen: Seen, state: str) -> None:
        key = self._keys.get(seen.stream)
        if key is not None:
            self._say(table, key, seen.position, state, *self.tables[table][key].values[1:])


def clean(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Texts as PostgreSQL keeps them: it has no NUL, so U+FFFD stands for one."""
    return tuple(value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in values)

"""Lines of a cash account that agree with each other, as examples for tests of reconciliation."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid5

from reconciliation.classes import Circumstances, Classified, Known
from reconciliation.lines import ExpectedLine, ReportedLine
from reconciliation.matching import match

ACCOUNT = "psbc:cash:CNY"
DAY = date(2026, 3, 30)
NEXT_DAY = date(2026, 3, 31)
_SPACE = UUID("5a8c1a5e-57f5-4d2b-9c1a-0d8f4f3c2b1a")


def uetr(number: int) -> UUID:
    """The UETR of the numbered transfer, shaped like a UUIDv4 (RFC 9562 §5.4)."""
    return UUID(bytes=uuid5(_SPACE, f"transfer {number}").bytes, version=4)


def reported(number: int, amount: int, *, entry: int = 1, statement: str = "S1", on: date = DAY, reversal: bool = False) -> ReportedLine:
    """A statement line with the UETR of transfer ``number``; amounts in minor units, debit positive."""
    return ReportedLine(ACCOUNT, statement, entry, 0, on, on, amount, (str(uetr(number)),), reversal)


def expected(number: int, amount: int, *, position: int = 1, kind: str = "payout", on: date = DAY, value: date = DAY) -> ExpectedLine:
    """A ledger line of transfer ``number``."""
    return ExpectedLine(ACCOUNT, position, 0, kind, uetr(number), uetr(-position), amount, on, value)


def adjusting(number: int, amount: int, break_id: str, *, position: int = 900, kind: str = "parked") -> ExpectedLine:
    """A ledger line by which officers parked or resolved a break of transfer ``number``."""
    stream = uuid5(_SPACE, break_id)
    references = (str(uetr(number)), break_id)
    return ExpectedLine(ACCOUNT, position, 0, kind, stream, uetr(-position), amount, DAY, DAY, references, break_id)


def knowing(facts: dict[int, Known]) -> Circumstances:
    """Circumstances in which the ledger knows these transfers."""
    by_reference = {str(uetr(number)): known for number, known in facts.items()}
    return Circumstances(DAY, lambda row: by_reference.get(row.references[0] if row.references else "", Known()))


def classified(
    rows: list[ReportedLine], lines: list[ExpectedLine], circumstances: Circumstances | None = None
) -> set[tuple[str, ReportedLine | None, ExpectedLine | None]]:
    """Classes with their lines, in no order."""
    found: list[Classified] = list(match(rows, lines, circumstances or Circumstances(DAY)))
    return {(one.line_class, one.reported, one.expected) for one in found}

"""The checker: reads a corridor's log from its first row and says, rule by rule, whether it holds, and where it first does not.

`verification` walks the rows; `stored` checks I7 and I9, `books` I1, I2, I12, I15 and I16, `lives` I10 and transfers' part of I6,
`commands` the rest of I6, `projected` I8 against what `surroundings` and the others replayed. `report` is what comes of it.
"""

from ledger.verify.report import RULES, Report, RuleResult
from ledger.verify.verification import verify

__all__ = ["RULES", "Report", "RuleResult", "verify"]

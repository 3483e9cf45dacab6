"""Why a statement is not taken into a reconciliation.

::

    UnreadableMessage
    ├── StatementCsvInvalid          a CSV statement whose columns or values are not those documented in `csv_statement`
    ├── StatementMt940Invalid        an MT940 statement with a field that is missing, strange or not what its format asks for
    └── UnreliableStatement
        ├── StatementAccountUnknown  no account of the corridor has this number at its bank
        ├── StatementAccountDiffers  the account is ours, the currency is not its currency
        ├── StatementChanged         a statement with this id was received before, with another content
        └── StatementPagesMissing    some pages of the statement are not there

All are `Malformed`: nothing of the file is kept. None repeats an account number in full.
"""

from __future__ import annotations

from ledger.iso20022.errors import UnreadableMessage, UnreliableStatement


class StatementCsvInvalid(UnreadableMessage):
    """The file is no CSV statement with the documented columns, or a value in it is not what its column asks for."""


class StatementMt940Invalid(UnreadableMessage):
    """The file is no MT940 statement: a field is missing, in the wrong place, or not what its format asks for."""


class StatementAccountUnknown(UnreliableStatement):
    """The statement belongs to no account that the corridor's terms name."""


class StatementAccountDiffers(UnreliableStatement):
    """The statement's currency is not that of the account it names."""


class StatementChanged(UnreliableStatement):
    """The same statement came again with another content: one of the two is wrong, and only the bank knows which."""


class StatementPagesMissing(UnreliableStatement):
    """A statement in pages is taken as a whole or not at all."""

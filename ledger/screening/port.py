"""The screening port: what the ledger asks, and what it is told.

Screening comes before funding; a hit holds the transfer until two officers decide. A result names list, version and entries, never a
person, so nothing in it is personal. It still tells who is suspected of what: where a partner's witness reads the log, commit to
`ScreeningResult.canonical` under a salt and keep the result itself in the vault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field


@dataclass(frozen=True, slots=True)
class ScreenedParty:
    """One party as it is screened: its place in the transfer, and every form of its name in any script.

    ``role`` is ``debtor``, ``creditor``, ``ultimate_debtor`` and so on. The names are personal and stay out of ``repr``.
    """

    role: str
    names: tuple[str, ...] = field(repr=False)


class Hit(BaseModel):
    """A party resembles an entry of the list; ``score`` runs from 0 to 100, where 100 is the same name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: str
    entry: str
    score: Annotated[int, Field(ge=0, le=100)]


class ScreeningResult(BaseModel):
    """The outcome against one version of one list. Hits stand in a fixed order: by role as given, then score falling, then entry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    list_name: str
    list_version: str
    outcome: Literal["clear", "hit"]
    hits: tuple[Hit, ...] = ()

    def canonical(self) -> str:
        """One text for one result, to be committed to (`ledger.privacy.commitments.commit`)."""
        return self.model_dump_json()


class ListFacts(NamedTuple):
    """What a list is called, which version of it this is, and how many entries it has."""

    name: str
    version: str
    entries: int


class Screening(Protocol):
    """Compares parties with one list."""

    def about(self) -> ListFacts:
        """The list in force."""
        ...

    def screen(self, parties: Sequence[ScreenedParty]) -> ScreeningResult:
        """The outcome for all parties of one transfer together; one hit is enough to hold it.

        Raises `ledger.errors.Malformed` for a party that has no screenable name.
        """
        ...

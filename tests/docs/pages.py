"""The pages of the documentation, taken apart into their fenced blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"(?P<fence>`{3,})(?P<info>[^`]*)")
_COMMENT = re.compile(r"<!-- (?P<text>.*) -->")


class Block(NamedTuple):
    """One fenced block. ``words`` is its info string, the language first; ``comment`` the HTML comment on the line above it."""

    page: str
    line: int
    words: tuple[str, ...]
    text: str
    comment: str

    @property
    def language(self) -> str:
        return self.words[0] if self.words else ""

    @property
    def runs(self) -> bool:
        return "no-run" not in self.words

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


class Exchange(NamedTuple):
    """One command of a console block, what the page says it prints, and the line it stands on."""

    command: str
    expected: str
    line: int


def page_names() -> list[str]:
    """README.md and every page under docs, relative to the root of the project."""
    return ["README.md", *(str(path.relative_to(ROOT)) for path in sorted(DOCS.rglob("*.md")))]


def read_page(name: str) -> str:
    """A page's text."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks_of(name: str) -> list[Block]:
    """The fenced blocks of a page, in order. Raises ValueError for a fence that is never closed."""
    blocks: list[Block] = []
    lines = read_page(name).splitlines()
    number = 0
    while number < len(lines):
        opening = _FENCE.fullmatch(lines[number])
        if opening is None:
            number += 1
            continue
        start = number
        number = next((n for n in range(start + 1, len(lines)) if lines[n] == opening["fence"]), -1)
        if number < 0:
            raise ValueError(f"{name}:{start + 1}: this fence is never closed")
        above = _COMMENT.fullmatch(lines[start - 1]) if start else None
        text = "".join(f"{line}\n" for line in lines[start + 1 : number])
        blocks.append(Block(name, start + 1, tuple(opening["info"].split()), text, above["text"] if above else ""))
        number += 1
    return blocks


def continued_page(name: str) -> str | None:
    """The page in whose place this one begins: its database and its files. Said by ``<!-- continues: PAGE -->`` on the first line."""
    first = _COMMENT.fullmatch(read_page(name).partition("\n")[0])
    if first is None or not first["text"].startswith("continues: "):
        return None
    return str((ROOT / name).parent.joinpath(first["text"].removeprefix("continues: ")).resolve().relative_to(ROOT))


def exchanges_of(block: Block) -> Iterator[Exchange]:
    """The commands of a console block. ``$ `` begins one, ``> `` carries it on, all other lines are its output."""
    command: list[str] = []
    expected: list[str] = []
    begun = 0
    for number, line in enumerate(block.text.splitlines(), start=block.line + 1):
        if line.startswith("$ "):
            if command:
                yield Exchange("\n".join(command), "".join(expected), begun)
            command, expected, begun = [line[2:]], [], number
        elif not command:
            raise ValueError(f"{block.page}:{number}: output stands before the first command")
        elif line.startswith("> ") and not expected:
            command.append(line[2:])
        else:
            expected.append(f"{line}\n")
    if command:
        yield Exchange("\n".join(command), "".join(expected), begun)


def matches(expected: str, printed: str) -> bool:
    """Whether a command printed what the page says: ``…`` stands for anything within a line, alone in a line for any number of lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else ".*?".join(map(re.escape, line.rstrip().split("…"))) + r"\n"
        for line in expected.splitlines()
    )
    lines = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
    return re.fullmatch(pattern, lines) is not None


def table_rows(name: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading of a page, without its header; code ticks are taken off.

    Raises ValueError when there is no such heading or no table under it.
    """
    section = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", read_page(name), re.MULTILINE | re.DOTALL)
    if section is None:
        raise ValueError(f"{name} has no heading {heading!r}")
    lines = [*takewhile(lambda line: line.startswith("|"), dropwhile(lambda line: not line.startswith("|"), section[1].splitlines()))]
    if len(lines) < 3:
        raise ValueError(f"{name} has no table under {heading!r}")
    return [[cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines[2:]]

"""What the documentation shows is what happens: its blocks are run in order, page by page."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.docs.pages import Block, blocks_of, continued_page, exchanges_of, matches, page_names
from tests.docs.reader import Reader

# Every kind of block that may stand in a page. `text` is a diagram, or right below a Python block, with `output`, what that printed.
# A data block with a second word is a file of that name, which the commands after it find.
LANGUAGES = {"console", "python", "json", "toml", "sql", "ini", "text", "mermaid"}

# The blocks that are shown but not run; each says why in the comment above it.
NOT_RUN = [
    ("README.md", "makes a virtual environment and installs packages; CI runs both commands themselves"),
    ("docs/operating/database.md", "makes logins in the whole cluster"),
    ("docs/operating/install.md", "makes a virtual environment and installs packages; CI runs these three themselves"),
    ("docs/operating/install.md", "installs into the system"),
    ("docs/operating/running.md", "a unit file for systemd"),
    ("docs/operating/running.md", "a line for cron"),
    ("docs/quickstart.md", "makes a virtual environment and installs packages; CI runs both commands themselves"),
]

Follow = Callable[[str], Reader]


@pytest.fixture(scope="module")
def follow(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Follow]:
    """Follows a page to its end, once; a page that continues another begins with that one's database and files."""
    followed: dict[str, Reader] = {}

    def follow_page(page: str) -> Reader:
        if page not in followed:
            earlier = continued_page(page)
            begun = None if earlier is None else follow_page(earlier)
            reader = followed[page] = Reader(server_url, tmp_path_factory.mktemp("reader"), continues=begun)
            for block, below in _with_next(blocks_of(page)):
                run_block(reader, block, below)
            reader.leave()
        return followed[page]

    yield follow_page
    # Together, since each drop waits for the disk.
    with ThreadPoolExecutor(len(followed) or 1) as clearing:
        list(clearing.map(Reader.clear_up, followed.values()))


@pytest.mark.parametrize("page", [page for page in page_names() if any(b.language in ("console", "python") for b in blocks_of(page))])
def test_what_a_page_shows_is_what_happens(page: str, follow: Follow) -> None:
    """Commands print what the page prints, line by line, and Python blocks run through."""
    follow(page)


@pytest.mark.parametrize("page", page_names())
def test_every_block_is_of_a_known_kind_and_data_in_it_can_be_read(page: str) -> None:
    """A misspelt kind would silently not be run; JSON and TOML must parse."""
    for block in blocks_of(page):
        assert block.language in LANGUAGES, f"{block}: {block.language!r} is no kind of block"
        assert block.words in ((block.language,), (block.language, "no-run"), ("text", "output")) or block.language in ("json", "toml"), (
            block
        )
        if block.language == "json":
            json.loads(block.text)
        if block.language == "toml":
            tomllib.loads(block.text)


def test_blocks_that_are_not_run_are_few_and_say_why() -> None:
    """Each has a comment above it, and stands in the list here, so that adding one is a decision."""
    shown = [block for page in page_names() for block in blocks_of(page) if not block.runs]
    assert [(block.page, block.comment.removeprefix("not run: ")) for block in shown] == NOT_RUN


def test_an_ellipsis_stands_for_anything_in_its_place_and_nothing_else_does() -> None:
    """The comparison that all of this rests on can fail."""
    assert matches("a … c\n…\nz\n", "a b c\nd\ne\nz\n")
    assert matches("…\nz\n", "z\n")
    assert not matches("a … c\n", "a b c\nd\n")
    assert not matches("a.c\n", "abc\n")
    assert not matches("", "a\n")


def run_block(reader: Reader, block: Block, below: Block | None) -> None:
    """Runs one block as a reader would. Fails with the line and the difference."""
    if not block.runs:
        return
    if block.language in ("json", "toml") and len(block.words) == 2:
        reader.saves(block.words[1], block.text)
    if block.language == "console":
        for exchange in exchanges_of(block):
            where = f"{block.page}:{exchange.line}"
            printed, code = reader.types(exchange.command)
            assert code == 0, f"{where}: exit code {code}\n{printed}"
            if not matches(exchange.expected, printed):
                pytest.fail(_difference(where, exchange.expected, printed))
    if block.language == "python":
        printed, failed = reader.evaluates("\n" * block.line + block.text, str(block.page))
        assert not failed, f"{block}:\n{failed}"
        expected = below.text if below is not None and below.words == ("text", "output") else ""
        if not matches(expected, printed):
            pytest.fail(_difference(str(block), expected, printed))


def _difference(where: str, expected: str, printed: str) -> str:
    lines = [line.rstrip() for line in printed.splitlines()]
    return f"{where}:\n" + "\n".join(difflib.unified_diff(expected.splitlines(), lines, "the page", "printed", lineterm=""))


def _with_next(blocks: list[Block]) -> Iterator[tuple[Block, Block | None]]:
    return zip(blocks, [*blocks[1:], None], strict=True)

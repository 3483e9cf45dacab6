"""The SQL of the log, read from `queries.sql`: blocks that open with `-- name: x` and a comment about them."""

import re
from importlib.resources import files

_BLOCK = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_COMMENT = re.compile(r"\A(?:--.*\n)+")


def read_blocks(text: str) -> dict[str, str]:
    """The named blocks of an SQL file.

    Raises ValueError when a name is used twice or a block has no comment.
    """
    _, *parts = _BLOCK.split(text)
    blocks: dict[str, str] = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        if name in blocks or not body.startswith("-- "):
            raise ValueError(f"Block {name} of the SQL file needs a name of its own and a comment about it.")
        blocks[name] = _COMMENT.sub("", body).strip()
    return blocks


QUERIES = read_blocks(files("ledger.eventstore").joinpath("queries.sql").read_text(encoding="utf-8"))

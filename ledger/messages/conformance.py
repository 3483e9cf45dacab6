"""A report on conformance: what each file of a folder is, what its official schema says of it, and what this corridor's guideline says.

Nothing is taken in; no ledger and no database is asked. The same readers judge as those that take messages in, so what the report calls fit
is read there too; whether the corridor's terms allow it is for the ledger to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ledger.errors import Malformed
from ledger.iso20022.errors import ForbiddenDoctype, NotXml, TooDeep, TooLarge, UnreadableMessage
from ledger.iso20022.fields import DEFAULT_LIMITS, Limits
from ledger.iso20022.readers import READERS, findings_in, kind_of
from ledger.iso20022.rules import Finding
from ledger.iso20022.schemas import Complaint, Found, OfficialSchemas, find_document, version_in
from ledger.iso20022.xml import MessageStream

# How a text begins that is meant as XML, in the encodings it may come in.
_XML_BEGINS = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\0", b"\xfe\xff\0<", b"<\0", b"\0<")
# Whatever these say, a schema is not asked: the form itself was refused.
_FORM_REFUSED = (NotXml, ForbiddenDoctype, TooLarge, TooDeep)


class SchemaVerdict(StrEnum):
    """What the official schema of the Document's version says."""

    VALID = "valid"
    INVALID = "invalid"
    NO_SCHEMA = "no schema"
    NOT_ASKED = "not asked"


class GuidelineVerdict(StrEnum):
    """What the reader of its kind says."""

    OK = "ok"
    FINDINGS = "findings"
    UNREADABLE = "unreadable"
    NOT_OURS = "not of our set"


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """What is said of one file. Nothing personal is in it.

    ``message`` is the kind, such as pacs.008, and ``version`` the whole name; both are empty where they cannot be told. ``header`` is the
    version of the business application header, ``envelope`` what holds the Document: the name of the outermost element, with "text in"
    before it where the Document stands there as characters; both empty where there is none. ``reason`` says in a line why the message
    would not be taken as it is: the schema's first line, the code of what makes it unreadable, or the rules it breaks.
    """

    file: str
    message: str
    version: str
    header: str
    envelope: str
    schema: SchemaVerdict
    complaints: tuple[Complaint, ...]
    guideline: GuidelineVerdict
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    reason: str

    @property
    def fit(self) -> bool:
        """Whether it is of our set and nothing was found against it."""
        return self.guideline is GuidelineVerdict.OK and self.schema is not SchemaVerdict.INVALID


@dataclass(frozen=True, slots=True)
class ConformanceReport:
    """All files of a folder, in the order of their names, and how many were passed over because they are no XML."""

    files: tuple[FileVerdict, ...]
    passed_over: int

    def counted(self) -> dict[str, dict[str, int]]:
        """How many files have which verdict, by kind of message; "(unknown)" where that cannot be told."""
        table: dict[str, Counter[str]] = {}
        for one in self.files:
            row = table.setdefault(one.message or "(unknown)", Counter())
            row.update(("files", f"schema {one.schema}", f"guideline {one.guideline}"))
        return {kind: dict(sorted(table[kind].items())) for kind in sorted(table)}


def report_on(
    place: Path,
    schemas: Path | None = None,
    *,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[int, int], None] | None = None,
) -> ConformanceReport:
    """Every message in a folder and its sub-folders, or one file. ``progress`` is told how many files of how many are done.

    Raises Malformed where the place cannot be read.
    """
    try:
        paths = [path for path in sorted(place.rglob("*")) if path.is_file()] if place.is_dir() else [place]
        messages = [path for path in paths if path.suffix.lower() == ".xml" or _begins_like_xml(path)]
    except OSError as error:
        raise _not_readable(place, error) from None
    official = OfficialSchemas(schemas)
    files = []
    for number, path in enumerate(messages, 1):
        name = path.name if path == place else path.relative_to(place).as_posix()
        try:
            with path.open("rb") as file:
                # One byte more than is taken, so that the reader itself refuses what is larger.
                data = file.read(limits.file_bytes_max + 1)
        except OSError as error:
            raise _not_readable(path, error) from None
        files.append(verdict_on(name, data, official, limits))
        if progress is not None:
            progress(number, len(messages))
    return ConformanceReport(tuple(files), len(paths) - len(messages))


def verdict_on(name: str, data: bytes, schemas: OfficialSchemas, limits: Limits = DEFAULT_LIMITS) -> FileVerdict:
    """What is said of one message."""
    stream = MessageStream(data, message="", parts=frozenset(), versions=range(1, 100), limits=limits)
    refused: UnreadableMessage | None = None
    try:
        for _ in stream:
            pass
    except UnreadableMessage as error:
        refused = error
    found = None if isinstance(refused, _FORM_REFUSED) else find_document(data)
    schema, complaints = _schema_verdict(found, schemas)
    guideline = GuidelineVerdict.UNREADABLE if refused is not None else GuidelineVerdict.NOT_OURS
    findings: tuple[Finding, ...] = ()
    version = stream.version or (version_in(found.document) if found is not None and found.document is not None else "")
    reader = READERS.get(kind_of(version))
    if refused is None and reader is not None:
        try:
            findings = tuple(findings_in(reader(data, limits)))
            guideline = GuidelineVerdict.FINDINGS if findings else GuidelineVerdict.OK
        except UnreadableMessage as error:
            refused, guideline = error, GuidelineVerdict.UNREADABLE
    return FileVerdict(
        file=name,
        message=kind_of(version),
        version=version,
        header=_header(stream, found),
        envelope=_envelope(found),
        schema=schema,
        complaints=complaints,
        guideline=guideline,
        findings=findings,
        notes=tuple(stream.notes),
        reason="; ".join(_reasons(complaints, refused, findings)),
    )


def _schema_verdict(found: Found | None, schemas: OfficialSchemas) -> tuple[SchemaVerdict, tuple[Complaint, ...]]:
    if found is None or found.document is None:
        return SchemaVerdict.NOT_ASKED, ()
    complaints = schemas.complaints(found.document)
    if complaints is None:
        return SchemaVerdict.NO_SCHEMA, ()
    return (SchemaVerdict.INVALID if complaints else SchemaVerdict.VALID), tuple(complaints)


def _header(stream: MessageStream, found: Found | None) -> str:
    if stream.header is not None:
        return stream.header.version
    return version_in(found.header) if found is not None and found.header is not None else ""


def _envelope(found: Found | None) -> str:
    if found is None or found.root == "Document":
        return ""
    return f"text in {found.root}" if found.as_text else found.root


def _reasons(complaints: Sequence[Complaint], refused: UnreadableMessage | None, findings: Sequence[Finding]) -> Iterator[str]:
    if complaints:
        first = complaints[0]
        yield f"line {first.line}: {first.xpath}: {first.sentence}"
    if refused is not None:
        yield f"{refused.code}: {refused}"
    elif findings:
        yield " ".join(dict.fromkeys(finding.rule for finding in findings))


def _begins_like_xml(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(1024).lstrip().startswith(_XML_BEGINS)


def _not_readable(place: Path, error: OSError) -> Malformed:
    return Malformed(
        f"{place} cannot be read: {error.strerror}.", field="place", value=str(place), way_out="Name a folder of messages, or one message."
    )

"""What the corridor says to a bank in messages."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from api.schemas.parts import Taken, with_example
from api.schemas.transfers import UETR
from ledger.messages.outgoing import Outgoing

MESSAGE: dict[str, Any] = {
    "position": 1208,
    "index": 0,
    "message": "pacs.002",
    "version": "pacs.002.001.10",
    "message_id": "abb-psbc-1208-0",
    "uetr": UETR,
    "document": "PD94bWwgdmVyc2lvbj0iMS4wIiBlbmNvZGluZz0iVVRGLTgiPz4KPERvY3VtZW50Lz4K",
}


class OutgoingMessage(BaseModel):
    """One message to the caller. Position and index name it for good; its bytes never change."""

    model_config = with_example(MESSAGE)

    position: int = Field(description="Where the log has what it tells.")
    index: int = Field(description="Its place among the messages of that position.")
    message: str = Field(description="What it is, such as pacs.002.")
    version: str = Field(description="The version that the terms say the caller wants.")
    message_id: str = Field(description="Its MsgId, which stands for this content for ever.")
    uetr: UUID | None = Field(default=None, description="The transfer that it is about, where it is about one.")
    document: str | None = Field(
        default=None,
        json_schema_extra={"contentEncoding": "base64", "contentMediaType": "application/xml"},
        description="The message in UTF-8. Absent in a gap: a person in it was erased, and it cannot be written any more.",
    )

    @classmethod
    def of(cls, message: Outgoing) -> OutgoingMessage:
        """With its document in base64 (RFC 4648)."""
        facts = {name: getattr(message, name) for name in cls.model_fields if name != "document"}
        return cls(**facts, document=None if message.data is None else b64encode(message.data).decode())


class OutgoingPage(Taken):
    """A page of the messages to the caller, in log order."""

    model_config = with_example({"position": 1210, "messages": [MESSAGE], "next": 1208})

    messages: list[OutgoingMessage]
    next: int = Field(description="What `after` of the next page is. The same as was asked when there is nothing new.")

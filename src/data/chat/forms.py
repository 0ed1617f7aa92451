"""All rows of a source have one form, and a person is told which was recognised."""

import logging
from collections.abc import Sequence

from src.data.rows import Row
from src.errors import DataError

_LOG = logging.getLogger(__name__)


def check_one_form(rows: Sequence[Row], source: str) -> str | None:
    """Which form the conversations of a source have, said in one line; None where its rows are fields.

    Raises:
        DataError: a row has another form than the first.
    """
    chats = [row.chat for row in rows if row.chat is not None]
    if not chats:
        return None
    for chat in chats:
        if chat.form != chats[0].form:
            raise DataError(
                f"{chat.where}: a row of {chat.form}, but {chats[0].where} is one of {chats[0].form}; "
                "accepted: one form in all rows"
            )
    turns = [sum(message["role"] == "assistant" for message in chat.messages) for chat in chats]
    systems = sum(any(message["role"] == "system" for message in chat.messages) for chat in chats)
    _LOG.info(
        "%s: %d chats, given as %s; 1 to %d answers, %d with a system prompt",
        *(source, len(chats), chats[0].form, max(turns), systems),
    )
    return chats[0].form

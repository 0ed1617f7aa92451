"""A chat template: messages become the text that a model was, or shall be, trained to go on with."""

from collections.abc import Sequence
from functools import cached_property

from transformers import PreTrainedTokenizerBase

from src.data.chat.messages import Message
from src.data.chat.template_file import template_text
from src.errors import DataError

# Some templates write the day on which they are asked. A row has to read the same on every day, so they are
# told the one day that Llama 3's template falls back on.
_A_DAY = "{% macro strftime_now(format) %}26 Jul 2024{% endmacro %}"
_ODD = "qxj7"  # an answer that no mark of a template holds


class ChatTemplate:
    """A template with the tokenizer that says what its special tokens are."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, path: str | None) -> None:
        """Take the template of a file, or else the tokenizer's own.

        Raises:
            DataError: there is none.
        """
        self.tokenizer = tokenizer
        try:
            text = template_text(path) if path is not None else tokenizer.get_chat_template()
        except ValueError as error:
            others = tokenizer.chat_template if isinstance(tokenizer.chat_template, dict) else {}
            its = (
                f"chat templates {', '.join(sorted(others))} and no default" if others else "no chat template"
            )
            raise DataError(
                f"data.chat_template: given null, and {type(tokenizer).__name__} has {its} of its "
                "own; accepted: a file with a Jinja template, or a model that was trained on chats"
            ) from error
        self.text = _A_DAY + text if "strftime_now" in text else text

    def render(self, messages: Sequence[Message], where: str, answering: bool = False) -> str:
        """The text of some messages; `answering`: up to where the assistant begins to write.

        Raises:
            DataError: the template refuses these messages, or cannot be read itself. `where` leads the line.
        """
        try:
            found = self.tokenizer.apply_chat_template(
                list(messages), tokenize=False, chat_template=self.text, add_generation_prompt=answering
            )
        except Exception as error:  # a template is a program of somebody else's
            reason = " ".join(str(error).split()) or type(error).__name__
            raise DataError(
                f"{where}: the chat template refuses it ({reason}); accepted: roles in the order that the "
                "template takes (data.system=drop), or another data.chat_template"
            ) from error
        return str(found)

    @cached_property
    def ends(self) -> list[int]:
        """Ids of the tokens with which it ends an answer, for generation to stop at."""
        asked = [{"role": "user", "content": "a"}]
        answered = self.render(
            [*asked, {"role": "assistant", "content": _ODD}], "a look at the chat template"
        )
        behind = answered.rpartition(_ODD)[2].lstrip()  # a space or a new line may stand before the mark
        ids = self.tokenizer(behind, add_special_tokens=False)["input_ids"]
        added = set(self.tokenizer.get_added_vocab().values())
        return [token for token in ids[:1] if token in added]

    def answer_end(self, text: str) -> int:
        """Where the answer that ends a text ends: white space behind a special token is nobody's to write."""
        kept = text.rstrip()
        return len(kept) if kept.endswith(self._marks) else len(text)

    def without_end(self, text: str) -> str:
        """The text of a conversation without the end token behind it.

        Templates such as Phi's write it once, behind the last answer: in a longer conversation the model goes
        from the mark of an earlier answer's end straight to the next turn.
        """
        return text.removesuffix(str(self.tokenizer.eos_token or ""))

    @cached_property
    def _marks(self) -> tuple[str, ...]:
        return tuple(self.tokenizer.get_added_vocab())

"""A dozen tokenizers of the kinds that people bring, each with the tokens that it puts around a text."""

from collections.abc import Callable
from dataclasses import dataclass

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from src.model.byte_tokenizer import EOS, PAD, byte_tokenizer


@dataclass(frozen=True)
class Made:
    """How a tokenizer is made, and what a text of it stands between."""

    make: Callable[[], PreTrainedTokenizerFast]
    front: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()


def framed(template: str, **special: str) -> PreTrainedTokenizerFast:
    """The byte tokenizer with a post-processor such as "<bos> $A <eos>"."""
    tokenizer = byte_tokenizer()
    tokenizer.add_special_tokens(special)
    names = [part for part in template.split() if part != "$A"]
    others = [name for name in names if name not in tokenizer.get_vocab()]
    tokenizer.add_special_tokens({"additional_special_tokens": others})
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=template, special_tokens=[(name, tokenizer.convert_tokens_to_ids(name)) for name in names]
    )
    return tokenizer


def of_words() -> PreTrainedTokenizerFast:
    """Whole words between [CLS] and [SEP]; white space and unknown words are lost."""
    tokens = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", *"abcdefghij", "one", "two", "=", "+", "?"]
    backend = Tokenizer(models.WordLevel({token: i for i, token in enumerate(tokens)}, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, cls_token="[CLS]", sep_token="[SEP]", eos_token="[SEP]", pad_token="[PAD]"
    )


def with_first_space() -> PreTrainedTokenizerFast:
    """A space before the first word of every text, and a start token, as in Llama 2 and Mistral."""
    characters = ["<s>", "</s>", "▁", *map(chr, range(33, 127)), "\n"]
    backend = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(characters)}, merges=[]))
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    backend.decoder = decoders.Metaspace(prepend_scheme="first", split=False)
    backend.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", pad_token="</s>"
    )


def of_bytes_with_first_space() -> PreTrainedTokenizerFast:
    """Bytes with a space before the first word, as in RoBERTa with add_prefix_space."""
    tokenizer = byte_tokenizer()
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(
        add_prefix_space=True, use_regex=False
    )
    return tokenizer


def with_stored_sides() -> PreTrainedTokenizerFast:
    """Pads and cuts at the left, by its own settings."""
    tokenizer = framed("<bos> $A <eos>", bos_token="<bos>")
    tokenizer.padding_side = tokenizer.truncation_side = "left"
    return tokenizer


def with_stored_lengths() -> PreTrainedTokenizerFast:
    """Was saved while it cut at 4 tokens and padded to 8."""
    tokenizer = framed("<bos> $A", bos_token="<bos>")
    tokenizer.backend_tokenizer.enable_truncation(4)
    tokenizer.backend_tokenizer.enable_padding(length=8)
    return tokenizer


def with_added_tokens() -> PreTrainedTokenizerFast:
    """Knows some words and marks as tokens that were added later."""
    tokenizer = framed("<bos> $A", bos_token="<bos>")
    tokenizer.add_tokens(["one", "= "])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<user>", "<assistant>"]})
    return tokenizer


def one_token_for_all(template: str) -> PreTrainedTokenizerFast:
    """Start, end and padding are one token."""
    tokenizer = framed(template)
    tokenizer.bos_token = tokenizer.pad_token = EOS
    return tokenizer


MADE = {
    "none": Made(byte_tokenizer),
    "bos": Made(lambda: framed("<bos> $A", bos_token="<bos>"), ("<bos>",)),
    "eos": Made(lambda: framed("$A <eos>"), (), (EOS,)),
    "both": Made(lambda: framed("<bos> $A <eos>", bos_token="<bos>"), ("<bos>",), (EOS,)),
    "two in front": Made(lambda: framed("<bos> <en> $A", bos_token="<bos>"), ("<bos>", "<en>")),
    "unnamed start": Made(lambda: framed("<start> $A"), ("<start>",)),
    "words": Made(of_words, ("[CLS]",), ("[SEP]",)),
    "first space": Made(with_first_space, ("<s>",)),
    "bytes, first space": Made(of_bytes_with_first_space),
    "stored sides": Made(with_stored_sides, ("<bos>",), (EOS,)),
    "stored lengths": Made(with_stored_lengths, ("<bos>",)),
    "added tokens": Made(with_added_tokens, ("<bos>",)),
    "all one, in front": Made(lambda: one_token_for_all("<eos> $A"), (EOS,)),
    "all one, behind": Made(lambda: one_token_for_all("$A <eos>"), (), (EOS,)),
    "pad in front": Made(lambda: framed(f"{PAD} $A"), (PAD,)),
}

"""A tokenizer of bytes: no vocabulary to fetch, and any text comes back as it was."""

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

PAD, EOS, MASK = "<pad>", "<eos>", "<mask>"
NUM_SPECIAL = 2  # ids 0 and 1; the byte b has the id b + 2
VOCABULARY_SIZE = 256 + NUM_SPECIAL  # a mask, where there is one, comes behind all of them


def byte_tokenizer(mask: bool = False) -> PreTrainedTokenizerFast:
    """A fast tokenizer of 258 ids: padding, end, and the 256 bytes; 259 with `mask`, for encoders.

    Text that spells a special token is read as its bytes, so decoding what was encoded gives the text back.
    """
    vocabulary = {PAD: 0, EOS: 1}
    vocabulary |= {character: byte + NUM_SPECIAL for byte, character in enumerate(_characters())}
    if mask:
        vocabulary[MASK] = VOCABULARY_SIZE
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token=PAD,
        eos_token=EOS,
        mask_token=MASK if mask else None,
        split_special_tokens=True,
        clean_up_tokenization_spaces=False,
    )


def _characters() -> list[str]:
    """The printable character that stands for each byte in the `ByteLevel` steps, in the order of the bytes.

    Printable bytes of Latin-1 stand for themselves; the others take the characters from 256 on.
    Source: Radford et al. (2019), "Language models are unsupervised multitask learners", section 2.2.
    """
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]

"""Data configs from the real files of conf/, and small tokenizers."""

import json
from pathlib import Path

import pytest
import yaml
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from src.config.schema import DataConfig

CONF = Path(__file__).resolve().parents[2] / "conf" / "data"


@pytest.fixture(scope="session")
def make_data():
    def make(name=None, **values):
        base = yaml.safe_load((CONF / "_base.yaml").read_text())
        own = (
            yaml.safe_load((CONF / f"{name}.yaml").read_text())
            if name
            else {"name": "own", "path": "rows.jsonl"}
        )
        own.pop("defaults", None)
        return DataConfig(**{**base, **own, **values})

    return make


@pytest.fixture
def write_rows(tmp_path):
    """Write records as JSONL; the path as text."""

    def write(records, name="rows.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        return str(path)

    return write


def fast(backend, **tokens):
    return PreTrainedTokenizerFast(tokenizer_object=backend, clean_up_tokenization_spaces=False, **tokens)


@pytest.fixture(scope="session")
def merging_tokenizer():
    """BPE that has merged " 7", "=7" and "= 7" whole, so that texts tokenise otherwise when joined."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<pad>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(["= 7", "=7", " 7", "3 + 4 = 7"] * 50, trainer)
    return fast(backend, pad_token="<pad>", eos_token="</s>")


@pytest.fixture(scope="session")
def sentencepiece_tokenizer():
    """Words behind a dummy first space, and a start token, as in Llama 2 and Mistral."""
    characters = ["<s>", "</s>", "▁", *"0123456789+=ab\n"]
    backend = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(characters)}, merges=[]))
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    backend.decoder = decoders.Metaspace(prepend_scheme="first", split=False)
    backend.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return fast(backend, bos_token="<s>", eos_token="</s>", pad_token="</s>")


@pytest.fixture(scope="session")
def bert_like_tokenizer():
    """Puts [CLS] before and [SEP] behind every text; drops white space."""
    tokens = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "a", "b"]
    backend = Tokenizer(models.WordLevel({t: i for i, t in enumerate(tokens)}, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return fast(backend, cls_token="[CLS]", sep_token="[SEP]", eos_token="[SEP]", pad_token="[PAD]")

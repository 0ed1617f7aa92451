"""Training, probing and scoring show a model the same token ids, whatever its tokenizer does by itself."""

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from src.command.compose import CONF, model_named
from src.data.encode import IGNORED, EncodedRow, encode_rows, encode_texts
from src.data.rows import Row
from src.data.special_tokens import framed_rows, text_of
from src.evaluate import english
from src.evaluate.harness import evaluate
from src.model.byte_tokenizer import byte_tokenizer
from src.model.tiny import ENCODERS
from tests.made_tokenizers import MADE

ROWS = [Row(f"{word} =", f" a {i}.", f"r{i}") for i, word in enumerate(("one", "two one", "a b c d"))]
PASSAGES = ["one two a b?", "c = d"]
PRESETS = sorted(path.stem for path in (CONF / "model").glob("[!_]*.yaml") if path.stem != "hf")


def shown(tokenizer, rows, data, config, cache, monkeypatch):
    """Ids without padding of every prompt that is answered and of every text that is scored."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **sizes))
    prompts, texts = [], []
    generate, forward = model.generate, model.forward

    def generating(**options):
        if "output_logits" not in options:  # the look at padding
            pairs = zip(options["input_ids"], options["attention_mask"], strict=True)
            prompts.extend(ids[mask.bool()].tolist() for ids, mask in pairs)
        return generate(**options)

    monkeypatch.setattr(model, "generate", generating)
    evaluate(model, tokenizer, rows, data, config(tasks=["heldout"], batch_size=2), cache, 0)

    def calling(input_ids=None, **options):
        texts.append(input_ids.tolist())
        return forward(input_ids=input_ids, **options)

    monkeypatch.setattr(model, "forward", calling)
    monkeypatch.setattr(english, "held_out_passages", lambda: PASSAGES)
    evaluate(model, tokenizer, rows, data, config(tasks=["english"], num_passages=2, batch_size=1), cache, 0)
    return prompts, [ids for (ids,) in texts[-2:]]


def check(tokenizer, make_data, make_evaluate, cache, monkeypatch):
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    data = make_data(answer_pattern="(.+)", prompt="{question}")
    prompts, texts = shown(tokenizer, ROWS, data, make_evaluate, cache, monkeypatch)
    trained = encode_rows(ROWS, tokenizer, 64, "completion").rows
    probed = encode_texts(ROWS, tokenizer, 64)
    assert [row.input_ids[:-1] for row in trained] == [row.input_ids for row in probed]
    learned = [[label != IGNORED for label in row.labels].index(True) for row in trained]
    expected = [row.input_ids[:start] for row, start in zip(trained, learned, strict=True)]
    assert sorted(prompts) == sorted(expected)
    whole = encode_rows([Row("", text, text) for text in PASSAGES], tokenizer, 64, "all").rows
    front = tokenizer("a")["input_ids"].index(tokenizer("a", add_special_tokens=False)["input_ids"][0])
    for text, row in zip(
        sorted(texts, key=len), sorted(whole, key=lambda row: len(row.input_ids)), strict=True
    ):
        seen = text if front else text[1:]  # without a token in front, the end or start token is put there
        assert seen == row.input_ids[:-2]  # the last token of the text is predicted, and no end token


def check_encoder(tokenizer):
    """Encoders write no text; the rows of their objectives end as their tokenizer ends a text."""
    whole = framed_rows(ROWS, tokenizer, 64, lambda row, cut: EncodedRow(row.id, cut(text_of(row)), None))
    expected = [tokenizer(text_of(row))["input_ids"] for row in ROWS]
    assert [row.input_ids for row in whole.rows] == expected
    behind = 1 if tokenizer.sep_token_id is not None else 0
    probed = encode_texts(ROWS, tokenizer, 64)
    assert [row.input_ids for row in probed] == [ids[: len(ids) - behind] for ids in expected]


@pytest.mark.parametrize("name", MADE)
def test_made_tokenizers(name, make_data, make_evaluate, tmp_path, monkeypatch):
    check(MADE[name].make(), make_data, make_evaluate, tmp_path, monkeypatch)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets(preset, package_tokenizer, make_data, make_evaluate, tmp_path, monkeypatch):
    config = model_named(preset, "float32")
    if config.source == "hub":
        pytest.skip("its tokenizer lies on the hub")
    if config.source in ("tiny", "twin"):
        tokenizer = byte_tokenizer(mask=config.architecture in ENCODERS)
    else:
        tokenizer = package_tokenizer(config.resolved_id)
    if config.kind == "encoder":
        check_encoder(tokenizer)
        return
    check(tokenizer, make_data, make_evaluate, tmp_path, monkeypatch)

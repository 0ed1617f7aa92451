"""Two folders of weights, or an adapter of another trainer, as a pair."""

import csv
import json

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from src.data.splits import load_splits
from src.intervene.engine.gates import BASE, TUNED
from src.intervene.engine.items import ItemBatch
from src.model.byte_tokenizer import byte_tokenizer
from src.model.tiny import build_tiny
from tests.compare.test_adapter_folder import save_adapter
from tests.intervene.test_intervene_command import command

DATA = ["data=sums", "data.num_train=4", "data.num_probe=4", "data.num_test=8"]


def save(folder, num_blocks=5, width=32, moved=(), size=0.1):
    model = build_tiny("llama", num_blocks, width)
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for block in moved:
            for value in model.model.layers[block].parameters():
                value += size * torch.randn(value.shape, generator=draw)
    model.save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture
def asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return [*DATA, f"paths.runs_dir={tmp_path}/runs", f"paths.cache_dir={tmp_path}/cache"]


def test_blocks_that_differ_between_two_folders_and_no_others_have_a_part(
    asked, tmp_path, monkeypatch, capsys
):
    base = save(tmp_path / "base")
    tuned = save(tmp_path / "tuned", moved=(1, 3), size=0.5)
    command(monkeypatch, f"base={tuned}", f"tuned={base}", *asked)  # which way is the gain is of no matter
    (path,) = (tmp_path / "runs").rglob("profile.csv")
    found = {
        (row["kind"], row["player"]): float(row["value"])
        for row in csv.DictReader(path.read_text().splitlines())
    }
    assert {name for (kind, name), value in found.items() if kind == "alone" and value} == {
        "block 1", "block 3"
    }  # fmt: skip
    assert {name for kind, name in found if kind == "path"} == {"block 1", "block 3"}


def test_an_adapter_is_added_to_base(asked, tmp_path):
    from src.command.compose import pair_config
    from src.intervene.checkpoints import open_pair
    from src.intervene.material import Asked

    base = save(tmp_path / "plain", num_blocks=10, width=64)
    adapter = save_adapter(tmp_path / "adapter", blocks=(4,))
    pair = open_pair(pair_config("metrics=none", f"base={base}", f"tuned={adapter}", *asked), Asked())
    assert pair.trained == [4] == list(pair.sizes)
    batch: ItemBatch = pair.scores[0].batches[0]
    with pair.replay.running():
        ends = [pair.replay.logits(batch.inputs, [gate] * 12) for gate in (BASE, TUNED)]
        assert not torch.equal(*ends)
        torch.testing.assert_close(ends[0], build_tiny("llama", 10, 64).eval()(**batch.inputs).logits)


def test_pairs_that_are_not_alike_are_refused_in_one_line(asked, tmp_path, monkeypatch, capsys):
    base = save(tmp_path / "base")
    other = save(tmp_path / "tokens", moved=(1,))
    tokenizer: PreTrainedTokenizerFast = byte_tokenizer()
    tokenizer.add_tokens(["Problem"])
    tokenizer.save_pretrained(other)
    cases = {
        "blocks": save(tmp_path / "blocks", num_blocks=4),
        "shape": save(tmp_path / "wide", width=64),
        "tokens": other,
        "changed": save(tmp_path / "same"),
    }
    capsys.readouterr()
    for word, folder in cases.items():
        with pytest.raises(SystemExit) as stopped:
            command(monkeypatch, f"base={base}", f"tuned={folder}", *asked)
        assert stopped.value.code == 2
        assert word in (error := capsys.readouterr().err) and error.count("\n") == 1, error
    assert not list((tmp_path / "runs").rglob("*"))


def test_half_a_pair_and_mixtures_are_refused(asked, tmp_path, monkeypatch, capsys):
    for arguments in (["base=gpt2", "data=sums"], ["base=gpt2", "somewhere"], ["nowhere"]):
        with pytest.raises(SystemExit) as stopped:
            command(monkeypatch, *arguments)
        assert stopped.value.code == 2 and capsys.readouterr().err.count("\n") == 1


def test_a_prompt_that_is_too_long_leaves_its_row_out_as_in_training(asked, tmp_path):
    from src.command.compose import pair_config
    from src.intervene.checkpoints import open_pair
    from src.intervene.material import Asked

    rows = [{"question": f"q {i} " + "x" * 200 * (i == 3), "answer": f"#### {i}"} for i in range(10)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = ["data=gsm8k", f"data.path={tmp_path}/rows.jsonl", "data.max_length=100", "data.num_test=9"]
    models = [f"base={save(tmp_path / 'base')}", f"tuned={save(tmp_path / 'tuned', moved=(1,))}"]
    config = pair_config("metrics=none", *models, *asked, *data, "data.num_probe=1", "data.num_train=2000")
    asked_rows = load_splits(config.data, trains=False).test
    assert sum("xxx" in row.prompt for row in asked_rows) == 1
    assert len(open_pair(config, Asked()).scores[0].ids) == 8

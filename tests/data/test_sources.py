"""A new source is a class, a row and its settings: everything else asks the source, not which one it is."""

import subprocess
import sys

import pytest

from src.config.source import KINDS
from src.data.catalog import SOURCES, source_of
from src.data.rows import Row
from src.data.source import Pool
from src.data.splits import load_splits


class Counting:
    """Rows that count, as a source that knows its content without being read."""

    def load(self, config, num_further):
        rows = [Row(str(i), f"{i} + 1 =", f" {i + 1}") for i in range(1000)]
        return Pool(rows, None, "counting")

    def content(self, config):
        return ["counting to 1000"]


def test_every_kind_has_a_source():
    assert SOURCES.keys() == KINDS.keys()


def test_the_table_imports_nothing_heavy():
    heavy = "{'torch', 'datasets', 'reasoning_gym'}"
    code = f"import sys, src.data.catalog; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("overrides", "name", "told"),
    [
        (["data=arithmetic"], "generator", "generated: chain_sum"),
        (["data=english"], "corpus", "text of this machine: english"),
        (["data=gsm8k"], "hub", "openai/gsm8k"),
        (["data=gsm8k", "data.path=rows.jsonl"], "file", "rows.jsonl"),
        (["data=english", "data.path=rows.jsonl"], "file", "rows.jsonl"),
    ],
)
def test_the_first_key_that_is_set_chooses(make_config, overrides, name, told):
    data = make_config(*overrides).data
    assert (data.source, data.told) == (name, told)
    assert source_of(data) is SOURCES[name]


def test_content_is_that_of_the_files(make_config, tmp_path):
    path = tmp_path / "rows.jsonl"
    data = make_config("data=gsm8k", f"data.path={path}").data
    assert source_of(data).content(data) is None  # reading says what is missing
    seen = []
    for text in ("{}", "[]", "{}"):
        path.write_text(text)
        seen.append(source_of(data).content(data))
    assert seen[0] == seen[2] != seen[1]
    hub = make_config("data=gsm8k").data
    assert source_of(hub).content(hub) is None
    generated = make_config("data=sums").data
    assert source_of(generated).content(generated) == []


def test_another_source_is_cut_like_every_other(make_config, monkeypatch):
    monkeypatch.setitem(SOURCES, "generator", Counting())
    data = make_config("data=sums", "data.num_train=30", "data.num_probe=20", "data.num_test=10").data
    splits = load_splits(data)
    assert splits.source == "counting"
    prompts = [row.prompt for part in (splits.train, splits.probe, splits.test) for row in part]
    assert len(prompts) == len(set(prompts)) == 60

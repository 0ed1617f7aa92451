"""The command: from layer tables to a preset that composes, and one line for what cannot be used."""

import shlex

import pytest
import yaml

from src.command.compose import CONF, group_file, run_config
from src.errors import DataError, UserError
from src.method.band import band_blocks
from src.probe.table.layer_table import LayerRow
from src.probe.table.layers_csv import write_layers
from src.storage.files import write_json, write_text
from src.suggest.block_demand import best_measured, demands, measuring
from tests.forked import run

ROOT = CONF.parent


@pytest.fixture
def make_run(tmp_path):
    def make(
        name="a", status="success", num_blocks=4, trained=None, model="tiny_llama", given=None, **series
    ):
        folder = tmp_path / name
        rows = [
            LayerRow(stage, layer, layer / num_blocks, metric, value, None, None)
            for key, values in series.items()
            for stage, _, metric in [key.partition("_")]
            for layer, value in enumerate(values, 1 if len(values) == num_blocks else 0)
        ]
        write_layers(folder / "layers.csv", rows)
        blocks = list(range(num_blocks if trained is None else trained))
        record = {"adapted": {"blocks": blocks}, "model": {"num_blocks": num_blocks}}
        choices = {"model": model, "data": "arithmetic"}
        config = {group: group_file(group, choice) for group, choice in choices.items()}
        for key, value in (given or {}).items():
            group, _, name = key.partition(".")
            config[group][name] = value
        write_text(folder / "config.yaml", yaml.safe_dump(config))
        write_json(
            folder / "run.json", record | {"status": status, "error": "out of memory", "choices": choices}
        )
        return folder

    return make


def test_the_root_of_the_fisher_trace_at_the_base_is_the_demand(make_run):
    found = make_run(base_fisher_trace=[1.0, 4.0, 9.0, 16.0], tuned_fisher_trace=[9.0] * 4)
    assert demands([found], "fisher_trace") == pytest.approx([0.1, 0.2, 0.3, 0.4])


def test_changes_of_weights_belong_to_their_block(make_run):
    found = make_run(change_weight_change=[1.0, 0.0, 2.0, 1.0])
    assert demands([found], "weight_change") == pytest.approx([0.25, 0, 0.5, 0.25])


def test_of_representations_a_block_gets_what_it_adds(make_run):
    similar = make_run(change_cka_debiased=[1.0, 0.9, 0.9, 0.95, 0.6])
    assert demands([similar], "cka_debiased") == pytest.approx([0.1 / 0.45, 0, 0, 0.35 / 0.45])
    distant = make_run("b", change_mean_shift=[0.0, 1.0, 3.0, 2.0, 6.0])
    assert demands([distant], "mean_shift") == pytest.approx([1 / 7, 2 / 7, 0, 4 / 7])


def test_of_several_runs_the_mean_of_each_ones_profile(make_run):
    one = make_run("a", change_weight_change=[1.0, 0.0, 0.0, 0.0])
    other = make_run("b", change_weight_change=[0.0, 0.0, 0.0, 50.0])
    assert demands([one, other], "weight_change") == pytest.approx([0.5, 0, 0, 0.5])


def test_what_cannot_be_used_is_one_line(make_run, tmp_path):
    good = make_run(change_weight_change=[1.0] * 4, change_update_stable_rank=[1.0] * 4)
    with pytest.raises(DataError, match="given fisher_trace, not measured there; accepted: weight_change$"):
        demands([good], "fisher_trace")
    with pytest.raises(DataError, match="update_stable_rank; accepted: an amount of change"):
        demands([good], "update_stable_rank")
    with pytest.raises(DataError, match="given blocks a 4, b 5; accepted: runs of one number of blocks"):
        demands([good, make_run("b", num_blocks=5, change_weight_change=[1.0] * 5)], "weight_change")
    with pytest.raises(DataError, match=r"no value at layers \[2\]"):
        demands([make_run("c", change_weight_change=[1.0, None, 1.0, 1.0])], "weight_change")
    with pytest.raises(DataError, match="is 0 at every block"):
        demands([make_run("d", change_weight_change=[0.0] * 4)], "weight_change")
    with pytest.raises(UserError, match=r"failed \(out of memory\); accepted: a finished run"):
        demands([make_run("e", status="failed", change_weight_change=[1.0] * 4)], "weight_change")
    with pytest.raises(UserError, match="nowhere: holds no run"):
        demands([tmp_path / "nowhere"], "weight_change")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "config.yaml").touch()
    with pytest.raises(UserError, match="half: has not finished"):
        demands([tmp_path / "half"], "weight_change")


def test_without_a_metric_the_best_profile_that_every_run_measured_is_taken(make_run):
    both = make_run("a", base_fisher_trace=[1.0] * 4, change_weight_change=[1.0] * 4)
    moved = make_run("b", change_weight_change=[1.0] * 4, change_mean_shift=[1.0] * 5)
    assert best_measured([both]) == "fisher_trace"
    assert best_measured([both, moved]) == "weight_change"


def test_a_change_counts_only_where_every_block_was_trained(make_run):
    """What a band did not train moved by 0, so that the suggestion would be the band again."""
    band = make_run("c", trained=2, change_weight_change=[1.0, 1.0, 0.0, 0.0])
    command = (
        r"python -m src.run model=tiny_llama data=arithmetic train.max_steps=1 metrics.names=\[fisher_trace\]"
    )
    with pytest.raises(UserError, match=f"--by: given none, and c measured no profile.*: {command}"):
        best_measured([band])
    probed = make_run("d", trained=2, base_fisher_trace=[1.0] * 4, change_weight_change=[1.0, 1.0, 0.0, 0.0])
    assert best_measured([probed]) == "fisher_trace"


def test_the_command_that_measures_is_about_the_same_model_and_rows(make_run, tmp_path):
    """A folder and a file of a user's own, with fewer rows than the preset asks for."""
    given = {
        "model.id": f"{tmp_path}/my model",
        "data.num_train": 5,
        "data.num_test": 7,
        "data.system": "a, b",
    }
    command = measuring(make_run(model="hf", given=given))
    config = run_config(*shlex.split(command)[3:])
    assert config.model.id == given["model.id"]
    assert (config.data.num_train, config.data.num_test, config.data.system) == (5, 7, "a, b")
    assert config.metrics.names == ["fisher_trace"]


def suggest(*arguments):
    return run("src.suggest", *arguments)


def test_the_command_writes_a_preset_that_spends_the_budget_in_its_band(make_run, tmp_path):
    run = make_run(num_blocks=7, change_weight_change=[1.0, 1.0, 9.0, 30.0, 20.0, 2.0, 1.0])
    out = tmp_path / "suggested" / "mine.yaml"
    done = suggest(run, "--metric", "weight_change", "--rank", 8, "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    found = yaml.safe_load(out.read_text())
    ranks = found["method"]["ranks"]
    assert sum(ranks) == 8 * 7
    assert found["band"]["name"] == "mine"
    blocks = band_blocks(found["band"]["start"], found["band"]["stop"], 7)
    assert [block for block, rank in enumerate(ranks) if rank] == list(blocks) == [2, 3, 4]
    assert out.read_text().startswith("# @package _global_\n")


def test_the_command_says_what_it_took_and_what_would_be_better(make_run):
    done = suggest(make_run(change_weight_change=[1.0, 2.0, 3.0, 4.0]))
    assert done.returncode == 0
    said = "--by not given, taken: weight_change; fisher_trace would be better: python -m src.run "
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1
    assert "from weight_change of a." in done.stdout


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--share", "1.5"], "strata: --share: given 1.5; accepted: a share in (0, 1]"),
        (["--rank", "0"], "strata: --rank: given 0; accepted: a number of at least 1"),
    ],
)
def test_the_command_refuses_in_one_line(make_run, options, line):
    done = suggest(make_run(change_weight_change=[1.0] * 4), "--metric", "weight_change", *options)
    assert (done.returncode, done.stderr.strip(), done.stdout) == (2, line, "")


def test_by_causal_gives_each_block_what_it_carries_of_the_gain(make_run):
    found = make_run(change_weight_change=[1.0] * 4)
    with pytest.raises(DataError, match=r"no causal profile.*python -m src.intervene"):
        demands([found], "causal")
    folder = found / "intervene"
    shares = {"block 0": 0.1, "block 1": -0.2, "block 3": 0.3}  # block 2 was not trained
    lines = [f"logp,path,{name},{value}" for name, value in shares.items()]
    write_text(
        folder / "profile.csv", "\n".join(["score,kind,player,value", *lines, "english,path,block 0,9"])
    )
    write_json(folder / "about.json", {"runs": [found.name], "num_blocks": 4, "trained": [0, 1, 3]})
    assert demands([found], "causal") == pytest.approx([0.25, 0, 0, 0.75])
    done = suggest(found, "--by", "causal", "--rank", 4, "--share", 1)
    assert done.returncode == 0 and "causal of a" in done.stdout
    together = folder.rename(found.parent / "intervene")  # of several runs
    assert demands([found], "causal") == pytest.approx([0.25, 0, 0, 0.75])
    write_json(together / "about.json", {"runs": ["another"], "num_blocks": 4, "trained": [0, 1, 3]})
    with pytest.raises(DataError, match="no causal profile"):
        demands([found], "causal")

"""The workspace that `python -m src.dashboard` builds, and what it says where W&B cannot be reached."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from src.dashboard.measured import DEFAULT, ExperimentContents, measured
from src.dashboard.outline import outline
from src.dashboard.workspace import workspace
from src.errors import UserError
from src.probe.table.layer_table import LayerRow
from src.storage.files import write_json
from src.tracking.series import profile_values, score_summary, score_values, step_values
from tests.tracking.wandb_server import KEY, WandbServer

ROOT = Path(__file__).resolve().parents[2]
FOUND = ExperimentContents(
    scores=[("heldout", "exact_match"), ("gsm8k", "exact_match,strict-match")],
    profiles=[("mean_shift", "change"), ("effective_rank", "base"), ("effective_rank", "tuned")],
)


def model(experiment="study", found=FOUND):
    return json.loads(
        workspace("lab", "strata", experiment, found)
        ._to_model()
        .model_dump_json(by_alias=True, exclude_none=True)
    )


def sections(view):
    return {one["name"]: one["panels"] for one in view["spec"]["section"]["panelBankConfig"]["sections"]}


def logged():
    """Every name that a run with these scores and profiles sends."""
    scores = [{"task": task, "metric": metric, "value": 0.5, "stderr": 0.1} for task, metric in FOUND.scores]
    rows = [LayerRow(stage, 1, 0.5, metric, 1.0, None, 5) for metric, stage in FOUND.profiles]
    steps = step_values({"step": 1, "loss": 1.0, "learning_rate": 1e-3, "gradient_norm": 1.0})
    summaries = score_summary("base", scores) | score_summary("tuned", scores)
    return {*steps, *summaries, *score_values(scores, 1), *profile_values(rows)[0], "params/trainable"}


def test_there_is_a_section_for_each_question():
    assert list(sections(model())) == [
        "Score by band", "Published", "Parameters against score", "Profiles by layer", "Learning curves", "Run comparer",
    ]  # fmt: skip


def test_nothing_is_drawn_that_no_run_sends():
    drawn = set()
    for panels in sections(model()).values():
        for panel in panels:
            config = panel["config"]
            drawn |= set(config.get("metrics", [])) | {config.get("xAxis"), config.get("yAxis")}
    names = {name.removeprefix("summary:") for name in drawn if name}
    assert len(names) > 12
    assert names <= logged()


def test_scores_and_profiles_are_means_over_the_runs_of_a_band_with_their_error():
    found = sections(model())
    for panel in [*found["Score by band"], *found["Profiles by layer"][:-1], *found["Learning curves"]]:
        assert (panel["config"]["groupBy"], panel["config"]["groupAgg"]) == ("arm.value", "mean")
        assert panel["config"]["groupArea"] == "stderr"
    assert [panel["viewType"] for panel in found["Score by band"]] == ["Bar Chart"] * 4
    assert [panel["config"]["xAxis"] for panel in found["Profiles by layer"][:-1]] == ["profile/layer"] * 2
    assert found["Profiles by layer"][1]["config"]["metrics"] == [
        "profile/effective_rank/base",
        "profile/effective_rank/tuned",
    ]
    assert found["Run comparer"][0]["viewType"] == "Run Comparer"


def test_the_published_numbers_are_a_panel():
    (panel,) = sections(model())["Published"]
    assert panel["viewType"] == "Markdown Panel"
    lines = panel["config"]["value"].splitlines()
    (gain,) = [line for line in lines if line.startswith("| OLMo-2 7B, bands | best band gain | 01000 |")]
    assert "0.095, n 200 (inferred)" in gain
    assert "the best of nine bands, chosen after the fact" in gain
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1


def test_a_score_stands_against_the_parameters_that_were_trained():
    (first, second, lines) = sections(model())["Parameters against score"]
    assert first["config"]["xAxis"] == "summary:params/trainable"
    assert first["config"]["yAxis"] == "summary:tuned/heldout/exact_match"
    assert second["config"]["yAxis"].startswith("summary:tuned/gsm8k/exact_match_strict_match_")
    assert lines["viewType"] == "Parallel Coordinates Plot"


def test_runs_are_of_the_experiment_and_grouped_by_it_and_by_band():
    (runs,) = model()["spec"]["section"]["runSets"]
    (only,) = runs["filters"]["filters"]
    assert (only["key"], only["op"], only["value"]) == (
        {"section": "config", "name": "experiment"},
        "=",
        "study",
    )
    assert runs["grouping"] == [
        {"section": "run", "name": "group"},
        {"section": "config", "name": "band.value.name"},
        {"section": "config", "name": "method.value.scaling"},
    ]
    (every,) = model(None)["spec"]["section"]["runSets"]
    assert not every["filters"].get("filters")


def test_a_long_name_stays_below_the_limit():
    assert len(model("e" * 300)["displayName"]) == 128


def test_panels_follow_what_the_runs_measured(tmp_path):
    assert measured(tmp_path) == DEFAULT
    scores = [{"task": "gsm8k", "metric": "exact_match", "stage": stage} for stage in ("base", "tuned")]
    profiles = [{"metric": metric, "stage": "change"} for metric in ("mean_shift", "weight_change/q_proj")]
    write_json(tmp_path / "a" / "run.json", {"status": "success", "scores": scores, "profiles": profiles})
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "run.json").write_text("{")
    assert measured(tmp_path) == ExperimentContents([("gsm8k", "exact_match")], [("mean_shift", "change")])


def command(tmp_path, *arguments, key=None, url="http://127.0.0.1:9"):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    environment = (
        kept | {"HOME": str(tmp_path), "WANDB_BASE_URL": url} | ({"WANDB_API_KEY": key} if key else {})
    )
    full = [sys.executable, "-m", "src.dashboard", *arguments]
    return subprocess.run(full, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


def test_a_dry_run_needs_neither_key_nor_server(tmp_path):
    done = command(tmp_path, "study", "--dry-run", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert next(iter(sections(json.loads(done.stdout)))) == "Score by band"


def test_the_outline_names_every_panel_by_its_title():
    text = outline(workspace("lab", "strata", "study", FOUND))
    assert text.splitlines()[:2] == ["Strata: study", "project lab/strata"]
    for name, panels in sections(model()).items():
        assert f"\n{name}\n" in text
        for title in (panel["config"].get("chartTitle") for panel in panels):
            assert title is None or f"  {title}" in text
    assert "{" not in text
    assert "mean_shift by layer (profile/layer, profile/mean_shift/change)" in text
    (published,) = [line for line in text.splitlines() if line.endswith(" published numbers")]
    rows = [line for line in sections(model())["Published"][0]["config"]["value"].splitlines() if "|" in line]
    assert published == f"  a table of {len(rows) - 2} published numbers"


@pytest.mark.parametrize(
    ("arguments", "key", "said"),
    [
        (
            ["study"],
            None,
            "W&B: no key for http://127.0.0.1:9: `wandb login`, or set WANDB_API_KEY; or --dry-run",
        ),
        (
            ["study"],
            KEY,
            "W&B: http://127.0.0.1:9 does not answer ([Errno 111] Connection refused); or --dry-run",
        ),
        (
            ["runs/study"],  # the path means the same
            KEY,
            "W&B: http://127.0.0.1:9 does not answer ([Errno 111] Connection refused); or --dry-run",
        ),
        (
            ["../study"],
            KEY,
            "EXPERIMENT: given '../study'; accepted: a name below runs, such as quickstart",
        ),
    ],
)
def test_what_cannot_work_is_one_line_and_status_2(tmp_path, arguments, key, said):
    done = command(tmp_path, *arguments, key=key)
    assert done.returncode == 2
    assert done.stderr.startswith(f"strata: {said}")
    assert done.stderr.count("\n") == 1


def test_a_workspace_is_saved_where_the_server_takes_it(tmp_path):
    with WandbServer() as server:
        done = command(tmp_path, "study", "--entity", "lab", key=KEY, url=server.url)
    assert done.returncode == 0, (done.stderr, server.requests)
    (view,) = server.views
    assert (view["entityName"], view["projectName"], view["displayName"]) == (
        "lab",
        "strata",
        "Strata: study",
    )
    assert len(json.loads(view["spec"])["section"]["panelBankConfig"]["sections"]) == 6
    assert done.stdout.startswith(server.url)
    assert KEY not in done.stdout + done.stderr


@pytest.mark.parametrize(("behaviour", "key"), [("error", KEY), ("401", KEY), ("ok", "short-and-wrong")])
def test_a_server_that_answers_500_or_a_wrong_key_is_one_line_without_the_key(tmp_path, behaviour, key):
    with WandbServer(behaviour) as server:
        done = command(tmp_path, "study", "--entity", "lab", key=key, url=server.url)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert key not in done.stdout + done.stderr


def test_help_tells_what_it_needs_and_loads_nothing_heavy(tmp_path):
    done = command(tmp_path, "--help")
    assert all(word in done.stdout for word in ("--dry-run", "wandb login", "wandb sync", "WANDB_API_KEY"))
    check = (
        "import sys; sys.argv = ['dashboard', '--help']\n"
        "from src.dashboard.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: print(sorted({'torch', 'wandb', 'wandb_workspaces', 'pandas'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True).stdout
    assert out.splitlines()[-1] == "[]"


def test_a_path_is_no_experiment():
    from src.dashboard.measured import check_experiment

    for text in ("./a", "/a", "runs/a"):
        with pytest.raises(UserError):
            check_experiment(text, Path("runs"))
    check_experiment("study/small", Path("runs"))

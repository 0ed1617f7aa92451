"""The path of the README in a row: every command works on what the one before it left."""

import pytest
import yaml

from tests import forked


def python_m(*arguments):
    done = forked.run(*arguments)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """Folder of the runs, and of the one run that `debug=smoke` leaves."""
    root = tmp_path_factory.mktemp("row")
    paths = [f"paths.runs_dir={root}/runs", f"paths.cache_dir={root}/cache"]
    python_m("src.run", "debug=smoke", "method=lora", "evaluate.limit=2", *paths)
    (run,) = (one for one in (root / "runs" / "smoke").iterdir() if (one / "run.json").is_file())
    return root, run


def test_report(left):
    root, _ = left
    said = python_m("src.report", root / "runs" / "smoke").stdout
    assert "lora" in said
    assert max(len(line) for line in said.splitlines()) <= 100 + len(str(root))
    assert (root / "runs" / "smoke" / "report" / "report.html").is_file()


def test_suggest_takes_what_was_measured_and_its_preset_composes(left, tmp_path):
    _, run = left
    done = python_m("src.suggest", run, "--rank", "4")
    assert "taken: " in done.stderr
    preset = yaml.safe_load(done.stdout)
    assert len(preset["method"]["ranks"]) == 10
    (tmp_path / "suggested").mkdir()
    (tmp_path / "suggested" / "mine.yaml").write_text(done.stdout)
    composed = python_m("src.run", "--config-dir", tmp_path, "+suggested=mine", "debug=smoke", "--cfg", "job")
    assert yaml.safe_load(composed.stdout)["method"]["ranks"] == preset["method"]["ranks"]


@pytest.mark.parametrize("tool", ["peft", "trl"])
def test_export(left, tool):
    assert (
        "layers.2.self_attn.q_proj"
        in python_m("src.export", left[1], "--to", tool, "--base", "org/model").stdout
    )


def test_dashboard_prints_panels_by_title(left):
    said = python_m("src.dashboard", "smoke", "--runs-dir", left[0] / "runs", "--dry-run").stdout
    assert not said.lstrip().startswith("{")
    assert "heldout" in said


def test_compare_takes_the_adapter_that_was_left(left):
    root, run = left
    paths = [f"paths.runs_dir={root}/runs", f"paths.cache_dir={root}/cache"]
    small = ["data.num_train=8", "data.num_probe=24", "data.num_test=8", "metrics.names=[mean_shift]"]
    python_m("src.compare", "base=tiny_llama", f"tuned={run}/adapter", *small, *paths)
    assert list((root / "runs").glob("*/pair-*/run.json"))

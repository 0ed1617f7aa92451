"""One run moves as another did: the sizes that were logged, and what is refused."""

import json

import pytest

from src.errors import ConfigError, StorageError
from src.record.identity import run_id


@pytest.fixture
def source(tmp_path):
    """Writes the folder of a finished run: source(sizes a step, **record)."""

    def write(steps, name="source", **record):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "run.json").write_text(json.dumps({"status": "success"} | record))
        lines = [json.dumps({"step": step + 1} | row) for step, row in enumerate(steps)]
        (folder / "steps.jsonl").write_text("\n".join(lines) + "\n")
        return folder

    return write


def logged(num_steps, blocks=range(10)):
    """Sizes that differ between blocks and steps."""
    return [
        {
            "block_relative_sizes": [
                1e-3 * (1 + block) / (1 + step) if block in blocks else None for block in range(10)
            ]
        }
        for step in range(num_steps)
    ]


@pytest.mark.parametrize("method", ["full", "lora"])
@pytest.mark.parametrize("profile", ["steps", "mean"])
def test_blocks_move_by_the_sizes_of_the_other_run(adapted_of, control_of, steps_of, source, method, profile):
    steps = logged(4)
    adapted = adapted_of("llama", method)
    control = control_of(
        adapted, "control=match_profile", f"control.source={source(steps)}", f"control.profile={profile}"
    )
    for step, (row, *_) in enumerate(steps_of(adapted, control)):
        expected = [1e-3 * (1 + block) * (1 + 1 / 2 + 1 / 3 + 1 / 4) / 4 for block in range(10)]
        if profile == "steps":
            expected = steps[step]["block_relative_sizes"]
        assert row["block_relative_sizes"] == pytest.approx(expected, rel=1e-5)
        assert row["block_optimizer_sizes"] != pytest.approx(expected, rel=0.1)


def test_the_sizes_a_run_logs_are_followed_by_another(adapted_of, control_of, steps_of, source):
    adapted = adapted_of("gpt2", "full", [3, 4])
    control = control_of(adapted, "control=none", "control.log_relative_sizes=true")
    steps = [row for row, *_ in steps_of(adapted, control, num_steps=4, rate=3e-3)]
    again = adapted_of("gpt2", "full", [3, 4])
    control = control_of(again, "control=match_profile", f"control.source={source(steps)}")
    for step, (row, *_) in enumerate(steps_of(again, control, num_steps=4, rate=1e-3)):
        for block in (3, 4):
            expected = steps[step]["block_relative_sizes"][block]
            assert row["block_relative_sizes"][block] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("steps", "record", "line"),
    [
        (logged(4, range(3, 6)), {}, r"trained blocks 3-5 of 10\)'; accepted: a run that trained blocks 0-9 of 10"),
        (logged(3) + logged(1, range(3, 6)), {}, r"trained blocks 3-5 of 10\)'; accepted: a run that trained blocks 0-9"),
        (logged(3), {}, r"\(3 steps\)'; accepted: a run of at least 4 steps, or any with control.profile=mean"),
        (logged(4), {"status": "failed", "error": "boom"}, r"status failed: boom\)'; accepted: the folder of a finished run"),
        ([{"loss": 1.0}] * 4, {}, r"no relative sizes in its steps.jsonl; control.log_relative_sizes=true logs them"),
    ],
)  # fmt: skip
def test_a_source_that_does_not_fit_is_one_line(adapted_of, control_of, source, steps, record, line):
    adapted = adapted_of("llama")
    with pytest.raises(ConfigError, match=line) as refused:
        control_of(adapted, "control=match_profile", f"control.source={source(steps, **record)}")
    assert "\n" not in str(refused.value)


def test_a_source_that_is_missing_or_damaged_is_one_line(adapted_of, control_of, source, tmp_path):
    adapted = adapted_of("llama")
    with pytest.raises(ConfigError, match=r"nowhere \(no run.json in it: no run, or an unfinished one\)"):
        control_of(adapted, "control=match_profile", f"control.source={tmp_path}/nowhere")
    folder = source(logged(4))
    (folder / "run.json").write_text('{"status": "succ')
    with pytest.raises(StorageError, match="run.json: cannot be read"):
        control_of(adapted, "control=match_profile", f"control.source={folder}")


def test_a_moved_source_is_the_same_run_and_a_changed_one_is_not(make_config, source):
    ids = [
        run_id(make_config("control=match_profile", f"control.source={folder}"), "rows", "weights")
        for folder in (source(logged(4), "here"), source(logged(4), "there"), source(logged(5), "other"))
    ]
    assert ids[0] == ids[1] != ids[2]

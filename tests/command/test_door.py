import subprocess
import sys
from dataclasses import replace

import pytest

from src.command.compose import CONF, read_overrides, run_config
from src.command.help import help_text
from src.command.presets import _tell
from src.errors import ConfigError

GROUPS = (
    "model",
    "method",
    "band",
    "data",
    "train",
    "metrics",
    "evaluate",
    "record",
    "objective",
    "control",
    "intervention",
)


NEEDED = {
    "model=hf": ["model.id=somewhere"],
    "data=hf": ["data.id=somewhere"],
    "data=chat": ["data.path=chat.jsonl"],
    "control=match_profile": ["control.source=runs/other"],
    "control=random_direction": ["control.size=0.01"],
    "control=random_spectrum": ["control.source=runs/other"],
}


def line_of(*overrides):
    """The one line that a set of overrides is refused with."""
    try:
        run_config(*overrides)
    except ConfigError as error:
        return str(error)
    pytest.fail(f"{overrides} was accepted")


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["band.start=0.8", "band.stop=0.2"], "band: given '[0.8, 0.2)'"),
        (["band.start=0.5", "band.stop=0.5"], "this band is empty"),
        (["band.start=-0.1"], "band.start: given -0.1; accepted: a fraction of depth"),
        (["method.scaling=sqrt"], "method.scaling: given 'sqrt'; accepted: fixed_alpha, alpha_over_r, rslora"),
        (["method.budget=half"], "method.budget: given 'half'; accepted: none, rank, params"),
        (["method.rank=0"], "method.rank: given 0; accepted: a number of at least 1"),
        (["method.dropout=1"], "method.dropout: given 1.0; accepted: a probability in [0, 1)"),
        (["train.max_steps=many"], "train.max_steps: given 'many'; accepted: int or null"),
        (["train.epochs=1"], "one of train.max_steps and train.epochs"),
        (["train.learning_rate=nan"], "train.learning_rate: given nan; accepted: a number above 0"),
        (["train.max_step=3"], "train.max_step: given '3', but there is no such key (did you mean max_steps?)"),
        (["+train.shuffle=true"], "train.shuffle: given True, but there is no such key"),
        (["modle=tiny_llama"], "(did you mean model?)"),
        (["model=llama9"], "model: given 'llama9'; accepted: albert_base, bert_base, codegen_350m"),
        (["band=middle"], "band: given 'middle'; accepted: 00001"),
        (["model=hf"], "model.id: given nothing"),
        (["model=olmo2_7b", "model.variant=ppo"], "model.variant: given 'ppo'; accepted: base, sft, dpo, rlvr, instruct"),
        (["model=olmo2_7b", "method=full"], "method.kind=full"),
        (["metrics.names=[cca]"], "metrics.names: given 'cca'"),
        (["data=gsm8k", "data.path=a.jsonl", "data.test_path=./a.jsonl"], "the splits would overlap"),
        (["data=gsm8k", "data.test_split=train"], "another split than data.train_split"),
        (['data.prompt="{problem}"'], "data.prompt: given '{problem}'"),
        (["data.answer_pattern=abc"], "one group around the answer"),
        (
            ["objective=simcse", "train.activation_checkpointing=true"],
            "train.activation_checkpointing: given True; accepted: false with objective=simcse",
        ),
        (["preset=nope"], "preset: given 'nope'; accepted: band_study_mistral_7b"),
        (["experiment=quickstart,other"], "experiment: given 'quickstart,other'; accepted: one new name, or presets"),
        (["record.mode=maybe"], "record.mode: given 'maybe'; accepted: offline, online, none"),
        (["device=tpu"], "device: given 'tpu'; accepted: auto, cpu, cuda"),
        (["model.residual=round"], "model.residual: given 'round'; accepted: null, sequential, parallel, single"),
        (["seed=-1"], "seed: given -1"),
        (["control=equal_steps"], "control: given 'equal_steps'; accepted: equal_step, match_profile, none"),
        (["control=match_profile"], "control.source: given None; accepted: the folder of a finished run that logged"),
        (["control=equal_step", "control.source=runs/a"], "control.source: given 'runs/a'; accepted: null without control=match_profile"),
        (["control=equal_step", "control.target=fixed"], "control.size: given None; accepted: a number above 0 with control.target=fixed, else null"),
        (["control=equal_step", "control.size=0"], "control.size: given 0.0; accepted: a number above 0"),
        (["control=equal_step", "control.target=sum"], "control.target: given 'sum'; accepted: mean, median, total, fixed"),
        (["control=equal_step", "control.norms=drop"], "control.norms: given 'drop'; accepted: group, leave, freeze"),
        (["train.activation_rank=8", "method=frozen"], "train.activation_rank: given 8; accepted: null with a method that trains nothing"),
        (["control=equal_step", "method=frozen"], "control.kind: given 'equal_step'; accepted: control=none with a method that trains nothing"),
        (["control=match_profile", "control.source=a", "control.grouping=tensor"], "control.grouping: given 'tensor'; accepted: block with control=match_profile"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_that_names_key_given_and_accepted(overrides, line):
    found = line_of(*overrides)
    assert line in found
    assert "\n" not in found


@pytest.mark.parametrize(
    "overrides",
    [
        ("debug=smoke", "paths.runs_dir=/r/a", "paths.cache_dir=/r/c", "train.max_steps=3", "seed=4"),
        ("experiment=band_study_olmo2_7b", "fidelity=sound", "band=01110", "method.rank=8"),
        (
            "model=tiny_bert",
            "objective=masked_lm",
            "model.width=32",
            "metrics=paper",
            "metrics.names=[geometry]",
        ),
        (
            "control=equal_step",
            "method=full",
            "intervention=swap",
            "intervention.num_segments=3",
            "train=fsdp",
        ),
    ],
)
def test_what_tests_are_given_is_what_the_door_gives(make_config, overrides):
    for seed in (0, 1):  # the second is made from what the first composed
        assert make_config(*overrides, f"seed={seed}") == run_config(*overrides, f"seed={seed}")


@pytest.mark.parametrize("group", GROUPS)
def test_every_choice_of_every_group_composes_and_is_typed(group, make_config):
    for path in (CONF / group).glob("[!_]*.yaml"):
        choice = f"{group}={path.stem}"
        config = make_config(choice, *NEEDED.get(choice, []))
        chosen = getattr(config, group)
        assert getattr(chosen, "name", path.stem) == path.stem  # one thing, one name, everywhere


@pytest.mark.parametrize("preset", [path.stem for path in (CONF / "preset").glob("[!_]*.yaml")])
def test_presets_leave_the_groups_to_the_user(preset, make_config):
    config = make_config(f"experiment={preset}", "model=tiny_gpt2", "method=full", "band=00001")
    assert (config.model.name, config.method.name, config.band.name) == ("tiny_gpt2", "full", "00001")
    assert config.experiment == preset


def test_an_experiment_may_have_any_name(make_config, caplog):
    mine = make_config("debug=smoke", "experiment=my_study")
    assert mine.experiment == "my_study"
    assert replace(mine, experiment="smoke") == make_config("debug=smoke")
    assert not caplog.messages


def test_the_name_of_a_preset_chooses_it_and_says_so(make_config, caplog):
    _tell.cache_clear()
    assert make_config("experiment=quickstart") == make_config("preset=quickstart")
    assert caplog.messages == [
        "experiment=quickstart: chooses preset=quickstart as well, which names the folder"
    ]
    other = make_config("preset=quickstart", "experiment=mine")
    assert replace(other, experiment="quickstart") == make_config("preset=quickstart")


def test_a_name_near_that_of_a_preset_is_told(make_config, caplog):
    _tell.cache_clear()
    assert make_config("experiment=quickstrat").experiment == "quickstrat"
    assert caplog.messages == [
        "experiment=quickstrat: a folder, no preset of that name (did you mean quickstart?)"
    ]


def test_method_sets_its_band_and_the_command_line_still_wins(make_config):
    assert make_config("method=midblock").band.name == "mid"
    assert make_config("method=midblock", "band=00001").band.name == "00001"
    assert make_config("method=lora").band.name == "whole"


def test_band_patterns_of_digits_stay_names():
    assert read_overrides(["band=10000,mid", "band=01110", "seed=10000"]) == [
        "band='10000',mid", "band='01110'", "seed=10000",
    ]  # fmt: skip


def test_debug_writes_elsewhere(make_config):
    assert make_config("debug=smoke").experiment == "smoke"
    assert make_config("debug=smoke").model.source == "tiny"


@pytest.mark.parametrize("arguments", [["--help"], ["--cfg", "job"], ["band.start=2"]])
def test_the_first_things_a_user_does_import_nothing_heavy(arguments):
    """Counted, not timed: a slow machine must not fail this, a careless import must."""
    code = (
        "import sys, runpy\n"
        f"sys.argv = ['src.run', *{arguments!r}]\n"
        "try:\n    runpy.run_module('src.run', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'torch', 'transformers', 'peft', 'lm_eval', 'datasets', 'wandb', 'pandas'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=CONF.parent)
    assert "HEAVY []" in done.stdout, done.stdout[-500:] + done.stderr[-2000:]


@pytest.mark.parametrize("name", ["config", "probe"])
def test_help_lists_what_each_group_can_be_given(name):
    groups = ["data", "metrics"] + ["band", "method", "preset", "debug"] * (name == "config")
    told = help_text("What it does.", name).splitlines()
    assert told[0] == "What it does."
    for group in groups:
        (line,) = (line for line in told if line.startswith(f"  {group}: "))
        files = {path.stem for path in (CONF / group).iterdir() if not path.stem.startswith("_")}
        assert set(line.split(": ")[1].split(", ")) == files

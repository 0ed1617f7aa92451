"""What is handed over trains the same modules: by loading where the tool is there, by its keys where not."""

import ast
import json
import re
import shutil
import warnings

import pytest
import yaml
from peft import LoraConfig, get_peft_model

from src.command.program import run_command
from src.errors import DataError, StorageError
from src.export.__main__ import main
from src.export.handover import read_handover
from src.export.tools import TOOLS
from src.model.tiny import build_tiny


def exported(folder, tool):
    return TOOLS[tool](read_handover(folder, base="org/model"))[0]


def trl_config(text):
    """What TRL makes of the model's part of its file."""
    trl = pytest.importorskip("trl", reason="trl is not installed (make setup)")
    from trl.trainer.utils import get_peft_config

    known = trl.ModelConfig.__dataclass_fields__
    return get_peft_config(
        trl.ModelConfig(**{key: value for key, value in yaml.safe_load(text).items() if key in known})
    )


def adapted_by(config):
    """Names of the layers that peft adapts on the same architecture."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = get_peft_model(build_tiny("llama", 10, 64), config)
    return {
        name.removeprefix("base_model.model."): (module.r["default"], module.scaling["default"])
        for name, module in model.named_modules()
        if hasattr(module, "lora_A")
    }


def recorded(folder):
    record = json.loads((folder / "run.json").read_text())
    lora = record["adapted"]["lora"]
    block = [int(re.search(r"layers\.(\d+)\.", name).group(1)) for name in record["adapted"]["modules"]]
    return {
        name: (lora["ranks"][at], pytest.approx(lora["scales"][at]))
        for name, at in zip(record["adapted"]["modules"], block, strict=True)
    }


@pytest.mark.parametrize("run", ["midblock", "ranks"])
def test_peft_adapts_the_same_layers_with_the_same_ranks_and_scales(finished, tmp_path, run):
    (tmp_path / "adapter_config.json").write_text(exported(finished(run), "peft").text)
    config = LoraConfig.from_pretrained(tmp_path)
    assert config.base_model_name_or_path == "org/model"
    assert adapted_by(config) == recorded(finished(run))


def test_trl_reads_its_file_and_adapts_the_same_layers(finished, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trl = pytest.importorskip("trl", reason="trl is not installed (make setup)")
    path = tmp_path / "trl_sft.yaml"
    path.write_text(exported(finished("midblock"), "trl").text)
    values = yaml.safe_load(path.read_text())
    known = {
        name
        for kind in (trl.DatasetMixtureConfig, trl.SFTConfig, trl.ModelConfig)
        for name in kind.__dataclass_fields__
    }
    assert values.keys() <= known
    assert adapted_by(trl_config(path.read_text())) == recorded(finished("midblock"))


def test_axolotl_file_has_one_value_for_each_of_its_keys(finished):
    values = yaml.safe_load(exported(finished("ranks"), "axolotl").text)
    assert values["adapter"] == "lora" and values["base_model"] == "org/model"
    assert values["lora_rank_pattern"]["model.layers.4.self_attn.q_proj"] == 8
    config = LoraConfig(
        r=values["lora_r"], lora_alpha=values["lora_alpha"], target_modules=values["lora_target_modules"],
        rank_pattern=values["lora_rank_pattern"], alpha_pattern=values.get("lora_alpha_pattern", {}),
    )  # fmt: skip
    assert adapted_by(config) == recorded(finished("ranks"))


def test_axolotl_unfreezes_the_full_weights_of_the_band(finished):
    values = yaml.safe_load(exported(finished("full"), "axolotl").text)
    patterns = values["unfrozen_parameters"]
    trained = {
        name
        for name, _ in build_tiny("llama", 10, 64).named_parameters()
        if any(re.match(one, name) for one in patterns)
    }
    inside = {
        name
        for name, _ in build_tiny("llama", 10, 64).named_parameters()
        if re.search(r"layers\.[89]\.", name)
    }
    assert trained == inside


def test_llamafactory_names_every_layer_and_freezes_by_the_end_of_the_stack(finished):
    values = yaml.safe_load(exported(finished("midblock"), "llamafactory").text)
    config = LoraConfig(
        r=values["lora_rank"],
        lora_alpha=values["lora_alpha"],
        target_modules=values["lora_target"].split(","),
    )
    assert adapted_by(config) == recorded(finished("midblock"))
    assert yaml.safe_load(exported(finished("full"), "llamafactory").text)["freeze_trainable_layers"] == 2


def test_unsloth_script_asks_for_the_same_layers(finished):
    calls = {}
    for node in ast.walk(ast.parse(exported(finished("midblock"), "unsloth").text)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in (
            "from_pretrained",
            "get_peft_model",
        ):
            calls[node.func.attr] = {one.arg: ast.literal_eval(one.value) for one in node.keywords}
    asked = calls["get_peft_model"]
    names = ("r", "lora_alpha", "target_modules", "layers_to_transform", "layers_pattern")
    assert adapted_by(LoraConfig(**{name: asked[name] for name in names})) == recorded(finished("midblock"))
    assert calls["from_pretrained"]["model_name"] == "org/model"


def test_mergekit_takes_the_band_from_the_adapter_and_covers_the_stack(finished):
    values = yaml.safe_load(exported(finished("midblock"), "mergekit").text)
    sources = [source for part in values["slices"] for source in part["sources"]]
    assert [one["layer_range"] for one in sources] == [[0, 2], [2, 8], [8, 10]]
    assert ["+" in one["model"] for one in sources] == [False, True, False]


@pytest.mark.parametrize(
    ("run", "tool", "line"),
    [
        ("ranks", "trl", "given ranks 4 to 8"),
        ("ranks", "llamafactory", "given ranks 4 to 8"),
        ("ranks", "unsloth", "given ranks 4 to 8"),
        ("full", "trl", "full weights"),
        ("full", "peft", "full weights"),
        ("full", "mergekit", "full weights"),
    ],
)
def test_what_a_tool_cannot_express_is_one_line(finished, run, tool, line):
    with pytest.raises(DataError, match=line):
        exported(finished(run), tool)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["RUN", "--to", "x"], "--to: given 'x'; accepted: peft, trl"),
        (["RUN"], "--to: given None; accepted: peft"),
        (["/nowhere", "--to", "peft"], "/nowhere: given no finished run"),
    ],
)
def test_users_errors_are_one_line(finished, capsys, arguments, line):
    given = [str(finished("midblock")) if one == "RUN" else one for one in arguments]
    with pytest.raises(SystemExit) as end:
        run_command(lambda: main(given))
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert line in told and told.count("\n") == 1


def test_a_run_whose_adapter_was_taken_away_is_one_line(finished, tmp_path):
    shutil.copytree(finished("midblock"), tmp_path / "run", ignore=shutil.ignore_patterns("adapter"))
    with pytest.raises(
        StorageError, match=r"adapter/adapter_config.json: missing; accepted: a folder with all"
    ):
        exported(tmp_path / "run", "peft")


def test_command_writes_the_file_and_says_what_cannot_be_loaded(finished, capsys, tmp_path):
    main([str(finished("midblock")), "--to", "trl", "--out", str(tmp_path)])
    told = capsys.readouterr()
    assert "tiny_llama is no name that trl can load" in told.err
    assert "written" in told.out and (tmp_path / "trl_sft.yaml").is_file()


def test_a_run_on_chats_trains_the_same_layers_in_trl_and_in_peft(finished, tmp_path):
    folder = finished("chat")
    (tmp_path / "adapter_config.json").write_text(exported(folder, "peft").text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        by_trl = adapted_by(trl_config(exported(folder, "trl").text))
    assert by_trl.keys() == adapted_by(LoraConfig.from_pretrained(tmp_path)).keys()
    assert by_trl == recorded(folder)

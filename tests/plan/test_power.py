"""What a planned study could tell, against simulation and against the study it is planned from."""

import json
import re

import numpy
import pytest
import yaml

from src.bench.made_runs import MadeStudy, make_runs
from src.command.compose import run_config
from src.command.program import run_command
from src.plan.__main__ import main
from src.plan.power import Effect, Plan, components_of, declared_effects, tell
from src.plan.swept import Swept, judged_by, settings_in
from src.statistics.power import Components
from src.statistics.two_way_model import crossed


def test_the_least_difference_is_found_in_four_of_five_simulated_studies():
    parts = Components(0.0004, 0.02, 0.2)
    (told,) = tell(Plan(2, 5, 150), parts, [Effect("d", 0.1, 0.05)])
    random = numpy.random.default_rng(0)

    def table():
        of_seeds, of_items = (
            random.normal(0, parts.seeds**0.5, (5, 1)),
            random.normal(0, parts.items**0.5, 150),
        )
        return told.least + of_seeds + of_items + random.normal(0, parts.rest**0.5, (5, 150))

    found = [crossed(table()).pvalue < 0.05 for _ in range(400)]
    assert numpy.mean(found) == pytest.approx(0.8, abs=0.07)


def test_seeds_that_are_said_to_be_needed_are_the_fewest():
    parts, effect = Components(0.0004, 0.03, 0.25), Effect("d", 0.095, 0.05)
    (told,) = tell(Plan(9, 2, 200), parts, [effect])
    enough, fewer = (tell(Plan(9, n, 200), parts, [effect])[0].answer for n in (told.seeds, told.seeds - 1))
    assert told.seeds >= 3 and (enough, fewer) == ("yes", "no")
    assert told.seeds_confirming is None or told.seeds_confirming > told.seeds
    assert tell(Plan(9, 3, 200), parts, [Effect("d", 0.03, 0.05)])[0].answer == "never with these items"


def test_a_claim_that_its_choice_explains_leaves_nothing_to_find():
    sizes = {one.name: one.value for one in declared_effects()}
    assert sizes["OLMo-2 13B, bands: best band gain"] == 0
    assert 0.08 < sizes["OLMo-2 7B, bands: best band gain"] < 0.095


def test_components_come_from_a_finished_study_and_the_sizes_from_a_sweep(tmp_path, capsys):
    folder = tmp_path / "made"
    make_runs(folder, MadeStudy(bands=("whole", "01110"), scalings=("fixed_alpha",), tasks={"heldout": 60}))
    parts, items, label = components_of(folder)
    assert (items, label) == (60, "heldout (exact match)")
    assert parts.rest == pytest.approx(2 * 0.35 * 0.65, abs=0.2)  # two answers of a share of about a third
    main(["power", "sweeps/band_study_small.yaml", "--from", str(folder), "--effect", "0.05"])
    head, *rest = capsys.readouterr().out.splitlines()
    assert head.strip() == "22 arms, 3 seeds, 60 items; scatter: heldout (exact match)"
    assert any(re.search(r"a difference of 0\.05 .* no|never", line) for line in rest)


def test_seeds_with_items_of_their_own_are_planned_from_too(tmp_path, capsys):
    """As with data.seed=${seed}: nothing is shared that more seeds would not average away."""
    folder = tmp_path / "made"
    make_runs(folder, MadeStudy(bands=("whole", "01110"), scalings=("fixed_alpha",), tasks={"heldout": 60}))
    shared, _, _ = components_of(folder)
    for path in folder.glob("*/samples.jsonl"):
        config = yaml.safe_load((path.parent / "config.yaml").read_text())
        seed = config["data"]["seed"] = config["seed"]
        (path.parent / "config.yaml").write_text(yaml.safe_dump(config))
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_text("".join(json.dumps(row | {"id": f"{seed}.{row['id']}"}) + "\n" for row in rows))
    parts, items, _ = components_of(folder)
    assert (parts.items, items) == (0, 60)
    assert parts.rest == pytest.approx(shared.rest + shared.items, rel=0.1)
    main(["power", "--from", str(folder), "--arms", "2", "--seeds", "3", "--effect", "0.05"])
    assert "never" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("chosen", "bands", "told"),
    [
        (("experiment=band_study_olmo2_7b",), ("11111", "01000"), "yes"),
        (("experiment=band_study_olmo2_7b",), ("11111",), "no arm 01000"),
        (
            ("model=smollm2_135m", "data=sums"),
            ("11111", "01000"),
            "smollm2_135m for olmo2_7b, sums for gsm8k",
        ),
    ],
)
def test_a_sweep_judges_the_claims_of_its_own_setting(chosen, bands, told):
    (claim,) = [one.claim for one in declared_effects() if "7B" in one.name and "best" in one.name]
    config = run_config(*chosen)
    assert judged_by(claim, [Swept(config, frozenset(bands))]) == told


def test_settings_of_a_sweep_are_told_apart_and_hold_their_bands():
    runs = [("seed=0", "band=whole", "data=sums"), ("seed=0", "band='01110'", "data=sums"), ("data=gcd",)]
    assert settings_in(runs) == {
        ("data=sums",): frozenset({"11111", "01110"}), ("data=gcd",): frozenset(),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "power: given 'both or neither'"),
        (["--components", "1,2"], "--components: given '1,2'; accepted: three variances"),
        (["--components", "0,0,-1"], "--components: given '0,0,-1'"),
        (["--components", "0,0,1"], "--seeds: given None; accepted: at least 2"),
        (["--components", "0,0,1", "--seeds", "3", "--arms", "2", "--items", "1"], "--items: given 1"),
        (["nix.yaml", "--components", "0,0,1"], "sweep: given 'nix.yaml'"),
        (["--from", "nix"], "nix: no such folder"),
    ],
)
def test_what_cannot_be_planned_is_one_line(words, told, capsys):
    with pytest.raises(SystemExit) as ended:
        run_command(lambda: main(["power", *words]))
    error = capsys.readouterr().err
    assert ended.value.code == 2 and told in error and error.count("\n") == 1

"""Readings of the states, from the configuration to the files of a run."""

from src.record.identity import run_id
from src.storage.files import read_json


def test_each_reading_has_a_table_and_summaries(run):
    asked = ["probe.tokens=all+no_massive", "probe.massive_ratio=inf", "probe.dimensions=plain+standardised"]
    folder = run("metrics.names=[mean_shift,prompt_entropy]", "evaluate=none", "record=none", *asked)
    text = {path.name: path.read_text() for path in folder.glob("layers*.csv")}
    assert set(text) == {
        "layers.csv",
        "layers-no_massive.csv",
        "layers-all-standardised.csv",
        "layers-no_massive-standardised.csv",
    }
    assert text["layers-no_massive.csv"] == text["layers.csv"]  # no limit, no massive token
    assert text["layers-all-standardised.csv"] != text["layers.csv"]
    assert "prompt_entropy" not in text["layers-all-standardised.csv"]
    record = read_json(folder / "run.json")
    assert record["readings"]["no_massive"]["profiles"] == record["profiles"]
    assert record["tokens"]["massive"] == [0] * 11
    assert record["tokens"]["massive_ratio"] is None
    assert all(0 < share < 1 for share in record["tokens"]["outlier_dimensions"]["all"]["1"])


def test_what_is_read_is_in_the_id_where_it_is_not_as_ever(make_config):
    asked = ([], ["probe.tokens=all"], ["probe.tokens=no_massive"], ["probe.dimensions=standardised"])
    asked += (["probe.tokens=no_massive", "probe.massive_ratio=9"],)
    ids = [run_id(make_config(*chosen), "rows", "model") for chosen in asked]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 4

"""Two bands in one model."""

import csv

import numpy
import pytest
import torch

from src.errors import ConfigError
from src.intervene.bands.together import open_bands
from src.intervene.material import Asked
from src.intervene.pair import open_run
from tests.intervene.conftest import command

ASKED = Asked(8)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_each_band_alone_is_its_own_run_and_both_are_told_together(run_folder, method, monkeypatch, capsys):
    hard = (f"method={method}", "train.max_steps=12", "train.learning_rate=0.02")
    folders = [run_folder(f"band={band}", *hard) for band in ("10000", "00010")]
    pair, bands = open_bands(folders, ASKED)
    assert bands == [[0], [3]]
    gates, batch = pair.replay.gates, pair.scores[0].batches[0].inputs
    for folder, band in zip(folders, bands, strict=True):
        alone = open_run(folder, ASKED).replay
        with pair.replay.running(), alone.running():
            found = pair.replay.logits(batch, gates.pattern({band[0]: gates.tuned[band[0] + 1]}))
            expected = alone.logits(batch, alone.gates.tuned)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)
    command(monkeypatch, "bands", *folders)
    assert "superadditivity both" in capsys.readouterr().out
    table = folders[0].parent / "intervene" / "bands" / "bands.csv"
    value = {
        row["kind"] + row["player"]: float(row["value"])
        for row in csv.DictReader(table.read_text().splitlines())
    }
    parts = value["aloneblocks 0"] + value["aloneblocks 3"]
    assert value["superadditivityboth"] == pytest.approx(value["gainboth"] - parts, abs=1e-9)
    assert numpy.isfinite(list(value.values())).all()
    page = (table.parent / "bands.html").read_text()
    assert f"<h1>{folders[0].parent.name}" in page  # of both runs
    assert f"{abs(value['superadditivityboth']):.3f}" in page and "both beyond their sum" in page


def test_bands_that_meet_are_refused_in_one_line(run_folder, monkeypatch, capsys):
    folder = run_folder("train.max_steps=1")
    with pytest.raises(ConfigError, match="share blocks 0-4'; accepted: bands that are apart"):
        open_bands([folder, folder], ASKED)
    with pytest.raises(SystemExit) as stopped:
        command(monkeypatch, "bands", folder)
    assert stopped.value.code == 2 and "two finished runs" in capsys.readouterr().err

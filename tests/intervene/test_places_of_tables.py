"""Where the tables of several runs lie: two arms of one experiment do not write over each other."""

from src.analysis.intervened import folders_of
from src.config.intervention import InterventionConfig
from src.intervene.study import tables_of


def test_two_arms_of_an_experiment_keep_their_tables_apart(tmp_path):
    runs = [tmp_path / "study" / f"lora-{data}-s{seed}-{data}" for data in ("sums", "gcd") for seed in (0, 1)]
    for run in runs:
        run.mkdir(parents=True)
        (run / "run.json").write_text("{}")
    carrier = InterventionConfig(name="carrier", kind="carrier")
    places = [tables_of(some, carrier) for some in (runs[:2], runs[2:], runs, runs[:1])]
    assert [name for _, name in places] == ["lora-sums-sums", "lora-gcd-gcd", "study", "lora-sums-s0-sums"]
    assert len({tables for tables, _ in places}) == 4
    for tables, _ in reversed(places):
        tables.mkdir(parents=True)
        (tables / "summary.csv").write_text("score\n")
    read = list(folders_of(tmp_path / "study", runs, "carrier", "summary.csv"))
    assert read == [places[2], *sorted(places[:2])]  # what was asked together stands for its runs
    (places[2][0] / "summary.csv").unlink()
    assert list(folders_of(tmp_path / "study", runs, "carrier", "summary.csv")) == sorted(places[:2])

"""A fresh study against the committed one: within the committed intervals, or named and status 1."""

import csv

import pytest

from src.analysis.experiment import read_study
from src.bench.made_runs import MadeStudy, make_runs
from src.command.compose import CONF
from src.errors import DataError, UserError
from src.report.columns import column
from src.report.write import write_report
from src.results.check import (
    DIFFERENCES,
    SCORES,
    VERDICTS,
    compare,
    compare_differences,
    compare_verdicts,
)
from tests.forked import run

COLUMNS = (
    "task,metric,band,method.scaling,num_seeds,num_items,before,after,ci_low,ci_high,num_trainable,scale"
)


@pytest.fixture
def table(tmp_path):
    def write(name, rows, columns=COLUMNS, file_name=SCORES):
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / file_name).open("w", newline="") as file:
            file.write(columns + "\n")
            csv.writer(file).writerows(rows)
        return folder

    return write


def row(band, before, after, low, high, scaling="fixed_alpha"):
    return ["heldout", "exact_match", band, scaling, 3, 200, before, after, low, high, 100, 2.0]


COMMITTED = [row("10000", 0.1, 0.2, 0.15, 0.25), row("pretrained", 0.1, "", 0.05, 0.15)]


def test_a_score_agrees_within_the_committed_interval_ends_included(table):
    committed = table("old", COMMITTED)
    fresh = table("new", [row("10000", 0.1, 0.25, 0.2, 0.3), row("pretrained", 0.16, "", 0.1, 0.2)])
    found = {one.arm: one for one in compare(fresh, committed)}
    assert found["heldout, exact_match, 10000, fixed_alpha"].holds
    assert not found["heldout, exact_match, pretrained, fixed_alpha"].holds


def test_rows_are_matched_by_arm_and_not_by_order(table):
    found = compare(table("new", COMMITTED[::-1]), table("old", COMMITTED))
    assert all(one.holds and one.fresh == one.committed for one in found)


def test_an_arm_that_is_missing_does_not_agree(table):
    found = compare(table("new", COMMITTED[:1]), table("old", COMMITTED))
    assert [one.fresh for one in found] == [0.2, None]
    assert [one.holds for one in found] == [True, False]


def test_a_score_without_an_interval_is_nothing_to_agree_with(table):
    found = compare(table("new", COMMITTED), table("old", [*COMMITTED, row("01000", 0.1, 0.3, "", "")]))
    assert len(found) == 2


def test_what_cannot_be_compared_is_one_line(table, tmp_path):
    old = table("old", COMMITTED)
    with pytest.raises(DataError, match=r"nowhere/scores.csv: no such file"):
        compare(tmp_path / "nowhere", old)
    with pytest.raises(DataError, match="has no column 'before'"):
        compare(table("other", [[1]], "band"), old)
    with pytest.raises(
        DataError, match="told apart by task, metric, band; committed: task, metric, band, method"
    ):
        compare(table("fewer", [["1"] * 11], COLUMNS.replace("method.scaling,", "")), old)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text.replace(b"0.1,", b"nan,", 1), "row 1: before: given 'nan'; accepted: a number"),
        (lambda text: text.replace(b"0.2,", b"two,", 1), "row 1: after: given 'two'; accepted: a number"),
        (lambda text: text[:-20], "row 2 has another number of fields than the first line"),
        (lambda text: b"\xff" + text, "a file is missing or damaged (UnicodeDecodeError"),
    ],
)
def test_a_damaged_table_gives_no_number(table, damage, said):
    """A row that was cut off would have left the comparison without a word."""
    old = table("old", COMMITTED)
    (old / SCORES).write_bytes(damage((old / SCORES).read_bytes()))
    with pytest.raises(UserError) as refused:
        compare(table("new", COMMITTED), old)
    assert said in str(refused.value)


@pytest.mark.parametrize(("after", "status", "line"), [(0.24, 0, "2 of 2"), (0.3, 1, "1 of 2")])
def test_the_command_ends_with_its_finding(table, after, status, line):
    committed = table("old", COMMITTED)
    table("runs/report", [row("10000", 0.1, after, 0, 1), COMMITTED[1]])
    done = run("src.results", "check", committed.parent / "runs", committed)
    assert (done.returncode, done.stderr) == (status, "")
    assert done.stdout.splitlines()[-1].startswith(f"{line} scores within the committed 95 % intervals")


DIFFERENCE_COLUMNS = "task,band,condition,value,ci_low,ci_high,p_holm,num_seeds,num_items"
VERDICT_COLUMNS = "reference,name,published,value,verdict,reason,ours,num_seeds,num_items"


def against_lora(band, difference, low=-0.1, high=0.1):
    return ["heldout (exact match)", band, "fixed_alpha", difference, low, high, 0.5, 3, 200]


def claim(what, verdict):
    return ["OLMo-2 7B", what, "0.1, n 200", 0.05, verdict, "x", "heldout: 01000 - 11111", 3, 200]


@pytest.fixture
def studies(table):
    """Of two folders, written with these tables: the report's and the committed one."""

    def write(fresh, committed, columns, file_name):
        folders = [table(name, COMMITTED) for name in ("runs/report", "old")]
        for folder, rows in zip(("runs/report", "old"), (fresh, committed), strict=True):
            table(folder, rows, columns, file_name)
        return folders

    return write


def run_check(folders):
    done = run("src.results", "check", folders[0].parent, folders[1])
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_a_score_that_holds_may_hide_a_difference_that_does_not(studies):
    folders = studies(
        [against_lora("10000", 0.02), against_lora("00001", -0.2)],
        [against_lora("10000", 0.0), against_lora("00001", 0.0), against_lora("01000", 0.05)],
        DIFFERENCE_COLUMNS, DIFFERENCES,
    )  # fmt: skip
    assert all(one.holds for one in compare(*folders))
    found = {one.arm.split(", ")[1]: one for one in compare_differences(*folders)}
    assert {band: one.holds for band, one in found.items()} == {"10000": True, "00001": False, "01000": False}
    assert found["01000"].fresh is None
    status, lines = run_check(folders)
    assert status == 1
    assert (
        "outside: heldout (exact match), 00001, fixed_alpha: -0.2000; committed 0.0000, -0.1000 to 0.1000"
        in lines
    )
    assert lines[-1].startswith("1 of 3 differences to LoRA within the committed 95 % intervals, 0 of them")


@pytest.mark.parametrize(
    ("fresh", "committed", "holds"),
    [
        ("confirmed", "confirmed", True),
        ("undecided", "confirmed", True),
        ("absent", "undecided", True),
        ("check in miniature", "confirmed", True),
        ("absent", "confirmed", False),
        ("smaller", "confirmed", False),
        ("confirmed", "absent", False),
        (None, "undecided", False),
    ],
)
def test_opposite_verdicts_contradict_each_other_and_undecided_none(studies, fresh, committed, holds):
    rows = [claim("other", "undecided")] + ([claim("gain", fresh)] if fresh else [])
    committed_rows = [claim("gain", committed), claim("other", "undecided")]
    folders = studies(rows, committed_rows, VERDICT_COLUMNS, VERDICTS)
    gain, other = compare_verdicts(*folders)
    assert (gain.holds, gain.fresh, other.holds) == (holds, fresh, True)
    status, lines = run_check(folders)
    assert status == (0 if holds else 1)
    same = fresh == committed
    assert lines[-1] == f"{2 if same else 1} of 2 verdicts the same"
    told = (
        f"other verdict: OLMo-2 7B, gain, heldout: 01000 - 11111: {fresh or 'missing'}; committed {committed}"
    )
    assert (told in lines) != same


def test_a_committed_study_without_differences_and_verdicts_is_checked_by_its_scores(table):
    folders = table("new", COMMITTED), table("old", COMMITTED)
    assert (compare_differences(*folders), compare_verdicts(*folders)) == ([], [])


def test_a_report_holds_the_pretrained_score_and_agrees_with_itself(tmp_path):
    folder = tmp_path / "made"
    make_runs(folder, MadeStudy(bands=("whole", "01110"), scalings=("fixed_alpha",), tasks={"heldout": 40}))
    report = write_report(folder).path.parent
    found = {one.arm: one for one in compare(report, report)}
    assert all(one.holds for one in found.values())
    before = found["heldout, exact_match, pretrained"]
    assert before.committed == read_study(folder).compared[0].record["scores"][0]["value"]
    assert before.low < before.committed < before.high
    assert all(one.holds for one in compare_differences(report, report))
    assert all(one.holds for one in compare_verdicts(report, report))


COMMITTED_STUDIES = sorted({path.parent for path in (CONF.parent / "sweeps" / "results").glob("*/*.csv")})


@pytest.mark.parametrize("folder", COMMITTED_STUDIES, ids=lambda folder: folder.name)
def test_committed_tables_have_the_names_that_reports_give_and_agree_with_themselves(folder):
    settings = {"band", "method.scaling", "control", "model", "objective"}
    texts = {"trainable", "train_s", "total_s"}  # of the table of runs, whose cells are texts
    for path in folder.glob("*.csv"):
        if path.name == "profiles.csv":  # as `publish` writes it
            continue
        with path.open(newline="") as file:
            names = next(csv.reader(file))
        for name in set(names) - settings - texts - {one for one in names if "." in one}:  # a key of conf/
            interval = next((f"{name[: -len(end)]}" for end in ("_low", "_high") if name.endswith(end)), None)
            keys = [
                keys_of(one) for one in ([name] if interval is None else [name, interval, f"{interval}_ci"])
            ]
            assert any(name in found for found in keys), (path.name, name)
    if (folder / SCORES).is_file():
        assert all(one.holds for one in compare(folder, folder))
    assert all(one.holds for one in compare_differences(folder, folder))
    assert all(one.holds for one in compare_verdicts(folder, folder))


def keys_of(name):
    """The stable names of a column of the vocabulary."""
    try:
        return column(name).keys
    except KeyError:
        return ()

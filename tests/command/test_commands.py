"""All commands have one habit: help at once, one line and status 2 for a mistake, any terminal will do."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from src.command import places
from src.command.compose import CONF
from src.command.program import runs_path
from src.command.terminal import console
from tests import forked

ROOT = CONF.parent
BY_HYDRA = ("run", "compare", "probe")
MODULES = ("run", "analyse", "pages")
ALIASES = {"intervene": "analyse"}  # and of src.compare src.probe
COMMANDS = (*MODULES, *sorted(path.parent.name for path in (ROOT / "src").glob("*/__main__.py")))
HEAVY = ("torch", "transformers", "peft", "lm_eval", "datasets", "wandb", "pandas", "matplotlib")
MISTAKES = {
    "report": ["nowhere"],
    "sweep": ["nowhere.yaml"],
    "suggest": ["nowhere/at/all"],
    "export": ["nowhere/at/all", "--to", "peft"],
    "plan": ["model=nowhere"],
    "twin": ["model=nowhere"],
    "dashboard": ["../nowhere", "--dry-run"],
    "results": ["check", "nowhere", "nowhere"],
    "bench": ["nowhere"],
    "pages": ["nowhere"],
    "analyse": ["nowhere/at/all"],
    "intervene": ["nowhere/at/all"],
    "run": ["model=nowhere"],
    "compare": ["base=tiny_llama", "tuned=tiny_llama", "metrics=nowhere"],
    "probe": ["base=tiny_llama", "tuned=tiny_llama", "metrics=nowhere"],
}


def module_of(command: str) -> str:
    command = ALIASES.get(command, command)
    return f"src.{command}" if command in MODULES else f"src.{command}.__main__"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_comes_without_a_heavy_import_and_to_a_reader_who_leaves(command):
    """Its output is a pipe that nobody reads any more; what was imported is told on standard error."""
    code = (
        "import sys, runpy\n"
        "try:\n    runpy.run_module(sys.argv[0], run_name='__main__')\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)\n"
    )
    run = f"import sys; sys.argv = ['src.{command}', '--help']\n{code}"
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", run], stdout=writer, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "[]\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_mistake_is_one_line_and_status_two(command, capsys, monkeypatch, tmp_path):
    if command in BY_HYDRA:
        line = _said(f"src.{command}", *MISTAKES[command])
    else:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["command", *MISTAKES[command]])
        from src.command.program import run_command

        with pytest.raises(SystemExit) as ended:
            run_command(importlib.import_module(module_of(command)).main)
        out, line = capsys.readouterr()
        assert (ended.value.code, out) == (2, "")
        assert not list(tmp_path.rglob("*"))  # nothing half-written
    assert line.startswith("strata: ")
    assert line.count("\n") == 1
    assert "nowhere" in line


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_that_is_not_there_is_one_line_too(command, capsys):
    if command in BY_HYDRA:
        line = _said(f"src.{command}", "--nonsense")
    else:
        with pytest.raises(SystemExit) as ended:
            importlib.import_module(module_of(command)).main(["--nonsense"])
        assert ended.value.code == 2
        line = capsys.readouterr().err
    assert line.startswith("strata: ")
    assert line.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-m", "seed=0,1", "--cfg", "job"], "--multirun: given with --cfg; accepted: one of them"),
        (["--experimental-rerun", "old.pickle"], "because it reads a pickle"),
        (["train=[1]"], "train: given '[1]'; accepted: default"),
        (["model=null"], "model: given 'null'; accepted: albert_base"),
        (["--config-dir", "nowhere"], "nowhere"),
        (["--config-name", "nowhere"], "nowhere"),
    ],
)
def test_what_hydra_would_answer_with_a_traceback(arguments, said):
    line = _said("src.run", *arguments)
    assert line.startswith("strata: ")
    assert line.count("\n") == 1
    assert said in line


def _said(module: str, *arguments: str) -> str:
    done = forked.run(module, *arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    return done.stderr


def test_work_goes_on_when_its_reader_has_left(tmp_path):
    """As `| head -1` does to a run: no error, no log record lost on the way to an exception, the work done."""
    code = (
        "import logging, sys\n"
        "from src.command.program import run_command\n"
        "def main():\n"
        "    logging.basicConfig(stream=sys.stdout, level=logging.INFO)\n"
        "    for number in range(20_000):\n        print(number)\n        logging.info('%d', number)\n"
        f"    open({str(tmp_path / 'done')!r}, 'w').write('yes')\n"
        "run_command(main)\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        process.stdout.readline()
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", 0)
    assert (tmp_path / "done").read_text() == "yes"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_unicode_gets_signs_it_can_show(encoding):
    code = "from src.command.program import run_command; run_command(lambda: print('0.5 ± 0.1 − é 東'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    expected = {"ascii": b"0.5 +/- 0.1 - \\xe9 \\u6771\n", "latin-1": b"0.5 \xb1 0.1 - \xe9 \\u6771\n"}
    assert (done.stdout, done.stderr) == (expected[encoding], b"")


def test_a_table_is_as_wide_as_its_reader(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert console().width == 100  # a file or a pipe has no width
    monkeypatch.setenv("COLUMNS", "47")
    assert console().width == 47


def test_runs_are_named_by_their_path_or_by_what_lies_below_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for folder in ("runs/study/id-1", "elsewhere/study", "home/study"):
        (tmp_path / folder).mkdir(parents=True)
    assert runs_path("runs/study") == Path("runs/study")
    assert runs_path("study/id-1") == Path("runs/study/id-1")
    assert runs_path("elsewhere/study") == Path("elsewhere/study")
    assert runs_path("~/study") == tmp_path / "home" / "study"
    assert runs_path("~nobody-of-this-name/study") == Path("~nobody-of-this-name/study")
    assert runs_path("nowhere") == Path("nowhere")  # whoever reads it says what is wrong
    local = tmp_path / "local.yaml"
    local.write_text("# @package _global_\npaths:\n  runs_dir: ~/study\n")
    monkeypatch.setattr(places, "LOCAL", local)
    (tmp_path / "home" / "study" / "own" / "id-2").mkdir(parents=True)
    assert runs_path("own/id-2") == tmp_path / "home" / "study" / "own" / "id-2"  # as src.run has it here

"""What the pages say works: every command is read by its program, every link leads somewhere."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from src.command.compose import CONF, read_overrides, run_config, typed
from src.config.pair import PairConfig
from src.plan.power_command import power_parser
from src.sweep.__main__ import _parser
from src.sweep.grid.spec import read_sweep
from tests.forked import run

ROOT = Path(__file__).resolve().parents[2]
OURS = [
    *ROOT.glob("*.md"),
    *(path for top in ("conf", "src", "sweeps", "tests") for path in (ROOT / top).rglob("*.md")),
]
PAGES = [path for path in OURS if "results" not in path.parts]  # those of a study are written by its report
PLACE = {"NAME": "any", "EXPERIMENT": "quickstart"}


def commands(page):
    """The lines of the page's blocks that a reader would type, without what is said behind them."""
    for block in re.findall(r"^```\n(.*?)^```", page.read_text(), re.M | re.S):
        for line in block.splitlines():
            yield re.sub(r"\s+#.*|\s+\(.*", "", line)


COMMANDS = sorted({line for page in PAGES for line in commands(page) if line.startswith("python -m ")})
MADE = sorted(
    {word for page in PAGES for word in re.findall(r"^make ([a-z][a-z-]+)", "\n".join(commands(page)), re.M)}
)
MODULES = sorted(
    {name for page in PAGES for name in re.findall(r"python -m (src\.[a-z_.]+[a-z])", page.read_text())}
)


def composed(arguments):
    assert run_config(*(text for text in arguments if "=" in text))


def planned(arguments):
    if arguments[:1] != ["power"]:
        return composed(arguments)
    assert power_parser().parse_args(arguments[1:]).sweep is not None or "--seeds" in arguments


def compared(arguments):
    overrides = [text for text in arguments if "=" in text]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        assert typed(compose("probe", overrides=read_overrides(overrides)), PairConfig)


def swept(arguments):
    verbs = [arguments.pop(0)] if arguments[0] in ("status", "rerun") else []
    options = _parser().parse_intermixed_args(arguments)
    overrides = [text for text in options.overrides if not text.startswith("launcher=")]
    assert options.failed or verbs != ["rerun"]
    assert read_sweep(options.sweep, overrides, None)


READ_BY = {
    "src.run": composed,
    "src.plan": planned,
    "src.compare": compared,
    "src.sweep": swept,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_read_by_its_program(command, monkeypatch):
    monkeypatch.chdir(ROOT)
    _, _, module, *arguments = shlex.split(re.sub("|".join(PLACE), lambda found: PLACE[found[0]], command))
    if module in READ_BY and arguments != ["--help"]:
        READ_BY[module](arguments)
    elif module != "pytest":
        assert module in MODULES  # its own --help is run below


@pytest.mark.parametrize("module", MODULES)
def test_a_module_that_a_page_names_can_be_started(module):
    assert find_spec(module) is not None
    if module.count(".") == 1:  # tests/command/test_commands.py asks every command for its help
        return
    done = run(module, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("target", MADE)
def test_a_target_of_make_exists(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        assert target.startswith("https://") or (page.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_a_folder_of_a_machine(page):
    assert re.findall(r"(?<![\w./])/(?:work|tmp|home|root|opt)/", page.read_text()) == []


def test_the_code_page_names_files_that_exist():
    text = (ROOT / "src" / "README.md").read_text().partition("## The order of imports")[0]
    for name in re.findall(r"`((?:\w+/)+\w+\.\w+)`", text):
        assert (ROOT / "src" / name).exists() or (ROOT / name).exists(), name


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 100


def test_something_is_looked_at():
    assert len(COMMANDS) >= 15
    assert len(MODULES) >= 6
    assert {"run", "test", "setup"} <= set(MADE)

"""What the fault tests share: a tiny run that is started, killed, started again."""

from pathlib import Path

import pytest
from fault_runs import COUNTS, SMALL, only_run, work

from src.config.schema import RunConfig
from tests.forked import FORKED

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """These take minutes: `make faults` asks for them."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.faults)


@pytest.fixture
def small(make_config, tmp_path):
    """The tiny run's configuration, with overrides; its files lie in the test's folder."""

    def make(*overrides: str, root: Path = tmp_path) -> RunConfig:
        paths = [f"paths.runs_dir={root}/runs", f"paths.cache_dir={root}/cache"]
        return make_config(*SMALL, *paths, *overrides)

    return make


@pytest.fixture
def start(tmp_path):
    """Start a run: start(config, events=None, ...) is its process; what it says is in output.txt."""

    def begin(config: RunConfig, events: int | None = None, output: Path = tmp_path / "output.txt", **given):
        process = FORKED.Process(target=work, args=(config, events, str(output)), kwargs=given)
        process.start()
        return process

    return begin


@pytest.fixture
def ended(start):
    """The exit status of a run that goes on until it ends."""

    def wait(config: RunConfig, events: int | None = None, **given) -> int:
        process = start(config, events, **given)
        process.join(300)
        return process.exitcode

    return wait


@pytest.fixture(scope="session")
def whole(make_config, tmp_path_factory):
    """The folder of the same run, undisturbed."""
    root = tmp_path_factory.mktemp("whole")
    config = make_config(*SMALL, f"paths.runs_dir={root}/runs", f"paths.cache_dir={root}/cache")
    process = FORKED.Process(target=work, args=(config, None, f"{root}/output.txt"))
    process.start()
    process.join(300)
    assert process.exitcode == 0, (root / "output.txt").read_text()
    return only_run(root / "runs")


def pytest_terminal_summary(terminalreporter):
    """Print the counts."""
    if COUNTS:
        terminalreporter.section("faults")
        for (fault, outcome), times in COUNTS.items():
            terminalreporter.write_line(f"{times:5d}  {fault}: {outcome}")

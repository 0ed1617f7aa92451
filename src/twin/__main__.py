"""Pretrain a tiny twin, or all of them; what is done already is shown.

python -m src.twin model=twin_gpt2 [model.pretraining.KEY=VALUE ...]
python -m src.twin --all [--jobs N] [model.pretraining.KEY=VALUE ...]
"""

import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from subprocess import run

from src.command.compose import CONF, model_named, run_config
from src.command.program import parser_of, run_command
from src.config.rules import check_at_least, refuse
from src.config.schema import RunConfig
from src.errors import ModelError
from src.model.twin import RECORD, twin_folder
from src.storage.files import as_written, read_json


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = parser_of("src.twin", __doc__)
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="as for src.run")
    parser.add_argument("--all", action="store_true", help="every twin of conf/model that is not there yet")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="with --all: at a time (1)")
    options = parser.parse_intermixed_args(arguments)
    check_at_least("--jobs", options.jobs, 1)
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    if options.all:
        _all(options.overrides, options.jobs)
    else:
        _pretrain(options.overrides)


def _all(rest: list[str], jobs: int) -> None:
    """Every twin in a process of its own, `jobs` at a time; the exit status of one that failed."""
    names = [path.stem for path in sorted((CONF / "model").glob("twin_*.yaml"))]
    command = [sys.executable, "-m", "src.twin"]
    configs = zip(names, _configs(names, rest), strict=True)
    missing = [name for name, config in configs if not _shown(config)]
    with ThreadPoolExecutor(jobs) as pool:
        ended = list(pool.map(lambda name: run([*command, f"model={name}", *rest]).returncode, missing))
    if any(ended):
        sys.exit(max(ended))


def _configs(names: list[str], rest: list[str]) -> list[RunConfig]:
    """Without overrides a file of conf/model says it all, and composing each would take two seconds."""
    if rest:
        return [_config([f"model={name}", *rest]) for name in names]
    base = _config([f"model={names[0]}"])
    return [replace(base, model=model_named(name, base.model.dtype)) for name in names]


def _pretrain(overrides: list[str]) -> None:
    config = _config(overrides)
    if _shown(config):
        return
    from src.twin.pretraining import ensure_pretrained  # seconds, which what is there already does not need

    ensure_pretrained(config.model, Path(config.paths.cache_dir))
    _shown(config)


def _config(overrides: list[str]) -> RunConfig:
    config = run_config(*overrides)
    if config.model.source != "twin":
        refuse("model", config.model.name, "a tiny twin, such as twin_gpt2")
    return config


def _shown(config: RunConfig) -> bool:
    """Show what a twin's pretraining came to; False where there was none yet."""
    try:
        folder = twin_folder(config.model, Path(config.paths.cache_dir))
    except ModelError:
        return False
    with as_written(folder):
        found = read_json(folder / RECORD)
        loss, entropy = found["held_out_loss"], found["unigram_entropy"]
        line = (
            f"{loss:.3f} nats a byte held out, unigram entropy {entropy:.3f}; {found['seconds']} s; {folder}"
        )
    print(f"{config.model.name}: {line}")
    return True


if __name__ == "__main__":
    run_command(main)

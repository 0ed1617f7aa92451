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

from hydra import compose, initialize_config_dir

from src.command.compose import CONF, CONFIG_ERRORS, model_named, one_line, typed
from src.command.entry import exit_with
from src.config.rules import refuse
from src.config.schema import RunConfig
from src.errors import ModelError, UserError
from src.model.twin import RECORD, twin_folder
from src.storage.files import read_json


def main(arguments: list[str]) -> None:
    """The command."""
    if {"-h", "--help"} & set(arguments) or not arguments:
        print(__doc__)
        return
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    try:
        if "--all" in arguments:
            _all(arguments)
        else:
            _pretrain(arguments)
    except CONFIG_ERRORS as error:
        exit_with(one_line(error, RunConfig))
    except UserError as error:
        exit_with(str(error))


def _all(arguments: list[str]) -> None:
    """Every twin in a process of its own, `--jobs` at a time; the exit status of one that failed."""
    jobs, rest = "1", [text for text in arguments if text != "--all"]
    if "--jobs" in rest:
        place = rest.index("--jobs")
        jobs = (rest[place + 1 :] or [""])[0]
        rest = rest[:place] + rest[place + 2 :]
    if not jobs.isdecimal() or not int(jobs):
        refuse("--jobs", jobs, "a number of at least 1")
    names = [path.stem for path in sorted((CONF / "model").glob("twin_*.yaml"))]
    command = [sys.executable, "-m", "src.twin"]
    configs = zip(names, _configs(names, rest), strict=True)
    missing = [name for name, config in configs if not _shown(config)]
    with ThreadPoolExecutor(int(jobs)) as pool:
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
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = typed(compose("config", overrides=overrides))
    if config.model.source != "twin":
        refuse("model", config.model.name, "a tiny twin, such as twin_gpt2")
    return config


def _shown(config: RunConfig) -> bool:
    """Show what a twin's pretraining came to; False where there was none yet."""
    try:
        folder = twin_folder(config.model, Path(config.paths.cache_dir))
    except ModelError:
        return False
    found = read_json(folder / RECORD)
    loss, entropy = found["held_out_loss"], found["unigram_entropy"]
    print(
        f"{config.model.name}: {loss:.3f} nats a byte held out, unigram entropy {entropy:.3f}; "
        f"{found['seconds']} s; {folder}"
    )
    return True


if __name__ == "__main__":
    main(sys.argv[1:])

"""Pretrain a tiny twin, or all of them; what is done already is shown.

python -m src.pretrain model=twin_gpt2 [model.pretraining.KEY=VALUE ...]
python -m src.pretrain --all
"""

import logging
import sys
from pathlib import Path

from hydra import compose, initialize_config_dir

from src.compose import CONF, CONFIG_ERRORS, one_line, typed
from src.config.rules import refuse
from src.config.schema import RunConfig
from src.entry import leave
from src.errors import UserError


def main(arguments: list[str]) -> None:
    """The command."""
    if {"-h", "--help"} & set(arguments) or not arguments:
        print(__doc__)
        return
    every = [f"model={path.stem}" for path in sorted((CONF / "model").glob("twin_*.yaml"))]
    rest = [text for text in arguments if text != "--all"]
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    try:
        for one in every if "--all" in arguments else [None]:
            _pretrain([*([one] if one else []), *rest])
    except CONFIG_ERRORS as error:
        leave(one_line(error, RunConfig))
    except UserError as error:
        leave(str(error))


def _pretrain(overrides: list[str]) -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = typed(compose("config", overrides=overrides))
    if config.model.source != "twin":
        refuse("model", config.model.name, "a tiny twin, such as twin_gpt2")
    from src.files import read_json
    from src.model.twin import RECORD, twin_folder
    from src.pretraining import ensure_pretrained

    cache = Path(config.paths.cache_dir)
    ensure_pretrained(config.model, cache)
    folder = twin_folder(config.model, cache)
    found = read_json(folder / RECORD)
    loss, entropy = found["held_out_loss"], found["unigram_entropy"]
    print(
        f"{config.model.name}: {loss:.3f} nats a byte held out, unigram entropy {entropy:.3f}; "
        f"{found['seconds']} s; {folder}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])

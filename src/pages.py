"""Write the two pages that are made from the code: the table of all keys and the reference of all metrics.

python -m src.pages
"""

from itertools import groupby
from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from src.command.compose import CONF
from src.command.program import parser_of, run_command
from src.config.key_table import key_table, keys_of
from src.config.pair import PairConfig
from src.config.schema import RunConfig
from src.storage.files import write_text

PAGE = CONF / "README.md"
START = "<!-- Below: written by `python -m src.pages` from the docstrings of src/config. -->\n"


def generated() -> str:
    """Tables of the keys, one a group; of `src.compare` what `src.run` lacks or has otherwise."""
    run, pair = list(keys_of(RunConfig, _composed("config"))), keys_of(PairConfig, _composed("probe"))
    parts = []
    for group, keys in groupby(run, key=lambda key: key.path.rpartition(".")[0]):
        parts.append(f"### {f'`{group}`' if group else 'Of the whole run'}\n\n{key_table(list(keys))}\n")
    parts.append(f"### Of `python -m src.compare`\n\n{key_table([key for key in pair if key not in run])}\n")
    return "\n".join(parts)


def main(arguments: list[str] | None = None) -> None:
    """The entry point."""
    parser_of("src.pages", __doc__).parse_args(arguments)
    from src.metrics.reference import PATH, reference  # torch comes with it

    text, _, _ = PAGE.read_text().partition(START)
    for path, page in {PAGE: f"{text}{START}\n{generated()}", PATH: reference()}.items():
        write_text(path, page)
        print(f"written: {path}")


def _composed(name: str) -> Any:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return OmegaConf.to_container(compose(name), throw_on_missing=False)


if __name__ == "__main__":
    run_command(main)

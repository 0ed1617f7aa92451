"""A folder of random weights in the shape of a preset, to try out what a run takes before weights are there.

python -m src.bench.random_folder FOLDER [model=olmo2_1b] [any override of src.run]

A run reads it as any folder: python -m src.run model=hf model.id=FOLDER. Its tokenizer is that of bytes.
"""

from pathlib import Path

from src.command.compose import run_config
from src.command.program import parser_of, path_of, run_command


def main(arguments: list[str] | None = None) -> None:
    """Write the folder; say how large it is."""
    parser = parser_of("src.bench.random_folder", __doc__)
    parser.add_argument("folder", type=path_of)
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="as for src.run")
    given = parser.parse_args(arguments)
    make_folder(given.folder, ["model=olmo2_1b", *given.overrides])
    size = sum(path.stat().st_size for path in given.folder.glob("*.safetensors"))
    print(f"written: {given.folder}, {size / 2**30:.2f} GiB of random weights")


def make_folder(folder: Path, overrides: list[str]) -> None:
    """The weights as safetensors in the dtype of the preset, its configuration, a tokenizer of bytes."""
    from src.model.byte_tokenizer import byte_tokenizer
    from src.plan.skeleton import skeleton
    from src.runtime.seeding import isolated

    config = run_config(*overrides)
    with isolated(config.seed, "random weights"):
        model = skeleton(config.model, "cpu").model
    tokenizer = byte_tokenizer()
    model.config.pad_token_id, model.config.eos_token_id = tokenizer.pad_token_id, tokenizer.eos_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    run_command(main)

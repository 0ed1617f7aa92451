"""What a model configuration leads to, told without reading the weights."""

import json
from importlib import metadata

from src.config.keys import hashed_keys
from src.config.schema import ModelConfig
from src.errors import ModelError


def model_content(config: ModelConfig) -> str:
    """A text that differs where something of the model differs that decides a number; part of a run's id.

    A folder stands for its content, not its path: weights, tokenizer, chat template, generation config (see
    `content_fingerprint`). What pins all of these at once stands for them: the version of a package; the id
    on the hub and the revision asked for, whose commit is in the record; the settings of a random model.

    Raises:
        ModelError: its package is not installed, or its folder holds no model.
    """
    if config.source == "tiny":
        return f"tiny {config.architecture} {config.num_blocks}x{config.width}"
    if config.source == "twin":
        return twin_content(config)
    if config.source == "package":
        try:
            return f"{config.resolved_id} {metadata.version(config.resolved_id)}"
        except metadata.PackageNotFoundError as error:
            raise ModelError(
                f"model={config.name}: the package {config.resolved_id} is not installed; run `make setup`, "
                "or choose model=tiny_llama or model=hf model.id=FOLDER"
            ) from error
    from src.model.folder import check_folder
    from src.model.hub import is_local, local_folder

    if not is_local(config.resolved_id):
        return f"{config.resolved_id}@{config.revision or 'main'}"
    from src.model.fingerprint import content_fingerprint

    folder = local_folder(config.resolved_id, config.revision)
    check_folder(folder)
    return content_fingerprint(folder)


def twin_content(config: ModelConfig) -> str:
    """All of a twin's configuration that decides its weights."""
    shape = f"{config.architecture} {config.num_blocks}x{config.width}"
    settings = json.dumps([config.sizes or {}, hashed_keys(config.pretraining)], sort_keys=True)
    return f"twin {shape} {settings}"

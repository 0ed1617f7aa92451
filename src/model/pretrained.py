"""Loads a model and its tokenizer from a local folder; every source with stored weights ends here."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

from src.errors import ModelError
from src.model.folder import CONFIG, check_folder, weight_files
from src.model.quiet import quiet
from src.runtime.progress import watched

Head = type[AutoModel] | type[AutoModelForCausalLM] | type[AutoModelForMaskedLM]
LARGE = 2 * 2**30  # bytes of weights from which a person wants to see progress

log = logging.getLogger(__name__)


def load_folder(folder: Path, dtype: torch.dtype) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model and the tokenizer of a folder; safetensors only, no code from the folder.

    Raises:
        ModelError: where the folder cannot be loaded, or lacks some of the weights the model needs.
    """
    settings = check_folder(folder)
    head = model_class(settings.get("architectures") or [], settings["model_type"])
    local = {"trust_remote_code": False, "local_files_only": True}
    with quiet(bars=sum(path.stat().st_size for path in weight_files(folder)) >= LARGE and watched()):
        with _one_line(f"{folder / CONFIG}: describes no model that can be built"):
            config = AutoConfig.from_pretrained(folder, **local)
        with _one_line(f"{folder}: the tokenizer cannot be loaded"):
            tokenizer = AutoTokenizer.from_pretrained(folder, config=config, **local)
        with _one_line(f"{folder}: cannot be loaded by {head.__name__}"):
            loaded: Any = head.from_pretrained(  # a pair, which its type leaves out
                folder,
                config=config,
                dtype=dtype,
                use_safetensors=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # refused below, in one line
                **local,
            )
    model, report = loaded
    _check_complete(folder, model, report)
    _check_finite(folder, model)
    _keep_apart(folder, model)
    return model.eval(), tokenizer


def model_class(architectures: list[str], model_type: str) -> Head:
    """The automatic class for the architectures of a config.json: masked where only that fits.

    An encoder that was stored without a head (`BertModel`) stays without one: a head would be random.
    """
    bare = architectures and all(name.endswith("Model") and "LMHead" not in name for name in architectures)
    if bare and model_type in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
        return AutoModel
    masked = any("ForMaskedLM" in name for name in architectures)
    causal = any("CausalLM" in name for name in architectures)
    return AutoModelForMaskedLM if masked and not causal else AutoModelForCausalLM


def _check_complete(folder: Path, model: PreTrainedModel, report: dict[str, Any]) -> None:
    """Refuse weights that were left at random values because the files do not hold them."""
    absent = sorted(report["missing_keys"])
    misshapen = sorted(str(entry[0]) for entry in report["mismatched_keys"])
    for names, wrong in ((absent, "hold no"), (misshapen, "hold another shape of")):
        if names:
            raise ModelError(
                f"{folder}: the files {wrong} {names[0]} ({len(names)} such weights); "
                f"{type(model).__name__} needs all of its weights"
            )
    unused = sorted(report["unexpected_keys"])
    if unused:
        log.warning("%s: %d weights of the files are not used, such as %s", folder, len(unused), unused[0])


def _check_finite(folder: Path, model: PreTrainedModel) -> None:
    """Refuse weights of NaN or infinity: a score of such a model is a number like any other."""
    for name, value in model.named_parameters():
        if value.numel() and not torch.stack(value.detach().aminmax()).isfinite().all():
            raise ModelError(f"{folder}: {name} holds NaN or infinity; accepted: finite weights")


def _keep_apart(folder: Path, model: PreTrainedModel) -> None:
    """Weights that config.json ties and the files hold apart stay apart, and the configuration says so.

    Otherwise the next who ties them, as lm-eval does before it scores, would put one in the other's place.
    """
    tied = model.get_expanded_tied_weights_keys(all_submodels=True)
    for one, other in tied.items():
        if model.get_parameter_or_buffer(one) is not model.get_parameter_or_buffer(other):
            log.warning("%s: %s ties %s to %s, the files hold two; two they stay", folder, CONFIG, one, other)
            model.config.tie_word_embeddings = False
            model.config.get_text_config().tie_word_embeddings = False


@contextmanager
def _one_line(wrong: str) -> Iterator[None]:
    """Turn an error of the loading library into `wrong` and what the library said."""
    try:
        yield
    except Exception as error:  # loading alone: whatever a library stumbles over lies in the folder
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        if isinstance(error, KeyError):
            reason = f"it asks for {reason}, which is not there"
        raise ModelError(f"{wrong} ({reason})") from error

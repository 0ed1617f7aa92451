"""Unsloth: a script, since it is called from Python."""

from src.errors import DataError
from src.export.chat import trl_rows
from src.export.form import Form, about, beyond, one_rank, only_lora, steps_of, whole_alpha
from src.export.handover import Handover

_SCRIPT = """# {about}
{notes}from unsloth import FastLanguageModel  # before the others, which it changes
from datasets import load_dataset
from trl import SFTConfig, SFTTrainer

model, tokenizer = FastLanguageModel.from_pretrained(
    model_name={base!r},{revision}
    max_seq_length={length},
    load_in_4bit=False,
)
model = FastLanguageModel.get_peft_model(
    model,
    r={rank},
    lora_alpha={alpha},
    lora_dropout={dropout},
    use_rslora={rslora},
    bias="none",
    target_modules={targets!r},
    layers_to_transform={blocks!r},
    layers_pattern={pattern!r},
    random_state={seed},
)
rows = load_dataset(**{rows!r}, split="train")
settings = SFTConfig(
{settings})
SFTTrainer(model=model, processing_class=tokenizer, train_dataset=rows, args=settings).train()
model.save_pretrained({output!r})
"""


def to_unsloth(run: Handover) -> list[Form]:
    """A call of `get_peft_model` with the band as `layers_to_transform`, and TRL's trainer over the rows.

    Raises:
        DataError: other layers train in one block than in another, which it cannot say.
    """
    only_lora(run, "unsloth", "accepted: a run of LoRA")
    expected = {name.partition(f"{run.prefix}.")[2].partition(".")[2] for name in run.modules}
    if not run.prefix or len(run.modules) != len(expected) * len(run.blocks):
        raise DataError("--to unsloth: given layers that differ from block to block; accepted: --to peft")
    notes = beyond(run)
    rank, alpha = one_rank(run, "unsloth")
    alpha = whole_alpha(alpha, notes)
    if run.dropout:
        notes.append("its fast kernels want lora_dropout=0; the run had another")
    learned, files = trl_rows(run, notes)
    (rows,) = learned.pop("datasets")
    output = f"{run.run}-unsloth"
    settings = {"output_dir": output, "max_length": run.max_length, **learned, **steps_of(run)}
    kept = {key: value for key, value in settings.items() if value is not None}
    text = _SCRIPT.format(
        about=about(run, "Unsloth"),
        notes="".join(f"# {note}\n" for note in notes),
        base=run.base,
        revision=f"\n    revision={run.revision!r}," if run.revision else "",
        length=run.max_length,
        rank=rank,
        alpha=alpha,
        dropout=run.dropout,
        rslora=run.use_rslora,
        targets=run.suffixes,
        blocks=list(run.blocks),
        pattern=run.prefix.rpartition(".")[2],
        seed=run.seed,
        rows=rows,
        settings="".join(f"    {key}={value!r},\n" for key, value in kept.items()),
        output=output,
    )
    return [Form("unsloth_lora.py", text, notes), *files]

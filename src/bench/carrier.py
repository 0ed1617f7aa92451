"""What a step of a carrier's fit costs beside a training step of the same LoRA layers."""

from src.bench.measure import ratio
from src.bench.steps import adapted_model, bench_batch, training_step
from src.carrier.fit import CarrierFit
from src.carrier.masked_update import MaskedUpdate
from src.config.carrier import CarrierSettings
from src.data.encode import EncodedRow
from src.intervene.engine.adapter_gates import AdapterGates

METHOD = "lora method.targets=linear"
MEANING = {
    "carrier_over_lora_step": "one step of a carrier's fit, masks alone / one LoRA training step, of all "
    "linear layers of SmolLM2 and 8 sequences of 128 tokens (at most 1.3)",
}


def bench() -> dict[str, float]:
    """Both with the price of the masks on."""
    trained, masked = adapted_model(METHOD), adapted_model(METHOD)
    batch = bench_batch(masked)
    both = zip(batch["input_ids"].tolist(), batch["labels"].tolist(), strict=True)
    rows = [EncodedRow(str(number), ids, labels) for number, (ids, labels) in enumerate(both)]
    update = MaskedUpdate(AdapterGates(masked.model, masked.loaded.blocks), frozen_rest=True)
    fit = CarrierFit(update, rows, 0, CarrierSettings(warmup_steps=0), rho=0.3, seed=0)
    for value in masked.trainable.values():
        value.requires_grad_(False)
    return {"carrier_over_lora_step": ratio(lambda: fit.step(0), training_step(trained))}

"""What equalising every step costs: the same training step with the control and without it."""

from src.bench.measure import config_of, ratio
from src.bench.steps import adapted_model, training_step
from src.control.make import make_control

MEANING = {
    "equal_step_over_none_full": "one training step of all weights, control=equal_step / none",
    "equal_step_over_none_lora": "one training step with LoRA, control=equal_step / none",
    "equal_step_copy_over_weights": "weights that equal_step copies / trained weights, full training",
}


def bench_control() -> dict[str, float]:
    """Training steps on SmolLM2: 8 sequences of 128 tokens, 60 % of them prompt."""
    found = {}
    for method in ("lora", "full"):
        adapted = adapted_model(method)
        control = make_control(config_of("control=equal_step").control, adapted, num_steps=1)
        controlled = training_step(adapted, control)
        found[f"equal_step_over_none_{method}"] = ratio(controlled, training_step(adapted))
    copied = sum(copy.numel() for copy in control.movement.copies.values())
    return found | {"equal_step_copy_over_weights": copied / adapted.num_trainable}

import math

import torch

from src.metrics.lens.logit_lens import (
    early_exit_accuracy,
    lens_agreement,
    lens_cross_entropy,
    lens_entropy,
    lens_gold_probability,
)

# two layers, two positions, three tokens
P = torch.tensor([[[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]], [[0.1, 0.8, 0.1], [0.0, 0.0, 1.0]]]).double()
TARGETS = torch.tensor([1, 2])


def test_values_in_closed_form():
    logs = P.log()
    half, fifth = 1.5 * math.log(2), -(0.4 * math.log(0.2) + 0.6 * math.log(0.6))
    sure = -(0.2 * math.log(0.1) + 0.8 * math.log(0.8))
    expected = {
        lens_cross_entropy: [[math.log(4), -math.log(0.6)], [-math.log(0.8), 0.0]],
        lens_entropy: [[half, fifth], [sure, 0.0]],  # 0 log 0 is 0
        lens_agreement: [[0.0, 1.0], [1.0, 1.0]],
        lens_gold_probability: [[0.25, 0.6], [0.8, 1.0]],
        early_exit_accuracy: [[0.0, 1.0], [1.0, 1.0]],
    }
    for function, values in expected.items():
        torch.testing.assert_close(function(logs, TARGETS), torch.tensor(values).double())


def test_uniform_predictions(generator):
    logs = torch.full((4, 5, 50), 1 / 50).log()
    targets = torch.randint(50, (5,), generator=generator)
    torch.testing.assert_close(lens_entropy(logs, targets), torch.full((4, 5), math.log(50)))
    torch.testing.assert_close(lens_cross_entropy(logs, targets), torch.full((4, 5), math.log(50)))

"""How much two views of the same samples share, told by entropies of their Gram matrices."""

import torch
from torch import Tensor

from src.metrics.information.infonce import Views, check_views
from src.metrics.shared.entropy import spectral_entropy
from src.metrics.shared.gram import centred_gram, double_centred, kept_part, spectrum, unit_rows
from src.metrics.shared.shapes import Gram, Scalar
from src.metrics.shared.together import together
from src.runtime.seeding import permutation

NUM_PERMUTATIONS = 10
SEED = 0


def _grams(views: Views) -> tuple[Gram, Gram, list[list[int]]]:
    """Of both views, and the permutations."""
    check_views("dime", views)
    return centred_gram(views[:, 0]), centred_gram(views[:, 1]), _permutation_table(len(views))


@together(_grams)
def dime(first: Gram, second: Gram, table: list[list[int]], kept: Tensor) -> Scalar:
    """Mean of S(A * PBP^T) over permutations P, minus S(A * B): entropy that knowing the pairs takes away.

    A and B are the Gram matrices of two views, each centred and with rows of length 1; * is the product
    entry by entry, S the von Neumann entropy (nats) of the matrix over its trace; 10 permutations, the same
    ones every time. At most log N, nats; 0 on average for independent views, slightly negative by chance.
    Small where all samples are nearly orthogonal, whatever the views share. Invariant under rotation, shift
    and isotropic scaling of either view; under the order of samples up to the choice of permutations. NaN
    where a view does not vary. DataError below 2 samples or 2 views; of more views, the first two count.
    Source: Skean et al. 2023 (linear kernel, centring and unit rows are ours); not the published |S(A) -
    S(B)|.
    """
    first, second = (unit_rows(double_centred(kept_part(matrix, kept))) for matrix in (first, second))
    joint = spectral_entropy(spectrum(first * second), alpha=1.0)
    permuted = [
        spectral_entropy(spectrum(first * kept_part(second, _induced(order, kept))), alpha=1.0)
        for order in table
    ]
    return torch.stack(permuted).mean() - joint


def _permutation_table(num_samples: int) -> list[list[int]]:
    return [permutation(num_samples, SEED, "dime", index) for index in range(NUM_PERMUTATIONS)]


def _induced(order: list[int], kept: Tensor) -> Tensor:
    """The permutation of the kept samples that skips the others along the cycles of `order`.

    Most samples keep their partner, so that leaving some out does not draw new permutations: their chance
    would otherwise count as sampling error.
    """
    place = {sample: position for position, sample in enumerate(kept.tolist())}
    partners = []
    for sample in place:
        partner = order[sample]
        while partner not in place:
            partner = order[partner]
        partners.append(place[partner])
    return torch.tensor(partners)

"""Simulate every interval that a report prints, and the words for claims; write src/bench/COVERAGE.md.

python -m src.bench.coverage [--rounds 2000]
"""

from pathlib import Path

from src.bench.coverage.designs import MOST, designs
from src.bench.coverage.metrics import coverages
from src.bench.coverage.simulate import simulate
from src.bench.coverage.words import CLAIM, operating_characteristics
from src.command.program import parser_of, run_command
from src.config.rules import check_at_least
from src.storage.files import write_text

PAGE = Path(__file__).parents[1] / "COVERAGE.md"
_HEAD = """\
# How often the intervals hold the truth

Written by `make coverage`, {rounds} rounds a row, {short} of the metrics. Wanted of a 95 % interval:
0.93 to 0.98 where its assumptions hold, at least 0.90 where they do not. Width over sd: half
the mean width over 1.96 standard deviations of the number itself.

| interval | n | made data | coverage | width over sd | |
| :-- | --: | :-- | --: | --: | :-- |
"""
_METRICS = """
## Metrics over rows

About what the metric is on average for so many rows: CKA and dimensions of few rows are not those of many.
Wide: more than 0.98 hold the truth, an error to the safe side. Rows of unequal length are normal ones, each
times the exponential of half a normal number.

| metric | rows | made data | coverage | width over sd | |
| :-- | --: | :-- | --: | --: | :-- |
"""
_WORDS = """
## Words for a claim

A published gain of {claim:g}, noisy (200 items), and nine bands that scatter as in a study of generated sums.
Wanted: a wrong word in at most 0.05, *confirmed* where there is no effect in at most 0.01.

| seeds | items | true: confirmed | true: wrong word | no effect: confirmed | no effect: absent |
| --: | --: | --: | --: | --: | --: |
"""


def main(arguments: list[str] | None = None) -> None:
    """Write the page."""
    parser = parser_of("src.bench.coverage", __doc__)
    parser.add_argument("--rounds", type=int, default=2000, help="of each row; a tenth of that for metrics")
    rounds = parser.parse_args(arguments).rounds
    check_at_least("--rounds", rounds, 100)
    short = rounds // 10
    lines = [_HEAD.format(rounds=rounds, short=short)]
    for one in designs():
        found = simulate(one, rounds)
        shown = f"{found.coverage:.3f} | {found.width_over_sd:.2f} | {one.known}"
        lines.append(f"| {one.interval} | {one.n} | {one.made} | {shown} |\n")
    lines.append(_METRICS)
    for row in coverages(short):
        shown = f"{row.coverage:.3f} | {row.width_over_sd:.2f} | {'wide' if row.coverage > MOST else ''}"
        lines.append(f"| {row.name} | {row.n} | {row.made} | {shown} |\n")
    lines.append(_WORDS.format(claim=CLAIM))
    for seeds, items, *shares in operating_characteristics(rounds):
        lines.append(f"| {seeds} | {items} | " + " | ".join(f"{share:.3f}" for share in shares) + " |\n")
    write_text(PAGE, "".join(lines))
    print(f"written: {PAGE.name}")


if __name__ == "__main__":
    run_command(main)

"""Write the reference of all metrics, src/metrics/REFERENCE.md, from their own texts.

python -m src.metrics
"""

from src.command.program import parser_of, run_command


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser_of("src.metrics", __doc__).parse_args(arguments)
    from src.metrics.reference import PATH, reference  # torch comes with it
    from src.storage.files import write_text

    write_text(PATH, reference())
    print(f"written: {PATH}")


if __name__ == "__main__":
    run_command(main)

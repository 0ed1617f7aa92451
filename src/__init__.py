"""Strata: where in the depth of a language model fine-tuning acts."""

import logging
import os
import signal
import sys

__version__ = "0.2.0"  # pyproject.toml, run.json, CITATION.cff and the tag take it from here

# A thread that waits for others spins before it sleeps; where another program has a core, the thread it waits
# for may not run at all meanwhile. So threads spin about as long as being woken takes, and then sleep. Every
# command and every job comes past this line before it imports torch, and passes it on to what it starts.
if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"} & set(os.environ):
    os.environ["GOMP_SPINCOUNT"] = "4000"  # turns, of GNU's OpenMP (the torch of PyPI); 300,000 by default
    os.environ["KMP_BLOCKTIME"] = "1"  # ms, of Intel's and LLVM's (the torch of conda); 200 by default

# Where torchao is installed (model.quantization), transformers imports it in each process with a model: three
# lines on stderr about kernels of GPUs that nothing here uses.
for _talking in ("torchao", "torch.utils._pytree"):
    logging.getLogger(_talking).setLevel(logging.ERROR)


def _ended(number: int, frame: object) -> None:
    """Signals while a command imports what it needs: nothing is begun and a traceback tells nothing."""
    os.write(2, f"strata: stopped by {signal.Signals(number).name}\n".encode())
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


if sys.argv[:1] == ["-m"]:  # as Python has it while it looks for the module of `python -m src.COMMAND`
    for _number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(_number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(_number, _ended)

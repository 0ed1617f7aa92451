"""A run as the tracker sees it, in a process of its own: `python -m tests.tracking.tracked_run FOLDER OPTIONS`."""

import argparse
import json
import logging
import os
import signal
import sys
import time
from itertools import pairwise
from pathlib import Path

from hydra import compose, initialize_config_dir

from src.command.compose import CONF, typed
from src.probe.table.layer_table import LayerRow
from src.probe.table.layers_csv import write_layers
from src.runtime.preemption import Preempted
from src.storage.files import write_json
from src.tracking.mirror import Tracker
from src.train.step_log import StepLog

RUN_ID = "lora-tiny_llama-arithmetic-s0-0123456789"


def score(value):
    return {"task": "heldout", "metric": "exact_match", "value": value, "stderr": 0.1, "n": 20}


def layers():
    return [
        LayerRow(stage, layer, layer / 4, metric, 0.1 * layer, None, 5)
        for metric, stages in {"mean_shift": ["change"], "effective_rank": ["base", "tuned"]}.items()
        for stage in stages
        for layer in range(5)
    ]


def stage(folder, name, result):
    write_json(folder / "stages" / f"{name}.json", {"seconds": 0.0, "result": result})


def go(tracker, folder, options):
    tracker.parameters(100, 1000)
    stage(folder, "scores-base", {"scores": [score(0.25)], "samples": []})
    tracker.scores("base", [score(0.25)])
    log = StepLog(folder / "steps.jsonl", options.first - 1)
    for step in range(options.first, options.last + 1):
        row = {"step": step, "loss": 1 / step, "seconds": 0.1}
        log.append(row)
        tracker.step(row)
        time.sleep(options.pause)
    if options.end == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if options.end == "preempt":
        raise Preempted
    write_layers(folder / "layers.csv", layers())
    stage(folder, "probe", {})
    tracker.layers(layers())
    tracker.scores("tuned", [score(0.75)])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mode", default="offline")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--last", type=int, default=10)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--end", default="finish")
    options = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = typed(compose("config", overrides=["model=tiny_llama", f"record={options.mode}"]))
    times = [time.monotonic()]
    try:
        with Tracker(config, RUN_ID, options.folder) as tracker:
            times.append(time.monotonic())
            go(tracker, options.folder, options)
            times.append(time.monotonic())
    finally:
        times.append(time.monotonic())
        seconds = [round(after - before, 2) for before, after in pairwise(times)]
        print(json.dumps({"seconds": seconds, "ended": time.time()}))


if __name__ == "__main__":
    sys.exit(main())

"""Alias of `python -m src.compare`."""

import runpy

if __name__ == "__main__":
    runpy.run_module("src.compare", run_name="__main__", alter_sys=True)

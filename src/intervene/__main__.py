"""`python -m src.intervene` is the command src/analyse.py, which stands above this room."""

import runpy

if __name__ == "__main__":
    runpy.run_module("src.analyse", run_name="__main__", alter_sys=True)

"""The code that a sweep was launched with: queued jobs run this copy, whatever happens to the work tree."""

import shutil
from pathlib import Path

from src.command.compose import CONF
from src.record.provenance import git
from src.storage.cache import code_fingerprint
from src.storage.files import fingerprint, sha256_file, write_json, written_folder

_ROOT = CONF.parent


def take_snapshot(folder: Path) -> Path:
    """Copy src and conf to `folder`/code-HASH, once a state of the code; code.json keeps the commit."""
    conf = {str(path.relative_to(CONF)): sha256_file(path) for path in sorted(CONF.rglob("*.yaml"))}
    target = folder / f"code-{fingerprint([code_fingerprint('.'), conf, git()])[:12]}"
    if not target.is_dir():
        with written_folder(target) as aside:
            ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
            for name in ("src", "conf"):
                shutil.copytree(_ROOT / name, aside / name, ignore=ignore)
            write_json(aside / "code.json", git())
    return target

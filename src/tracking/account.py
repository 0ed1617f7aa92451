"""Whether W&B can be reached from here: its address, a key, an answer. No key is ever read into a value."""

import netrc
import os
import urllib.error
import urllib.request
from http.client import HTTPException
from urllib.parse import urlsplit

PATIENCE = 3.0  # seconds for the first answer of a server


def refusal() -> str | None:
    """Why not to go online now; None: there is a key, and the server answers."""
    url = server()
    if urlsplit(url).username is not None:  # whoever prints the address would print a password
        return "WANDB_BASE_URL: given with a user; accepted: https://HOST, and the key in WANDB_API_KEY"
    if not has_key(url):
        return f"no key for {url}: `wandb login`, or set WANDB_API_KEY"
    return no_answer(url)


def server() -> str:
    """The address of the W&B server, from WANDB_BASE_URL or wandb's own settings.

    Raises:
        ConnectionError: it is none.
    """
    import wandb

    try:
        return wandb.setup().settings.base_url
    except ValueError as error:  # pydantic's, of several lines that repeat what was given
        raise ConnectionError("WANDB_BASE_URL: given no address; accepted: https://HOST") from error


def has_key(url: str) -> bool:
    """Whether wandb will find a key for this server, without asking a person."""
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    hosts = [urlsplit(url).netloc]
    if hosts[0].endswith((".wandb.ai", ".coreweave.com")):
        hosts.append("api.wandb.ai")  # one service, two names
    try:
        known = netrc.netrc(os.path.expanduser(os.environ.get("NETRC") or "~/.netrc"))
    except (OSError, netrc.NetrcParseError):
        return False
    return any(known.authenticators(host) for host in hosts)


def no_answer(url: str) -> str | None:
    """Why a server cannot be used now; None: it answers."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE):
            return None
    except urllib.error.HTTPError as error:
        return f"{url} answers {error.code}" if error.code >= 500 else None
    except (OSError, ValueError, HTTPException) as error:
        return f"{url} does not answer ({getattr(error, 'reason', error)})"

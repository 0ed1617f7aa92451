import json
import shutil
from pathlib import Path

import httpx2
import huggingface_hub
import pytest
from huggingface_hub import constants
from huggingface_hub.utils import _http

from src.errors import ModelError
from src.model import hub
from src.model.folder import check_folder

COMMIT, OLDER = "a" * 40, "b" * 40
ID = "some-lab/some-model"
CHOICES = "offline choices: model=smollm2_135m, model=tiny_llama, model=hf model.id=FOLDER"
SECRET = "hf_" + "s3cr3t" * 5


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty hub cache; the hub is asked over whatever transport the test sets."""
    folder = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", SECRET)
    return folder


@pytest.fixture
def transport(cache):
    """Answers requests by a function instead of the network."""

    def use(answer):
        client = httpx2.Client(transport=httpx2.MockTransport(answer), follow_redirects=True)
        huggingface_hub.set_client_factory(lambda: client)

    yield use
    huggingface_hub.set_client_factory(_http.default_client_factory)


@pytest.fixture
def offline(cache, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return cache


def _snapshot(cache, source, commit=COMMIT, ref="main"):
    """The layout of the hub's cache, made by hand."""
    repository = cache / "models--some-lab--some-model"
    (repository / "refs").mkdir(parents=True, exist_ok=True)
    (repository / "refs" / ref).write_text(commit)
    return shutil.copytree(source, repository / "snapshots" / commit)


def _refusal(model_id=ID, revision=None):
    with pytest.raises(ModelError) as error:
        hub.fetch(model_id, revision)
    line = str(error.value)
    assert "\n" not in line
    assert SECRET not in line
    return line


def _no_network(request):
    raise httpx2.ConnectError("name resolution failed")


def _status(code, **headers):
    return lambda request: httpx2.Response(code, headers=headers, request=request, json={"error": SECRET})


def _serve(source: Path, log):
    """A hub of one repository: its names, sizes and bytes."""
    files = {path.name: path.read_bytes() for path in source.iterdir()}
    files |= {
        "pytorch_model.bin": b"pickle",
        "consolidated.safetensors": b"twice",
        "onnx/model.safetensors": b"x",
    }

    def answer(request):
        path = request.url.path
        log.append((request.method, path, request.extensions["timeout"]))
        if path.startswith(f"/api/models/{ID}/tree/"):
            tree = [
                {"type": "file", "path": name, "size": len(data), "oid": f"{index:040x}"}
                for index, (name, data) in enumerate(sorted(files.items()))
            ]
            return httpx2.Response(200, json=tree, request=request)
        if path.startswith(f"/api/models/{ID}"):
            return httpx2.Response(200, json={"id": ID, "sha": COMMIT, "siblings": []}, request=request)
        name = path.removeprefix(f"/{ID}/resolve/{COMMIT}/")
        data = files[name]
        headers = {"ETag": f'"{name}"', "X-Repo-Commit": COMMIT, "Content-Length": str(len(data))}
        return httpx2.Response(
            200, headers=headers, content=b"" if request.method == "HEAD" else data, request=request
        )

    return answer


def test_local_and_hub_ids(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    local = ["here", "./x", "/x/y", "../x", "~/x", "a/b/c", str(tmp_path)]
    assert [hub.is_local(model_id) for model_id in local] == [True] * len(local)
    assert not hub.is_local(ID)
    assert not hub.is_local("gpt2")


def test_a_folder_has_no_revision():
    with pytest.raises(ModelError) as error:
        hub.local_folder("./x", "main")
    assert str(error.value) == "model.revision: given 'main'; accepted: null, because ./x is a folder"


@pytest.mark.parametrize("model_id", ["", "???"])
def test_no_id(model_id):
    assert _refusal(model_id) == (
        "model.id: missing; accepted: a hub id or a folder, as in model=hf model.id=HUB_ID_OR_FOLDER"
    )


@pytest.mark.parametrize("model_id", ["some model", "lab/", "a--b/c", "lab/mod\nel"])
def test_impossible_id(model_id, transport):
    transport(_no_network)
    assert _refusal(model_id).endswith("; accepted: OWNER/NAME on the hub, or a folder")


def test_offline_snapshot_resolves_to_its_commit(offline, saved_llama):
    folder = _snapshot(offline, saved_llama)
    _snapshot(offline, saved_llama, commit=OLDER, ref="v1")
    assert hub.fetch(ID, None) == folder
    assert hub.fetch(ID, "v1").name == OLDER
    assert hub.fetch(ID, OLDER).name == OLDER


def test_snapshot_serves_without_network(cache, transport, saved_llama):
    transport(_no_network)
    folder = _snapshot(cache, saved_llama)
    assert hub.fetch(ID, None) == folder


def test_snapshot_serves_when_the_hub_is_down(cache, transport, saved_llama):
    transport(_status(503))
    folder = _snapshot(cache, saved_llama)
    assert hub.fetch(ID, None) == folder


def test_offline_and_not_cached(offline, saved_llama):
    reason = "the hub may not be asked (HF_HUB_OFFLINE is set)"
    assert _refusal() == f"model.id: {ID} is not cached and {reason}; {CHOICES}"
    _snapshot(offline, saved_llama)
    assert _refusal(revision="v9") == f"model.id: revision 'v9' of {ID} is not cached and {reason}; {CHOICES}"


def test_no_network_and_not_cached(transport):
    transport(_no_network)
    assert (
        _refusal() == f"model.id: {ID} is not cached and the hub cannot be reached (ConnectError); {CHOICES}"
    )


@pytest.mark.parametrize("error", [httpx2.ConnectTimeout, httpx2.ReadTimeout, httpx2.RemoteProtocolError])
def test_a_hub_that_is_silent_or_hangs_up(transport, error):
    def answer(request):
        raise error("nothing came")

    transport(answer)
    wrong = f"the hub cannot be reached ({error.__name__})"
    assert _refusal() == f"model.id: {ID} is not cached and {wrong}; {CHOICES}"


@pytest.mark.parametrize("content", [b"<html>Log in to this network</html>", b"[]", b"null", b""])
def test_a_network_that_answers_in_the_place_of_the_hub(transport, content, cache, saved_llama):
    """As the page of a hotel or a train does: status 200, and no hub."""
    transport(lambda request: httpx2.Response(200, content=content, request=request))
    line = _refusal()
    assert line.startswith(f"model.id: {ID} is not cached and the hub cannot be reached (")
    assert line.endswith(CHOICES)
    _snapshot(cache, saved_llama)
    assert hub.fetch(ID, None).name == COMMIT


@pytest.mark.parametrize("code", [429, 500, 503])
def test_hub_down_and_not_cached(transport, code):
    transport(_status(code))
    assert _refusal() == f"model.id: {ID} is not cached and the hub answered with status {code}; {CHOICES}"


def test_unknown_repository(transport):
    transport(_status(401, **{"X-Error-Code": "RepoNotFound"}))
    assert _refusal() == (
        f"{ID} is not on the hub, or is private: check the spelling, or log in with `hf auth login`"
    )


def test_unknown_revision(transport):
    transport(_status(404, **{"X-Error-Code": "RevisionNotFound"}))
    assert _refusal(revision="v9") == f"model.revision: {ID} has no branch, tag or commit 'v9'"


def test_gated(transport, saved_llama):
    served = _serve(saved_llama, [])
    refuse = _status(403, **{"X-Error-Code": "GatedRepo"})
    line = f"{ID} is gated: accept its terms on its page on the hub, then log in with `hf auth login`"
    transport(refuse)
    assert _refusal() == line
    transport(lambda request: (refuse if "/resolve/" in request.url.path else served)(request))
    assert _refusal() == line


def test_download_brings_only_what_loading_needs(cache, transport, saved_llama):
    log = []
    transport(_serve(saved_llama, log))
    folder = hub.fetch(ID, None)
    assert folder.name == COMMIT
    assert {path.name for path in folder.iterdir()} == {path.name for path in saved_llama.iterdir()}
    for path in saved_llama.iterdir():
        assert (folder / path.name).read_bytes() == path.read_bytes()
    assert log[0][2]["connect"] <= 10
    transport(_no_network)
    assert hub.fetch(ID, None) == folder


def test_download_cut_off(transport, saved_llama):
    served = _serve(saved_llama, [])

    def answer(request):
        if request.method == "GET" and request.url.path.endswith("model.safetensors"):
            return httpx2.Response(404, request=request, headers={"X-Error-Code": "EntryNotFound"})
        return served(request)

    transport(answer)
    assert _refusal().startswith(f"{ID}: the download was cut off (")


def test_incomplete_snapshot_names_the_file(cache, transport, saved_llama):
    transport(_serve(saved_llama, []))
    folder = hub.fetch(ID, None)
    transport(_no_network)
    (folder / "config.json").unlink()
    assert _refusal() == f"{folder}: config.json is missing"


def test_incomplete_snapshot_of_optional_files(cache, transport, saved_llama):
    transport(_serve(saved_llama, []))
    folder = hub.fetch(ID, None)
    transport(_no_network)
    (folder / "generation_config.json").unlink()
    assert _refusal() == f"{folder}: incomplete, and the hub cannot be reached (ConnectError)"


def test_snapshot_with_a_missing_blob(offline, saved_llama):
    folder = _snapshot(offline, saved_llama)
    names = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    (folder / "model.safetensors").rename(folder / names[0])
    (folder / names[1]).symlink_to(folder / "gone")
    index = {"weight_map": {"a": names[0], "b": names[1]}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelError) as error:
        check_folder(hub.fetch(ID, None))
    assert str(error.value) == (
        f"{folder / names[1]}: missing (file 2 of the 2 that model.safetensors.index.json names)"
    )

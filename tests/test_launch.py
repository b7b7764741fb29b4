"""Links that open a notebook on a hub: their addresses, and what is refused."""

import pytest

import launch

GITHUB = {"repository": "https://github.com/rates/book", "branch": "notebooks"}


def links(**given) -> dict[str, str]:
    return dict(launch.links(given, "de/adam.ipynb"))


def test_without_a_repository_there_are_none():
    assert links() == {}
    assert links(binder="https://mybinder.org", jupyterhub="https://hub.example.org", colab=True) == {}
    assert links(**GITHUB) == {}  # and none where nobody says where to run it


@pytest.mark.parametrize(
    ("repository", "spec"),
    [
        ("https://github.com/rates/book", "gh/rates/book/notebooks"),
        ("https://github.com/rates/book.git/", "gh/rates/book/notebooks"),
        ("https://gitlab.com/group/sub/book", "gl/group%2Fsub%2Fbook/notebooks"),
        ("https://git.example.org/rates/book.git", "git/https%3A%2F%2Fgit.example.org%2Frates%2Fbook.git/notebooks"),
    ],
)
def test_binder(repository, spec):
    found = links(repository=repository, branch="notebooks", folder="/built/", binder="https://mybinder.org/")
    assert found == {"Binder": f"https://mybinder.org/v2/{spec}?urlpath=lab%2Ftree%2Fbuilt%2Fde%2Fadam.ipynb"}


def test_nbgitpuller_finds_the_notebook_in_the_folder_that_it_clones_into():
    found = links(
        repository="https://git.example.org/rates/book.git", branch="a/b", jupyterhub="https://hub.example.org/x"
    )
    assert found == {
        "JupyterHub": "https://hub.example.org/x/hub/user-redirect/git-pull"
        "?repo=https%3A%2F%2Fgit.example.org%2Frates%2Fbook.git&urlpath=lab%2Ftree%2Fbook%2Fde%2Fadam.ipynb&branch=a%2Fb"
    }


def test_colab():
    found = links(**GITHUB, colab=True)
    assert found == {"Colab": "https://colab.research.google.com/github/rates/book/blob/notebooks/de/adam.ipynb"}
    assert launch.raw({**GITHUB, "folder": "x"}, "a.whl") == "https://github.com/rates/book/raw/notebooks/x/a.whl"
    assert launch.raw({"repository": "https://gitlab.com/rates/book", "branch": "main"}, "a.whl") == ""


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"binderhub": "https://mybinder.org"}, "there is no binderhub, only repository, branch"),
        ({"repository": "rates/book", "branch": "main"}, "repository is an address such as https://example.org"),
        ({**GITHUB, "jupyterhub": "hub.example.org"}, "jupyterhub is an address"),
        ({"repository": "https://github.com/rates/book"}, "name the branch"),
        (
            {"repository": "https://gitlab.com/rates/book", "branch": "main", "colab": True},
            "Colab opens what is on GitHub",
        ),
    ],
)
def test_what_cannot_lead_anywhere_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        links(**given)

"""Search in Chinese and Korean: every character and every pair of neighbours is a word.

So 批量 is found in 大批量训练 and 학습률 in 학습률을, with no dictionary. Words in Latin letters are
treated as in the English search.
"""

import re
from itertools import pairwise

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

#: Hangul, Chinese characters and their extensions.
CJK = r"\u1100-\u11ff\u3005-\u3007\u3130-\u318f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
_RUN = re.compile(rf"[{CJK}]+|[^\W{CJK}]+")
_IS_CJK = re.compile(f"[{CJK}]")


class _Bigrams(SearchEnglish):
    js_splitter_code = rf"""
var splitQuery = (query) =>
  (query.match(/[{CJK}]+|(?:(?![{CJK}])[\p{{L}}\p{{N}}_])+/gu) || []).flatMap((run) =>
    run.length < 2 || !/[{CJK}]/u.test(run) ? [run] : Array.from(run.slice(1), (second, i) => run[i] + second));
"""

    def split(self, input: str) -> list[str]:
        """The words under which `input` is found."""
        words: list[str] = []
        for run in _RUN.findall(input):
            if _IS_CJK.match(run):
                words += [*run, *map("".join, pairwise(run))]
            else:
                words.append(run)
        return words


class Chinese(_Bigrams):
    """In place of Sphinx's, which needs a dictionary."""

    lang = "zh"
    language_name = "Chinese"


class Korean(_Bigrams):
    """Sphinx has none."""

    lang = "ko"
    language_name = "Korean"


def setup(app: Sphinx) -> None:
    """Called by lrbook."""
    app.add_search_language(Chinese)
    app.add_search_language(Korean)

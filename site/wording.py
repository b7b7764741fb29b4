"""Rules: agreed terms, nothing left in English, and the customs of each language."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from chapter import LANGUAGES, OBJECT
from manuscript import Book, Text, Violation
from terms import occurrences

CJK = "[\u3400-\u9fff]"
FULL_WIDTH = dict(zip(",.:;?!()", "，。：；？！（）"))
QUOTED = re.compile(r"“[^”]*”|„[^“”]*[“”]|\"[^\"]*\"|‘[^’]*’|‚[^‘’]*[‘’]|«[^»]*»|»[^«]*«|「[^」]*」|《[^》]*》")

# What an entry of the term list may hold.
ENTRIES = ("key", *LANGUAGES, "also", "avoid", "match")
# English words that are no German ones.
FUNCTION_WORDS = (
    "about and are because been but by could does for from have how if is it its may of on only should some than "
    "that the their then there these they this those to we were what when where which who why with would you your"
)
# Korean nouns that end like the informal 해요 style.
NOUNS_IN_YO = ("필요", "개요", "수요", "소요", "중요", "주요", "동요")


def term_list_is_whole(book: Book) -> Iterator[Violation]:
    """Each term has a word and a definition in four languages; no word stands for two meanings."""
    owners: dict[tuple[str, str], str] = {}
    for before, term in zip([None, *book.terms], book.terms):
        here = (book.terms_path, term.lines["key"])
        if before and before.key >= term.key:
            yield Violation(*here, f"{term.key} stands after {before.key}", "sort the entries by key, each key once")
        for entry, line in term.lines.items():
            if entry not in ENTRIES:
                mend = f"write one of {', '.join(ENTRIES)}"
                yield Violation(book.terms_path, line, f"{term.key} has an entry `{entry}`, which nothing reads", mend)
        for language in LANGUAGES:
            for what, value in (("term", term.name.get(language)), ("text", term.text.get(language))):
                if not value:
                    yield Violation(*here, f"{term.key} has no {what} in {language}", f"add it under {language}:")
            if not term.text.get(language, ".").endswith((".", "。")):
                wrong = f"the definition of {term.key} in {language} does not end like a sentence"
                yield Violation(book.terms_path, term.lines[language], wrong, "end it with a full stop")
            for word in term.words(language):
                owner = owners.setdefault((language, word.lower()), term.key)
                if owner != term.key:
                    wrong = f"“{word}” is the word for both {owner} and {term.key} in {language}"
                    yield Violation(*here, wrong, "choose another for one of them")
                for avoided in term.avoid.get(language, []):
                    if avoided.lower() in word.lower():
                        wrong = f"“{word}” contains “{avoided}”, which {term.key} avoids in {language}"
                        yield Violation(*here, wrong, "choose one or the other")


def terms_referred_to_exist(book: Book) -> Iterator[Violation]:
    """What {term} refers to is a word or the key of some term, as the glossary has them."""
    for chapter, mark in book.marks("term"):
        known = {name.lower(): name for term in book.terms for name in (*term.words(chapter.language), term.key)}
        if mark.value.lower() not in known:
            near = get_close_matches(mark.value.lower(), known, n=1)
            mend = f"write `{known[near[0]]}`" if near else "correct it"
            wrong = f"“{mark.value}” is no term of {book.terms_path} in {chapter.language}"
            yield Violation(chapter.path, mark.line, wrong, f"{mend}, or add it there")


def terms_are_used(book: Book) -> Iterator[Violation]:
    """Where English uses a term, each translation of the chapter uses the agreed word."""
    names = {term.key: term for term in book.terms}
    for english, translation in book.translations():
        language = translation.language
        used = occurrences(book.terms, language, translation.prose)
        for key, line in occurrences(book.terms, "en", english.prose).items():
            if key not in used:
                term = names[key]
                words = " or ".join(f"“{word}”" for word in term.words(language))
                wrong = f"“{term.name['en']}” of {english.path}:{line} is not rendered as {words}"
                where = translation.line_of_section(english.section_of(line))
                mend = f"use it, or add the variant under also: in {book.terms_path}"
                yield Violation(translation.path, where, wrong, mend)


def avoided_words_are_not_used(book: Book) -> Iterator[Violation]:
    """Known bad translations do not occur."""
    avoided = {
        language: [(term, word) for term in book.terms for word in term.avoid.get(language, [])] for language in LANGUAGES
    }
    # Most texts have none of them, and one search says so.
    any_of = {language: "|".join(re.escape(word) for _, word in pairs) for language, pairs in avoided.items()}
    for text in book.texts(*LANGUAGES):
        if any_of[text.language] and re.search(any_of[text.language], text.prose.text, re.IGNORECASE):
            for term, word in avoided[text.language]:
                mend = f"write “{term.name.get(text.language)}”"
                yield from _found(text, re.escape(word), f"{{}} is a bad word for {term.key}", mend)


def no_english_is_left(book: Book) -> Iterator[Violation]:
    """No English sentence stands in a translation, except in quotation marks or as a link."""
    mend = "translate it, or put a title in quotation marks"
    word = r"[A-Za-z][A-Za-z'’-]*"
    for text in book.texts("zh", "ko"):
        yield from _found(_unquoted(text), rf"{word}(?:\s+{word}){{6,}}", "English is left: {}", mend)
    for text in book.texts("de"):
        three = "|".join(FUNCTION_WORDS.split())
        sentence = rf"[^.!?:]*?(?<![\w-])(?:{three})(?![\w-])"
        yield from _found(_unquoted(text), rf"{sentence}{{3}}[^.!?:]*", "English is left: {}", mend)


def chinese_has_full_width_punctuation(book: Book) -> Iterator[Violation]:
    """Beside a Chinese character, and at the end of a Chinese paragraph, stand ，。：；？！（）."""
    beside = rf"(?<={CJK})\s?[,:;?!()]|[,:;?!()](?=\s?{CJK})|(?<={CJK})\s?\.(?!\w)|(?<=\w|{OBJECT})\.$"
    for text in book.texts("zh"):
        if re.search(CJK, text.prose.text):
            for mark, line in _places(text, beside):
                wrong = f"half-width “{mark.strip()}” in Chinese text"
                yield Violation(text.path, line, wrong, f"write “{FULL_WIDTH[mark.strip()]}”")


def chinese_is_not_broken(book: Book) -> Iterator[Violation]:
    """A line break between Chinese characters becomes a blank on the page."""
    wide = "[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]"
    for text in book.texts("zh"):
        for _, line in _places(text, rf"(?<={wide})\n(?={wide})"):
            wrong = "the line breaks between two Chinese characters, which shows as a blank"
            yield Violation(text.path, line, wrong, "write the paragraph on one line")


def korean_is_formal(book: Book) -> Iterator[Violation]:
    """Sentences of Korean paragraphs end in the 합니다 style, not in 해요 or 한다."""
    for text in book.texts("ko"):
        if text.prose.block == "paragraph":
            for ending, line in _places(_unquoted(text), r"[가-힣]{1,6}[다요](?=[.!?])"):
                if not _is_formal(ending):
                    wrong = f"“{ending}” is not in the 합니다 style"
                    yield Violation(text.path, line, wrong, "write -ㅂ니다 or -습니다")


def _is_formal(ending: str) -> bool:
    if ending.endswith("요"):
        return ending.endswith(NOUNS_IN_YO)
    # Hangul syllables are ordered by first sound, vowel and one of 28 endings, of which ㅂ is number 17.
    return ending.endswith("니다") and len(ending) > 2 and (ord(ending[-3]) - ord("가")) % 28 == 17


def german_does_not_say_du(book: Book) -> Iterator[Violation]:
    """The German reader is not addressed with du."""
    address = r"\b(?:du|dich|dir|dein(?:e[mnrs]?)?)\b"
    for text in book.texts("de"):
        yield from _found(text, address, "{} addresses the reader as “du”", "write man or wir")


def _places(text: Text, pattern: str) -> Iterator[tuple[str, int]]:
    for match in re.finditer(pattern, text.prose.text, re.IGNORECASE):
        yield match[0], text.prose.line_at(match.start())


def _found(text: Text, pattern: str, wrong: str, mend: str) -> Iterator[Violation]:
    for found, line in _places(text, pattern):
        yield Violation(text.path, line, wrong.format(f"“{' '.join(found.split())}”"), mend)


def _unquoted(text: Text) -> Text:
    """The text with what stands in quotation marks blanked out, its lines kept."""
    blank = QUOTED.sub(lambda quoted: OBJECT + "\n" * quoted[0].count("\n"), text.prose.text)
    return text._replace(prose=text.prose._replace(text=blank))


RULES = [
    term_list_is_whole,
    terms_referred_to_exist,
    terms_are_used,
    avoided_words_are_not_used,
    no_english_is_left,
    chinese_has_full_width_punctuation,
    chinese_is_not_broken,
    korean_is_formal,
    german_does_not_say_du,
]

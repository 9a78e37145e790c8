"""Graph's names as words: ``passwordMinimumLength``, ``internetzoneallowscriptlets``."""

import re
from collections.abc import Iterable
from functools import lru_cache

from opsapp.intune.vocabulary import SPELLINGS, WORDS

_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\sA-Za-z0-9_.~-]+")
_LONGEST = max(map(len, WORDS)) + 1
_SHORTEST_PLURAL = 4
_UNKNOWN_START = 2.5
_UNKNOWN_LETTER = 1.0
_SHORT_WORD = {1: 2.2, 2: 1.6, 3: 1.2}  # short words hide in many others
# Written apart in names, but one word to people.
_PHRASES = tuple(
    (re.compile(rf"\b{apart}\b", re.IGNORECASE), together)
    for apart, together in (
        ("internet explorer", "Internet Explorer"),
        ("power point", "PowerPoint"),
        ("one drive", "OneDrive"),
        ("bit locker", "BitLocker"),
        ("smart screen", "SmartScreen"),
        ("face time", "FaceTime"),
        ("time out", "timeout"),
        ("wi fi", "Wi-Fi"),
        ("mac os", "macOS"),
        ("i pad os", "iPadOS"),
        ("i os", "iOS"),
        ("e mail", "email"),
        ("log on", "logon"),
        ("o auth", "OAuth"),
        ("s mime", "S/MIME"),
        ("Microsoft office", "Microsoft Office"),
    )
)
_ABBREVIATION = 4  # letters: a number after it belongs to it, as in SMB1, SHA256, v2


@lru_cache(maxsize=4096)
def separated(text: str) -> tuple[str, ...]:
    """The words of lower-case letters written without spaces; letters it cannot place stay joined.

    The fewest words win, so longer ones are preferred: ``theme`` is not ``the`` and ``me``.
    """
    best: list[tuple[float, int, bool]] = [(0.0, 0, True)]
    for end in range(1, len(text) + 1):
        cost, _, known = best[end - 1]
        letter = cost + _UNKNOWN_LETTER + (_UNKNOWN_START if known else 0.0)
        choice = (letter, end - 1, False)
        for start in range(max(0, end - _LONGEST), end):
            if _is_word(text[start:end]):
                choice = min(
                    choice, (best[start][0] + _SHORT_WORD.get(end - start, 1.0), start, True)
                )
        best.append(choice)
    return tuple(_walk_back(text, best))


def _is_word(text: str) -> bool:
    return text in WORDS or (
        text.endswith("s") and len(text) >= _SHORTEST_PLURAL and text[:-1] in WORDS
    )


def _walk_back(text: str, best: list[tuple[float, int, bool]]) -> list[str]:
    parts: list[str] = []
    end, unknown = len(text), ""
    while end:
        _, start, known = best[end]
        if not known:
            unknown = text[start:end] + unknown
        if known or not start:
            parts += [unknown] if unknown else []
            unknown = ""
            parts += [text[start:end]] if known else []
        end = start
    return parts[::-1]


@lru_cache(maxsize=8192)
def readable(name: str) -> str:
    """A property name or an enum member as a phrase in sentence case: capitals begin words."""
    return _phrase(hump.lower() for hump in _HUMPS.findall(name))


@lru_cache(maxsize=8192)
def readable_id(name: str) -> str:
    """The same for (a part of) the id of a setting, where words also run together."""
    return _phrase(word for hump in _HUMPS.findall(name) for word in separated(hump.lower()))


def _phrase(words: Iterable[str]) -> str:
    spelt: list[str] = []
    for word in words:
        if word.isdigit() and spelt and len(spelt[-1]) <= _ABBREVIATION:
            spelt[-1] += word
        else:
            spelt.append(SPELLINGS.get(word, word))
    phrase = " ".join(spelt)
    for apart, together in _PHRASES:
        phrase = apart.sub(together, phrase)
    first = phrase.partition(" ")[0]
    return phrase if first.lower() != first else phrase[:1].upper() + phrase[1:]

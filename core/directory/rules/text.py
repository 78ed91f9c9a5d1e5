"""Folding and light stemming of French and English words, so that accents, plurals and endings never matter."""

import re
import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "Œ": "oe", "Æ": "ae", "’": "'", "ʼ": "'"})
_WORD = re.compile(r"[a-z0-9]+")
# Elided articles and the small words that say nothing about a need. « sans » and « pas » are kept out too: matching is
# by presence, and a search never understands a negation.
_SMALL_WORDS = (
    "a ai au aux avec ce ces cet cette d dans de des du elle en est et il ils j je l la le les leur lui m ma mais me "
    "mes mon n ne nos notre nous on ou par pas pour qu que qui s sa sans se ses son sont sur t ta te tu un une vers "
    "vos votre vous y the of for and in to my i me near at is need besoin cherche veux voudrais aide help"
)
STOP_WORDS = frozenset(_SMALL_WORDS.split())


def fold(text: str) -> str:
    """Lower case without accents or ligatures: `Cœur d’Éva` becomes `coeur d'eva`."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES).casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def words(text: str) -> list[str]:
    """Folded words in order, small words left out."""
    return [word for word in _WORD.findall(fold(text)) if word not in STOP_WORDS]


def sort_key(text: str) -> str:
    """Order of a French list on any engine: folded, punctuation as spaces."""
    return " ".join(_WORD.findall(fold(text)))


def stem(word: str) -> str:
    """A light stem of a folded word: plural, feminine and silent endings. `joliettes`, `joliette`, `joliet` are one."""
    if len(word) <= 3 or word.isdigit():
        return word
    if word.endswith("aux") and len(word) > 4:
        word = word[:-1] if word.endswith("eaux") else word[:-2] + "l"
    elif word[-1] in "sxz":
        word = word[:-1]
    while len(word) > 4 and word[-1] == "e":
        word = word[:-1]
    if len(word) > 4 and word[-1] == word[-2] and word[-1] in "lnttsr":
        word = word[:-1]
    return word


def stems(text: str) -> list[str]:
    """Stems of the words of a text, in order."""
    return [stem(word) for word in words(text)]

"""A citation as a sentence in French or English, after ISO 690: who, what, when, where it stood, where it is kept, when it was read."""

from __future__ import annotations

from rabat_crawler.citations.citation import Citation
from rabat_crawler.date_text import in_words

ENDS = ".?!…"
NO_BREAK = "\u00a0"
WORDS = {
    "en": {
        "quote": "“{}”",
        "translated": "Translation: {}",
        "undated": "n.d.",
        "url": "{}",
        "archived": "Archived {} at {}",
        "archived_on": "Archived {}",
        "kept": "Archived at {}",
        "accessed": "Accessed {}",
        "item": "Archive item {}",
    },
    "fr": {
        "quote": f"«{NO_BREAK}{{}}{NO_BREAK}»",
        "translated": f"Traduction{NO_BREAK}: {{}}",
        "undated": "s. d.",
        "url": f"Disponible à l’adresse{NO_BREAK}: {{}}",
        "archived": f"Archivé le {{}}{NO_BREAK}: {{}}",
        "archived_on": "Archivé le {}",
        "kept": f"Archivé à l’adresse{NO_BREAK}: {{}}",
        "accessed": "Consulté le {}",
        "item": "Notice {}",
    },
}


def sentence(cited: Citation, language: str = "en") -> str:
    """The citation in one line; `language` is that of the citing text, `fr` or `en` (for any other)."""
    language = language if language in WORDS else "en"
    words = WORDS[language]
    parts = [
        cited.organisation,
        words["quote"].format(cited.title),
        words["translated"].format(words["quote"].format(cited.translated_title)) if cited.translated_title else "",
        in_words(cited.published, language) or words["undated"],
        words["url"].format(cited.url) if cited.url else "",
        _archived(cited, words, language),
        words["accessed"].format(in_words(cited.accessed.isoformat(), language)) if cited.accessed else "",
        words["item"].format(cited.item_id) + (f", {cited.permanent_url}" if cited.permanent_url else ""),
    ]
    return " ".join(_ended(part) for part in parts if part)


def _archived(cited: Citation, words: dict[str, str], language: str) -> str:
    when = in_words(cited.archived_at.date().isoformat(), language) if cited.archived_at else ""
    if not cited.archived_url:
        return words["archived_on"].format(when) if when else ""
    return words["archived"].format(when, cited.archived_url) if when else words["kept"].format(cited.archived_url)


def _ended(part: str) -> str:
    """With a full stop, unless it ends with a mark of its own, within the closing quotation mark or not."""
    bare = part.rstrip("”»" + NO_BREAK)
    return part if bare.endswith(tuple(ENDS)) else part + "."

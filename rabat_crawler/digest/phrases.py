"""The sentences that every form of a newsletter shows alike: heading, numbers, what is known of the site, an item's particulars, what changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from rabat_crawler.charts.words import WEEKDAYS
from rabat_crawler.date_text import in_words, parts_of, span_in_words
from rabat_crawler.digest.values import CODES, Coming, Condition, Digest, Entry, Field, Twin
from rabat_crawler.digest.words import Language, clean, day_in_words, known, listed, said
from rabat_crawler.health_page import moment_of
from rabat_crawler.wording import Piece, word_diff

TITLE = 300
SHORT = 200
WORDED = ("title", "summary")
"""Fields shown as a word diff; of the others the old and the new value are shown."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that changed: its label and, if there are any, pieces of a word diff; else a sentence, or an old and a new value."""

    label: str
    pieces: tuple[Piece, ...] = ()
    sentence: str = ""
    old: str = ""
    new: str = ""


def heading(digest: Digest) -> str:
    """The name of the newsletter's page."""
    return said("title", digest.language)


def period(digest: Digest) -> str:
    """The days covered, in words."""
    if not digest.since:
        return said("until", digest.language, day=day_in_words(digest.moment, digest.language))
    return span_in_words(digest.since[:10], digest.moment[:10], digest.language)


def numbers(digest: Digest) -> list[str]:
    """How many items are new, changed ... and how many meetings come up; nothing of what there is none."""
    return [said(f"count.{code}", digest.language, count=count) for code in (*CODES, "coming") if (count := digest.totals.get(code, 0))]


def moment(digest: Digest) -> str:
    """The archive's moment in words."""
    when = moment_of(digest.moment)
    day = day_in_words(digest.moment, digest.language)
    return said("at", digest.language, day=day, hour=f"{when:%H}", minute=f"{when:%M}") if when else day


def subject(digest: Digest) -> str:
    """One line for a mail: the first piece of news and how many more; "nothing new" only if that is known."""
    language, site = digest.language, digest.site
    first = next((entry for code in CODES for entry in digest.entries.get(code, ())), None)
    if first is not None:
        title = clean(first.title, first.language, 90)
        if digest.news == 1:
            return said("subject.alone", language, site=site, title=title)
        return said("subject.more", language, site=site, title=title, count=digest.news - 1)
    return said("subject.no_news" if is_quiet(digest) else "subject.unknown", language, site=site)


def is_quiet(digest: Digest) -> bool:
    """The site was read, and there is no news: not the same as not knowing."""
    return not digest.news and digest.condition.sound and digest.condition.crawls > 0


def troubles(digest: Digest) -> list[str]:
    """What makes this newsletter incomplete or doubtful, in sentences; none if the last crawl went through and nothing is held back."""
    language, found = digest.language, digest.condition
    sentences = [] if found.sound else list(_unsound(found, language))
    if found.running:
        sentences.append(said("running", language))
    if found.sound and not found.crawls and not digest.news:
        sentences.append(said("no_crawl", language))
    if found.held and not (found.state == "breached" and found.held == (found.last,)):
        sentences.append(said("held.one" if len(found.held) == 1 else "held", language, days=listed(found.held, language)))
    return sentences


def _unsound(found: Condition, language: Language) -> Iterator[str]:
    last = day_in_words(found.last, language)
    if found.state == "breached":
        code = next(iter(found.breaches), "other")
        reason = said(f"reason.{code}" if known(f"reason.{code}") else "reason.other", language)
        yield said("state.breached" if found.last in found.held else "state.doubted", language, last=last, reason=reason)
    elif found.cause == "done with failures":
        yield said("state.failures", language, last=last, count=max(1, found.failed))
    elif found.cause == "put off" and found.state == "failing":
        yield said("state.put_off", language, last=last)
    else:
        yield said(f"state.{found.state}" if known(f"state.{found.state}") else "state.failing", language, last=last)
    if found.state != "no_runs" and found.cause != "done with failures" and found.last != found.success:
        yield said("since_success", language, success=day_in_words(found.success, language)) if found.success else said("no_success", language)


def remarks(digest: Digest) -> list[str]:
    """What is worth knowing besides: that there is no news, readings that failed meanwhile, what was accepted late or came in from elsewhere."""
    language, found = digest.language, digest.condition
    sentences = [said("no_news", language)] if is_quiet(digest) else []
    if found.sound:
        sentences.append(said("state.healthy", language, last=day_in_words(found.last, language)))
    if found.unsuccessful and found.crawls > 1:
        sentences.append(said("unsuccessful", language, count=found.unsuccessful, all=found.crawls))
    if digest.late:
        sentences.append(said("late", language, days=", ".join(day_in_words(day, language) for day in digest.late)))
    if digest.brought:
        sentences.append(said("brought", language, count=digest.brought))
    if digest.cut:
        sentences.append(said("cut", language))
    return sentences


# An item -----------------------------------------------------------------------------------------------------------------------


def title_of(entry: Entry | Coming | Twin) -> str:
    """The title in one clean line; never empty."""
    return clean(entry.title, entry.language, TITLE) or "…"


def kind_in_words(kind: str | None, language: Language) -> str:
    """What sort of item it is."""
    return said(f"kind.{kind}", language) if known(f"kind.{kind}") else clean(kind or "", None, 40)


def language_in_words(code: str | None, language: Language) -> str:
    """In which language something is, in the reader's words."""
    if not code:
        return said("in.unknown", language)
    return said(f"in.{code}", language) if code in ("en", "fr", "mixed") else said("in.other", language, code=clean(code, None, 20))


def particulars(entry: Entry, language: Language, section: str) -> list[str]:
    """Kind, day of publication, days of the event, the language if it is not the reader's, whether it is gone if the section does not say so."""
    published = in_words(entry.published, language) or said("undated", language)
    days = span_in_words(entry.event_start, entry.event_end, language)
    if entry.kind == "event" and days:
        found = [said("held_on", language, days=days)]
        found[0] = found[0][:1].upper() + found[0][1:]
        if entry.published:
            found.append(said("published" if len(entry.published) == 10 else "published.in", language, day=published))
    else:
        found = [kind_in_words(entry.kind, language), published]
        found += [said("held_on", language, days=days)] if days else []
    if entry.language != language:
        found.append(language_in_words(entry.language, language))
    if entry.gone and section != "gone":
        found.append(said("gone_since", language))
    return [one for one in found if one]


def twin_label(entry: Entry, language: Language) -> str:
    """What stands before the title of the translation: that it is there as well, or that this item translates it and it was there before."""
    assert entry.twin is not None
    if entry.twin.fresh or entry.language == language:
        return said("also", language, how=language_in_words(entry.twin.language, language))
    return said("translates", language)


def days_of(coming: Coming, language: Language) -> str:
    """The days of a meeting; of a single day with its name."""
    words = span_in_words(coming.start, coming.end, language)
    parts = parts_of(coming.start)
    if len(parts) == 3 and coming.end in (None, coming.start):
        weekday = WEEKDAYS[language][date(*parts).weekday()]
        return f"{weekday} {words}"
    return words


def marks_of(coming: Coming, language: Language) -> list[str]:
    """Place, type and form of a meeting, its language if it is not the reader's, whether it is under way."""
    found = [clean(one, language, SHORT) for one in (coming.where, coming.meeting_type, coming.form) if one]
    if coming.language != language:
        found.append(language_in_words(coming.language, language))
    if coming.under_way:
        found.append(said("under_way", language))
    if coming.gone:
        found.append(said("gone_since", language))
    return found


# What changed ------------------------------------------------------------------------------------------------------------------


def changes_of(entry: Entry, language: Language) -> list[Row]:
    """What changed in an item, a row for each field, those of the text last."""
    if entry.put_back:
        return [Row("", sentence=said("put_back", language))]
    rows = [row for one in entry.fields if (row := _field_row(one, language))]
    days = {one.name: one for one in entry.fields if one.name in ("event_start", "event_end")}
    if days:
        rows.append(_days_row(entry, days, language))
    label = said("field.text", language)
    if entry.text in ("spacing", "long", "lost", "same"):
        rows.append(Row(label, sentence=said(f"text.{entry.text}", language)))
    return rows + [Row(label if number == 0 else "", pieces=place) for number, place in enumerate(entry.places)]


def _field_row(one: Field, language: Language) -> Row | None:
    if one.name in ("event_start", "event_end", "canonical_url") or (one.name == "summary" and not (one.old and one.new)):
        return None
    label = said(f"field.{one.name}", language) if known(f"field.{one.name}") else clean(one.name, None, 40)
    if one.name in WORDED and one.old and one.new:
        return Row(label, pieces=tuple(word_diff(one.old[:TITLE], one.new[:TITLE])))
    return Row(label, old=_value(one.name, one.old, language), new=_value(one.name, one.new, language))


def _value(name: str, value: str | None, language: Language) -> str:
    if not value:
        return said("nothing", language)
    if name == "published":
        return in_words(value, language) or clean(value, None, 40)
    if name == "kind":
        return kind_in_words(value, language)
    if name == "language":
        return language_in_words(value, language)
    return clean(value, None, SHORT)


def _days_row(entry: Entry, days: dict[str, Field], language: Language) -> Row:
    """The days of the event before and after; a day that did not change is the entry's own."""

    def of(when: str) -> str:
        start = getattr(days["event_start"], when) if "event_start" in days else entry.event_start
        end = getattr(days["event_end"], when) if "event_end" in days else entry.event_end
        return span_in_words(start, end, language) or said("nothing", language)

    return Row(said("field.days", language), old=of("old"), new=of("new"))

"""Ready queries for whoever reads the database with Datasette or another SQL tool: each with a title and what it answers, in both languages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyQuery:
    """One SELECT with its titles and descriptions; `parameters` are the names that a reader fills in."""

    name: str
    title: str
    titre: str
    description: str
    explication: str
    sql: str
    parameters: tuple[str, ...] = ()


READY = (
    ReadyQuery(
        name="items_per_month",
        title="Items per month",
        titre="Notices par mois",
        description="How many items were published in each month, by language.",
        explication="Combien de notices ont été publiées chaque mois, selon la langue.",
        sql="""SELECT substr(published, 1, 7) AS month, count(*) AS items, sum(language = 'fr') AS french, sum(language = 'en') AS english,
  sum(coalesce(language, '') NOT IN ('fr', 'en')) AS other
FROM items WHERE length(published) >= 7 GROUP BY month ORDER BY month DESC""",
    ),
    ReadyQuery(
        name="without_translation",
        title="Items without a translation",
        titre="Notices sans traduction",
        description="Items of which no translation is known, the newest first.",
        explication="Notices dont aucune traduction n’est connue, les plus récentes d’abord.",
        sql="""SELECT i.item_id, i.language, i.kind, i.published, i.title, i.canonical_url FROM items i
WHERE NOT EXISTS (SELECT 1 FROM translations t WHERE t.item_id = i.item_id) ORDER BY i.published DESC, i.item_id""",
    ),
    ReadyQuery(
        name="changed_items",
        title="Items whose text changed",
        titre="Notices dont le texte a changé",
        description="Items with more than one version: how many, and when the latest was first seen.",
        explication="Notices ayant plus d’une version : combien, et quand la dernière a été vue pour la première fois.",
        sql="""SELECT i.item_id, i.title, i.language, count(*) AS versions, min(v.first_seen) AS first_version, max(v.first_seen) AS latest_version
FROM versions v JOIN items i ON i.item_id = v.item_id WHERE v.complete GROUP BY i.item_id HAVING count(*) > 1 ORDER BY latest_version DESC""",
    ),
    ReadyQuery(
        name="gone_items",
        title="Items gone from the site",
        titre="Notices disparues du site",
        description="Items that the site does not show any more, with the last time that it did.",
        explication="Notices que le site ne montre plus, avec la dernière date à laquelle elles y figuraient.",
        sql="SELECT item_id, language, kind, published, title, last_seen, canonical_url FROM items WHERE gone ORDER BY last_seen DESC, item_id",
    ),
    ReadyQuery(
        name="documents_by_year",
        title="Documents by year",
        titre="Documents par année",
        description="PDF, Word and PowerPoint files by the year of their own date, with their pages.",
        explication="Fichiers PDF, Word et PowerPoint selon l’année de leur propre date, avec leurs pages.",
        sql="""SELECT coalesce(substr(dated, 1, 4), 'undated') AS year, count(*) AS documents, sum(pages) AS pages, sum(language = 'fr') AS french,
  sum(language = 'en') AS english FROM documents WHERE current GROUP BY year ORDER BY year DESC""",
    ),
    ReadyQuery(
        name="documents_not_read",
        title="Documents that could not be read",
        titre="Documents qui n’ont pas pu être lus",
        description="Scanned, encrypted, damaged or too large files, with what was met.",
        explication="Fichiers numérisés, chiffrés, endommagés ou trop grands, avec ce qui a été rencontré.",
        sql="SELECT document_id, url, media_type, pages, problems, last_seen FROM documents WHERE current AND problems != '[]' ORDER BY url",
    ),
    ReadyQuery(
        name="all_runs",
        title="Runs",
        titre="Collectes",
        description="Each crawl or import: how it ended, what it asked, what was new or changed.",
        explication="Chaque collecte ou importation : comment elle s’est terminée, ce qu’elle a demandé, ce qui était nouveau ou changé.",
        sql="""SELECT run_id, spider, started_at, finished_at, status, json_extract(counts, '$.asked') AS asked, json_extract(counts, '$.pages') AS pages,
  json_extract(counts, '$.items_total') AS items, json_extract(counts, '$.change_counts.new') AS new,
  json_extract(counts, '$.change_counts.changed') AS changed, json_extract(counts, '$.change_counts.gone') AS gone,
  json_extract(counts, '$.failed') AS failed FROM runs ORDER BY started_at DESC""",
    ),
    ReadyQuery(
        name="dates_refused",
        title="Dates that were not taken",
        titre="Dates qui n’ont pas été retenues",
        description="Every date read but not taken, by the reason, with the words as the page writes them.",
        explication="Chaque date lue mais non retenue, selon la raison, avec les mots de la page.",
        sql="""SELECT d.refused, d.role, d.value, d.end, d.raw, d.source, d.rule, i.item_id, i.title FROM dates d JOIN items i ON i.item_id = d.item_id
WHERE d.refused != '' ORDER BY d.refused, d.value DESC, i.item_id""",
    ),
    ReadyQuery(
        name="countries_by_year",
        title="Countries by year",
        titre="Pays par année",
        description="How many items name each country (ISO 3166-1), by year of publication.",
        explication="Combien de notices nomment chaque pays (ISO 3166-1), par année de publication.",
        sql="""SELECT substr(i.published, 1, 4) AS year, m.code AS country, count(*) AS items, sum(m.count) AS times
FROM mentions m JOIN items i ON i.item_id = m.item_id WHERE m.kind = 'country' AND i.published IS NOT NULL
GROUP BY year, country ORDER BY year DESC, items DESC, country""",
    ),
    ReadyQuery(
        name="name_by_year",
        title="A name by year",
        titre="Un nom par année",
        description="How many items name a country (SN), an organisation (IOM), a theme or a town (dakar), by year and language. Fill in its code.",
        explication="Combien de notices nomment un pays (SN), une organisation (IOM), un thème ou une ville (dakar), par année et langue. Indiquez son code.",
        sql="""SELECT substr(i.published, 1, 4) AS year, i.language, m.kind, count(*) AS items, sum(m.count) AS times
FROM mentions m JOIN items i ON i.item_id = m.item_id WHERE m.code = :code AND i.published IS NOT NULL GROUP BY year, i.language, m.kind
ORDER BY year DESC, i.language""",
        parameters=("code",),
    ),
    ReadyQuery(
        name="meetings_by_year",
        title="Meetings by year and type",
        titre="Rencontres par année et par type",
        description="Items that tell of a meeting, by its year, type and form. One meeting may be told of by several items.",
        explication="Notices relatant une rencontre, selon son année, son type et sa forme. Plusieurs notices peuvent relater une même rencontre.",
        sql="""SELECT substr(start, 1, 4) AS year, coalesce(nullif(meeting_type, ''), 'not said') AS meeting_type,
  coalesce(nullif(format, ''), 'not said') AS format, count(*) AS items FROM events WHERE start IS NOT NULL
GROUP BY 1, 2, 3 ORDER BY year DESC, items DESC""",
    ),
    ReadyQuery(
        name="translations_found",
        title="Translations found by content",
        titre="Traductions trouvées par le contenu",
        description="Pairs that no page declares, found by what both items say; the least sure first.",
        explication="Paires qu’aucune page ne déclare, trouvées par ce que disent les deux notices ; les moins sûres d’abord.",
        sql="""SELECT round(t.score, 3) AS score, a.item_id, a.title, b.item_id AS other_id, b.title AS other_title, t.reason, t.differs
FROM translations t JOIN items a ON a.item_id = t.item_id JOIN items b ON b.item_id = t.other_id
WHERE t.evidence = 'content' AND a.item_id < b.item_id ORDER BY t.score, a.item_id""",
    ),
    ReadyQuery(
        name="announcements_and_outcomes",
        title="Announcements and outcomes",
        titre="Annonces et comptes rendus",
        description="Meetings that one item announces and another reports.",
        explication="Rencontres qu’une notice annonce et dont une autre rend compte.",
        sql="""SELECT a.event_start, a.item_id AS announcement, a.title, b.item_id AS outcome, b.title AS outcome_title, round(r.score, 3) AS score, r.reason
FROM relations r JOIN items a ON a.item_id = r.item_id JOIN items b ON b.item_id = r.other_id WHERE r.relation = 'announcement of'
ORDER BY a.event_start DESC, a.item_id""",
    ),
    ReadyQuery(
        name="captures_not_the_page",
        title="Captures that are not the page",
        titre="Captures qui ne sont pas la page",
        description="Checks for robots, errors, parked domains and the like, with what was seen.",
        explication="Contrôles anti-robots, erreurs, domaines à vendre et autres, avec ce qui a été vu.",
        sql="""SELECT captured_at, url, status, role, round(badness, 2) AS badness, problems, source, record_id FROM captures WHERE badness >= 0.5
ORDER BY captured_at DESC, url""",
    ),
    ReadyQuery(
        name="captures_by_day",
        title="Captures by day",
        titre="Captures par jour",
        description="How many answers were recorded on each day, by source, and how many bytes they take.",
        explication="Combien de réponses ont été enregistrées chaque jour, selon la source, et combien d’octets elles occupent.",
        sql="""SELECT substr(captured_at, 1, 10) AS day, source, count(*) AS captures, sum(status = 200) AS ok, sum(status IN (404, 410)) AS gone,
  sum(length) AS bytes FROM captures GROUP BY day, source ORDER BY day DESC, source""",
    ),
    ReadyQuery(
        name="undated_items",
        title="Items without a date of publication",
        titre="Notices sans date de publication",
        description="Nothing on any page says when they were published.",
        explication="Rien, sur aucune page, ne dit quand elles ont été publiées.",
        sql="""SELECT item_id, language, kind, title, event_start, section, canonical_url FROM items WHERE published IS NULL
ORDER BY kind, title""",
    ),
)

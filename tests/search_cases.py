"""Items of our own writing in both languages, and what searches over them must and must not find. `must_not` "*" is every other item."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """One item of the small archive."""

    name: str
    language: str
    title: str
    text: str
    date: str = "2018-03-01"


ITEMS = (
    Piece(
        "refugies",
        "fr",
        "Accueil des réfugiés au Niger",
        "Les réfugiés ont été accueillis dans des familles. Une procédure simple a été convenue.",
        "2018-05-14",
    ),
    Piece("refugiee", "fr", "Une réfugiée raconte", "Elle a demandé l’asile en arrivant ; la demande fut déposée le jour même.", "2019-02-03"),
    Piece("refuge", "fr", "Un refuge en montagne", "Le refuge ouvre en été pour les marcheurs.", "2017-08-01"),
    Piece("refugees", "en", "Refugees welcomed in Niger", "Refugees were welcomed by families. A simple procedure was agreed.", "2018-05-14"),
    Piece(
        "asylum", "en", "Asylum seekers and protection", "An asylum seeker, or a refugee, applies at the border; protection follows.", "2016-06-20"
    ),
    Piece("oeuvre", "fr", "La main d’œuvre saisonnière", "Au cœur du débat : l’emploi saisonnier et la sœur Marie.", "2015-01-10"),
    Piece("labour", "en", "Seasonal labour", "The curriculum vitæ of seasonal workers, and naïve hopes.", "2015-01-10"),
    Piece("ivoire", "fr", "Mission en Côte d’Ivoire", "La délégation s’est rendue à Abidjan.", "2016-11-02"),
    Piece("ivory", "en", "Mission to Ivory Coast", "The delegation travelled to Abidjan.", "2016-11-02"),
    Piece("capvert", "fr", "Atelier au Cap-Vert", "L’atelier a réuni trente personnes à Praia.", "2017-03-09"),
    Piece("cabo", "en", "Workshop in Cabo Verde", "Thirty people met in Praia.", "2017-03-09"),
    Piece("oim", "fr", "L’OIM ouvre un bureau", "L’Organisation internationale pour les migrations ouvre un bureau à Dakar.", "2014-04-04"),
    Piece("iom", "en", "IOM opens an office", "The International Organization for Migration opens an office in Dakar.", "2014-04-04"),
    Piece("hcr", "fr", "Le HCR publie ses chiffres", "Les chiffres du HCR sont disponibles.", "2010-01-15"),
    Piece("unhcr", "en", "UNHCR publishes its figures", "The figures of UNHCR are available.", "2010-01-15"),
    Piece("codev", "fr", "Le co-développement en pratique", "Un projet de codéveloppement porté par la diaspora.", "2012-09-09"),
    Piece("codeven", "en", "Co-development in practice", "A project carried by the diaspora; follow-up is planned.", "2012-09-09"),
    Piece("traite", "fr", "Lutte contre la traite des êtres humains", "La lutte contre la traite et le trafic de migrants.", "2013-10-18"),
    Piece("trafficking", "en", "Fighting trafficking in human beings", "The fight against trafficking and smuggling of migrants.", "2013-10-18"),
    Piece(
        "retour",
        "fr",
        "Retours volontaires et réintégration",
        "Les personnes retournées ont été réintégrées ; retourner n’est pas échouer.",
        "2009-07-07",
    ),
    Piece("return", "en", "Voluntary returns and reintegration", "Returned persons were reintegrated; returning is no failure.", "2009-07-07"),
    Piece("comite", "fr", "Comité de pilotage", "Le comité de pilotage s’est réuni à Rabat. Les pays africains étaient représentés.", "2018-12-12"),
    Piece("capitals", "fr", "REFUGIES ET DEPLACES", "LES REFUGIES ET LES DEPLACES DU SAHEL.", "2011-05-05"),
    Piece("evenement", "fr", "Événement parallèle", "L’événement européen était ouvert à toutes les femmes élues.", "2008-02-02"),
    Piece("even", "en", "Even numbers", "Even so, the numbers are even.", "2008-02-02"),
    Piece("mobilite", "fr", "Mobilité et visas", "La mobilité des étudiants ; un visa est délivré, des visas sont refusés.", "2007-09-19"),
    Piece("frontieres", "fr", "Gestion des frontières", "La coopération frontalière à la frontière nord.", "2018-01-31"),
)

CASES: tuple[tuple[str, str, str], ...] = (
    # accents, with and without
    ("réfugiés", "refugies refugiee capitals", "refuge refugees"),
    ("refugies", "refugies refugiee capitals", "refuge refugees"),
    ("REFUGIES", "refugies refugiee capitals", "refuge"),
    ("refugie", "refugies refugiee", "refuge refugees"),
    ("refugiée", "refugies refugiee", "refuge"),
    ("refugiees", "refugies refugiee", "refuge"),
    ("Re\u0301fugie\u0301s", "refugies refugiee", "refuge"),
    ("refuge", "refuge", "refugees asylum"),
    ("refuges", "refuge", "refugees"),
    ("deplacees", "capitals", "refugies"),
    ("comite", "comite", "*"),
    ("Comités", "comite", "*"),
    ("mobilite", "mobilite", "*"),
    ("naive", "labour", "*"),
    # ligatures
    ("oeuvre", "oeuvre", "*"),
    ("œuvres", "oeuvre", "*"),
    ("coeur", "oeuvre", "*"),
    ("CŒURS", "oeuvre", "*"),
    ("soeurs", "oeuvre", "*"),
    ("vitae", "labour", "*"),
    ("vitæ", "labour", "*"),
    # elision with both apostrophes
    ("l'asile", "refugiee", "asylum"),
    ("l’asile", "refugiee", "asylum"),
    ("asile", "refugiee", "asylum"),
    ("d'asile", "refugiee", "asylum"),
    ("l'OIM", "oim iom", "*"),
    ("l’événement", "evenement", "even"),
    ("main d'oeuvre", "oeuvre", "*"),
    ("Niger's families", "refugees", "refugies"),
    # plural, feminine, verb forms
    ("refugee", "refugees asylum", "refuge refugies"),
    ("refugees", "refugees asylum", "refuge"),
    ("families", "refugees", "*"),
    ("family", "refugees", "*"),
    ("famille", "refugies", "*"),
    ("accueillir", "refugies", "refugees"),
    ("accueillies", "refugies", "refugees"),
    ("welcoming", "refugees", "*"),
    ("retourner", "retour", "return"),
    ("retournée", "retour", "return"),
    ("réintégrer", "retour", "return"),
    ("reintegrees", "retour", "*"),
    ("reintegrate", "return", "retour"),
    ("returning", "return", "retour"),
    ("africaine", "comite", "*"),
    ("européennes", "evenement", "*"),
    ("frontiere", "frontieres", "*"),
    ("frontieres", "frontieres", "*"),
    ("visa", "mobilite", "*"),
    ("élue", "evenement", "*"),
    ("seeker", "asylum", "*"),
    ("borders", "asylum", "frontieres"),
    ("lutter", "traite", "trafficking"),
    ("événements", "evenement", "even"),
    ("evenement", "evenement", "even"),
    ("even", "even", "evenement"),
    # hyphens
    ("co-développement", "codev", "capvert"),
    ("codeveloppement", "codev", "capvert"),
    ("co-development", "codeven", "*"),
    ("codevelopment", "codeven", "*"),
    ("follow-up", "codeven", "*"),
    ("follow up", "codeven", "*"),
    ("cap-vert", "capvert cabo", "*"),
    ("cap vert", "capvert cabo", "*"),
    # acronyms and names in both languages
    ("OIM", "oim iom", "*"),
    ("iom", "oim iom", "*"),
    ("Organisation internationale pour les migrations", "oim iom", "*"),
    ("International Organization for Migration", "oim iom", "*"),
    ("HCR", "hcr unhcr", "*"),
    ("unhcr", "hcr unhcr", "*"),
    ("WHO", "", "refugees asylum"),
    # countries in their spellings
    ("Côte d'Ivoire", "ivoire ivory", "*"),
    ("cote d’ivoire", "ivoire ivory", "*"),
    ("Ivory Coast", "ivoire ivory", "*"),
    ("Cabo Verde", "capvert cabo", "*"),
    ("country:CI", "ivoire ivory", "*"),
    ("pays:Niger", "refugies refugees", "*"),
    ('country:"Cape Verde"', "capvert cabo", "*"),
    # phrases, groups, exclusions, beginnings, nearness
    ('"comité de pilotage"', "comite", "*"),
    ('"pilotage comité"', "", "*"),
    ("« traite des êtres humains »", "traite", "*"),
    ('"human beings"', "trafficking", "*"),
    ("traite OR trafficking", "traite trafficking", "*"),
    ("traite OU trafficking", "traite trafficking", "*"),
    ("migrants NOT smuggling", "traite", "*"),
    ("migrants -trafic", "trafficking", "*"),
    ("migrants SAUF (trafic OR smuggling)", "", "*"),
    ("(traite OR retours) AND réintégration", "retour", "*"),
    ("réfug*", "refugies refugiee refuge refugees capitals asylum", "*"),
    ("traffick*", "trafficking", "*"),
    ("delegation NEAR/4 abidjan", "ivoire ivory", "*"),
    ("NEAR(delegation abidjan, 4)", "ivoire ivory", "*"),
    ("NEAR(office migration, 0)", "", "*"),
    # fields
    ("title:retours", "retour", "*"),
    ("titre:refugies", "refugies refugiee capitals", "refugees"),
    ("title:procedure", "", "*"),
    ("procedure lang:fr", "refugies", "*"),
    ("procedure langue:en", "refugees", "*"),
    ("delegation since:2016-11-02 until:2016-11", "ivoire ivory", "*"),
    ("delegation until:2016-11-01", "", "*"),
    ("year:2018 lang:fr", "refugies comite frontieres", "*"),
    ("since:2009-07 until:2009-07-07", "retour return", "*"),
    ("country:CI OR country:CV", "ivoire ivory capvert cabo", "*"),
    ("NOT lang:en until:2008-02 since:2008", "evenement", "*"),
    # questions as people type them
    ("accord entre les familles et le Niger", "", "*"),
    ("lutte contre la traite des êtres humains", "traite", "*"),
    ("the fight against smuggling", "trafficking", "*"),
    ("Dakar bureau", "oim", "*"),
)

HOSTILE = (
    '"', '""', '"""', "'", "''", "*", "**", "a*", "ab*", "*abc", "-", "--", "-*", '-"', "+", "+-+", "(", ")", "((", "))", "()", ")(", "(()", "((((((((((", "AND", "OR", "NOT",
    "NEAR", "NEAR/", "NEAR/9", "NEAR(", "NEAR()", "NEAR(a", "NEAR(a, b, c)", "NEAR(a b, 99999)", "NEAR(a b, -1)", "NEAR((a b))", "AND AND", "OR OR", "NOT NOT a",
    "a AND", "a OR", "a NOT", "AND a", "OR a", "a AND OR b", "a NOT NOT b", "a NOT +b", "NOT + +", "NOT (NOT (NOT a))", "(a OR", "a OR )", "title:", "title:title:", "title:(", 'title:"', "title:*",
    ":a", "a:", "a:b", "::", "text:a", "rowid:1", "items_fts:a", "{title} : a", "{title text} : a", "- {title} : a", "^a", "^ a + b", "a + b", '"a" + "b"', "a^2", "lang:", "lang:\"",
    "lang:'", "lang:x' OR 1=1 --", "kind:", "site:%", "site:' --", "codes:all", "stems_fr:a", "country:", "since:", "a' OR '1'='1", "'; DROP TABLE items; --",
    "1; SELECT * FROM items", "/* */", "--", "#", "%", "_", "\\", "\\\\", "\\'", "\x00", "a\x00b", "\x01\x02\x03", "\x1b[31m", "\ud800", "\udcff", "\ufeff", "\u200b", "\u202e", "\u2028",
    "é" * 400, "ﬀ", "ß", "İ", "ı", "Σ", "ς", "ẞ", "𝕳𝖊", "😀", "👩‍👩‍👧", "日本語", "ไทย", "עברית", "العربية", "a\u0301" * 50, "\u0301", "œ" * 9, "æœ" * 8, "co-co-co-co-co", "-" * 400, "a-" * 200,
    "l'l'l'l'", "'a'", "’’’", "d'd'", "l'", "qu'", "\"a' b\"", "« a", "a »", "“a”", "„a“", "a,b;c.d", "a/b", "a\\b", "a|b", "a||b", "a && b", "&&", "||", "<b>a</b>", "<script>alert(1)</script>",
    "http://example.org/a?b=c&d", "javascript:alert(1)", "mailto:a@b.example", "C:\\a", "../../etc/passwd", "{{7*7}}", "${a}", "$(a)", "`a`", "%s%s%n", "%00", "=1+1", "@a", "\t", "\r\n", " ", "   ",
    "NULL", "None", "nan", "0", "-1", "1e309", "0x1F", "99999999999999999999", "2018-05-14", "14/05/2018", "a" * 500, "ab " * 160, "(" * 15 + "a" + ")" * 15, "-(a)", "-(-(a))", "NOT", "-title:a",
    "title:-a", "title:(a OR b)", "title:NOT", "a NEAR b", "a NEAR NEAR b", "a NEAR/3 NEAR/3 b", "(a) NEAR (b)", '"a b" NEAR/2 c', "NEAR(NEAR(a b))", "a NEAR", "NEAR b", "-NEAR(a b)", "sin:ce", "kind :news",
    "lang: fr", "year:", "\"lang:fr\"", "title:\"a b\"*", '"a"*', '"ab cd"*', "***abc***", "a?b", "a~2", "a^", "[a TO b]", "a..b", "!a", "~a", "/a.*/", "AND(a)", "OR(a)", "NOT(a)", "et", "ET", "OU", "SAUF",
    "SAUF SAUF", "le la les", "the of and", "au", "UN", "un", "who", "WHO", "us", "US", "it", "IT",
)  # fmt: skip

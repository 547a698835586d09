"""The sample's long document, in French and English: a sheet a country, sixty pages. Countries and capitals are real, everything said of them is invented."""

from __future__ import annotations

from rabat_crawler.demo.pdf import make_long_pdf

SHEETS_FR = "/images/documents/2016/fiches-pays-2016.pdf"
SHEETS_EN = "/images/documents/2016/country-sheets-2016.pdf"

COUNTRIES = tuple(
    tuple(part.strip() for part in line.split("|"))
    for line in """
Allemagne|Germany|Berlin; Autriche|Austria|Vienne/Vienna; Belgique|Belgium|Bruxelles/Brussels; Bénin|Benin|Porto-Novo; Bulgarie|Bulgaria|Sofia
Burkina Faso|Burkina Faso|Ouagadougou; Burundi|Burundi|Gitega; Cameroun|Cameroon|Yaoundé; Cap-Vert|Cape Verde|Praia
Centrafrique|Central African Republic|Bangui; Chypre|Cyprus|Nicosie/Nicosia; Congo|Congo|Brazzaville; Côte d'Ivoire|Ivory Coast|Yamoussoukro
Croatie|Croatia|Zagreb; Danemark|Denmark|Copenhague/Copenhagen; Espagne|Spain|Madrid; Estonie|Estonia|Tallinn; Finlande|Finland|Helsinki
France|France|Paris; Gabon|Gabon|Libreville; Gambie|Gambia|Banjul; Ghana|Ghana|Accra; Grèce|Greece|Athènes/Athens; Guinée|Guinea|Conakry
Guinée-Bissau|Guinea-Bissau|Bissau; Guinée équatoriale|Equatorial Guinea|Malabo; Hongrie|Hungary|Budapest; Irlande|Ireland|Dublin
Islande|Iceland|Reykjavik; Italie|Italy|Rome; Lettonie|Latvia|Riga; Liberia|Liberia|Monrovia; Lituanie|Lithuania|Vilnius
Luxembourg|Luxembourg|Luxembourg; Mali|Mali|Bamako; Malte|Malta|La Valette/Valletta; Maroc|Morocco|Rabat; Mauritanie|Mauritania|Nouakchott
Niger|Niger|Niamey; Nigeria|Nigeria|Abuja; Norvège|Norway|Oslo; Pays-Bas|Netherlands|Amsterdam; Pologne|Poland|Varsovie/Warsaw
Portugal|Portugal|Lisbonne/Lisbon; République démocratique du Congo|Democratic Republic of the Congo|Kinshasa; Roumanie|Romania|Bucarest/Bucharest
Royaume-Uni|United Kingdom|Londres/London; Sao Tomé-et-Principe|Sao Tome and Principe|Sao Tomé/Sao Tome; Sénégal|Senegal|Dakar
Sierra Leone|Sierra Leone|Freetown; Slovaquie|Slovakia|Bratislava; Slovénie|Slovenia|Ljubljana; Suède|Sweden|Stockholm; Suisse|Switzerland|Berne/Bern
Tchad|Chad|N'Djamena; Tchéquie|Czechia|Prague; Togo|Togo|Lomé/Lome; Tunisie|Tunisia|Tunis
""".replace("\n", ";").split(";")
    if line.strip()
)
"""(French name, English name, capital, in both languages where they differ), in the order of the French names."""

FRENCH = (
    "Le point focal siège à {capital}. Il a répondu au questionnaire en {month} 2015, après une réunion de {count} services.",
    "Registres : l'état civil est tenu sur papier dans {count} districts, et sous forme numérique dans les autres.",
    "Visas : les demandes sont reçues au consulat et traitées en {days} jours ; les refus sont motivés par écrit depuis 2013.",
    "Diasporas : {count} associations tiennent ensemble une caisse d'entraide, qui a financé des puits, une école et deux dispensaires.",
    "Retour : un guichet unique oriente les personnes qui rentrent vers la formation, le logement et le crédit.",
    "Le comité a relevé que les chiffres de deux ministères ne concordaient pas ; ils seront rapprochés avant la prochaine collecte.",
    "Formation : {days} agents ont suivi le cours commun sur l'accueil, donné en deux langues par des formateurs de trois pays.",
    "Protection : un numéro d'appel gratuit fonctionne jour et nuit, et les mineurs non accompagnés ont un tuteur dès le premier jour.",
    "Ce qui manque : un correspondant permanent dans les provinces, et une traduction des formulaires dans les langues parlées.",
)
ENGLISH = (
    "The focal point sits in {capital}. It answered the questionnaire in {month} 2015, after a meeting of {count} offices.",
    "Registers: civil status is kept on paper in {count} districts, and in digital form in the others.",
    "Visas: applications are received at the consulate and decided in {days} days; refusals have been explained in writing since 2013.",
    "Diasporas: {count} associations keep a common fund, which has paid for wells, a school and two dispensaries.",
    "Return: one desk directs people who come back to training, housing and credit.",
    "The committee noted that the figures of two ministries did not agree; they will be reconciled before the next collection.",
    "Training: {days} officers took the common course on reception, given in two languages by trainers from three countries.",
    "Protection: a free telephone number works day and night, and unaccompanied minors have a guardian from the first day.",
    "What is missing: a permanent correspondent in the provinces, and a translation of the forms into the languages spoken.",
)
MONTHS = (("mars", "March"), ("avril", "April"), ("mai", "May"), ("juin", "June"), ("septembre", "September"))
TITLES = ("Fiches pays 2016 : ce que les points focaux ont répondu", "Country sheets 2016: what the focal points answered")
COVERS = (
    (
        "Fiches pays 2016",
        "Ce que les points focaux ont répondu",
        "",
        "Rabat, le 4 avril 2016",
        "",
        "Une fiche par pays partenaire, dans l'ordre alphabétique.",
    ),
    (
        "Country sheets 2016",
        "What the focal points answered",
        "",
        "Rabat, 4 April 2016",
        "",
        "One sheet for each partner country, in French order.",
    ),
)
CONTENTS = ("Table des fiches", "List of sheets")


def sheets(language: str) -> tuple[str, list[tuple[str, ...]]]:
    """(title, lines of each page) in French ("fr") or English: cover, contents, then a page a country."""
    second = int(language != "fr")
    names = [country[second] for country in COUNTRIES]
    contents = [", ".join(f"{name} {page}" for page, name in enumerate(names, 3))]
    return TITLES[second], [COVERS[second], (CONTENTS[second], "", *contents), *(_sheet(number, second) for number in range(len(COUNTRIES)))]


def _sheet(number: int, second: int) -> tuple[str, ...]:
    french, english, capital = COUNTRIES[number]
    values = {
        "capital": capital.split("/")[second if "/" in capital else 0],
        "month": MONTHS[number % len(MONTHS)][second],
        "count": 3 + number * 7 % 11,
        "days": 12 + number * 5 % 23,
    }
    lines = [sentence.format(**values) for n, sentence in enumerate((FRENCH, ENGLISH)[second]) if n == 0 or (number + n) % 4]
    return (f"{(french, english)[second]} ({values['capital']})", *(part for line in lines for part in ("", line)))


def sheets_pdf(path: str) -> bytes:
    """The document at SHEETS_FR or SHEETS_EN."""
    title, pages = sheets("fr" if path == SHEETS_FR else "en")
    return make_long_pdf(title, pages, created="D:20160404080000Z", modified="D:20160405100000Z")

"""Countries, organisations, themes and towns that a text names, in French and English, with the span of each.

Pure: text in, mentions out. The names stand in the tables beside this file, which is all that is ever read from disk.
"""

from rabat_crawler.names.find import Mention, find_names
from rabat_crawler.names.tables import KINDS, Name, NameKind, coordinates, country_of, known, label, resolve, slug

__all__ = ["KINDS", "Mention", "Name", "NameKind", "coordinates", "country_of", "find_names", "known", "label", "resolve", "slug"]

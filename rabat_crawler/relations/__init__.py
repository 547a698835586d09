"""How items belong together: translations, duplicates, announcement and outcome. Pure: a set of traits in, relations out, whatever the order.

`traits` says what of an item counts, `similar` how alike two items are, the other modules decide. Nothing here compares all items with all.
"""

from rabat_crawler.relations.relate import Relations, relate
from rabat_crawler.relations.traits import Traits, traits_of

__all__ = ["Relations", "Traits", "relate", "traits_of"]

"""What a person types, understood: words into a tree, the tree into FTS5 expressions, stems, marks and near words. Pure: no database, no clock."""

from rabat_crawler.query.expressions import Expressions, express
from rabat_crawler.query.grammar import Query, parse_query

__all__ = ["Expressions", "Query", "express", "parse_query"]

"""The spiders; Scrapy looks for them here."""

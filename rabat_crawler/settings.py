"""Scrapy settings of every crawl; the runner adds what the person chose (delay, concurrency, contact).

Scrapy's own cookie, redirect, compression, proxy, referer, cache and robots middlewares are left out: ours take their place or nothing does.
"""

from __future__ import annotations

BOT_NAME = "rabat_crawler"
SPIDER_MODULES = ["rabat_crawler.spiders"]
NEWSPIDER_MODULE = "rabat_crawler.spiders"
SCHEDULER = "rabat_crawler.scheduler.FrontierScheduler"
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"

DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,application/pdf;q=0.8,*/*;q=0.5",
    "Accept-Language": "fr, en;q=0.9, *;q=0.5",
    "Accept-Encoding": "gzip, deflate, br",
}

CONCURRENT_REQUESTS = 1
CONCURRENT_REQUESTS_PER_DOMAIN = 1
CONCURRENT_ITEMS = 1  # Scrapy starts so many tasks for every answer; one item at a time is all there is
DOWNLOAD_DELAY = 2.0
DOWNLOAD_DELAY_JITTER = 0.0
DOWNLOAD_TIMEOUT = 30
DOWNLOAD_MAXSIZE = 16 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_FAIL_ON_DATALOSS = False
"""A cut body is recorded as truncated, tried once more, and counted; Scrapy would throw it away."""
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_HANDLERS = {"file": None, "ftp": None, "s3": None, "data": None}
DNS_TIMEOUT = 20

AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_MAX_DELAY = 60.0

COOKIES_ENABLED = False
REDIRECT_ENABLED = False
METAREFRESH_ENABLED = False
REFERER_ENABLED = False
HTTPPROXY_ENABLED = False
COMPRESSION_ENABLED = False
HTTPCACHE_ENABLED = False
RETRY_ENABLED = False
ROBOTSTXT_OBEY = False
"""Scrapy's own middleware; `RobotsGate` obeys robots.txt."""
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

DOWNLOADER_MIDDLEWARES_BASE: dict[str, int] = {}
DOWNLOADER_MIDDLEWARES = {
    "rabat_crawler.middlewares.OriginGuard": 50,
    "rabat_crawler.middlewares.RobotsGate": 100,
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 350,
    "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 400,
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 500,
    "rabat_crawler.middlewares.Patience": 550,
    "rabat_crawler.middlewares.Recorder": 900,
}
SPIDER_MIDDLEWARES_BASE: dict[str, int] = {}
EXTENSIONS_BASE: dict[str, int] = {}
EXTENSIONS = {
    "scrapy.extensions.corestats.CoreStats": 0,
    "scrapy.extensions.memusage.MemoryUsage": 0,
    "rabat_crawler.extensions.Throttle": 0,
}
MEMUSAGE_ENABLED = True
MEMUSAGE_LIMIT_MB = 1024
STATS_DUMP = False
LOG_ENABLED = False

RABAT_BACKOFF = [2.0, 8.0, 32.0, 120.0]
"""Seconds of pause before the second, third ... try; the last try is one more than their number."""
RABAT_PROBE = True
"""Ask an address that does not exist once a round, to know what the site answers then."""
RABAT_MIN_FREE = 100_000_000
"""Bytes that must be free on the archive's disk: one WARC file's worth."""
RABAT_ROBOTS_MAX_AGE = 24 * 3600.0
"""Seconds for which a robots.txt is believed; a longer run asks for it again (RFC 9309, 2.4)."""

"""`python -m rabat_crawler` is `rabat-crawler`."""

from rabat_crawler.cli import main

if __name__ == "__main__":
    main()

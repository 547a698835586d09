"""One file for each way a page can be marked up. Pure; `registry.layouts()` finds them."""

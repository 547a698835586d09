"""One file for each dialogue site. Pure; `registry.sites()` finds them."""

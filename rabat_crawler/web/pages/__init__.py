"""One file a page: it exports `ROUTES`, pairs of a regular expression for the path and an async view `(room, request) -> Response`.

A view asks the archive by `await room.ask(question)`, where `question(archive)` runs in a worker thread, and shows the answer by
`await room.render(request, "room_<name>.html", ...)`. Its errors (`errors.NotFound`, `ConfigError` ...) become pages by themselves.
"""

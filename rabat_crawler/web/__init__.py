"""The reading room: a Datasette plugin and its server. The only door to datasette, jinja2 and uvicorn; it holds no SQL and never writes."""

"""The server of `rabat-crawler serve`: Datasette with our plugin over snapshots of an archive, renewed when a run has ended. Quiet, and ends by a signal."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import anyio.to_thread
import uvicorn
from datasette.app import Datasette
from datasette.plugins import pm

from rabat_crawler.archive import Archive
from rabat_crawler.archive.snapshot import Snapshots
from rabat_crawler.errors import ConfigError, RabatError
from rabat_crawler.web import plugin
from rabat_crawler.web.database import PUBLIC_SETTINGS, SETTINGS, Shown
from rabat_crawler.web.language import LANGUAGES
from rabat_crawler.web.metadata import metadata
from rabat_crawler.web.naming import main_site, name_of
from rabat_crawler.web.room import NAME, Room
from rabat_crawler.web.security import App, Receive, Scope, Send, guarded

DATABASE = "rabat"
LOOPBACK = "127.0.0.1"
WATCH_SECONDS = 5.0
MAX_CONNECTIONS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is served to whom. `public`: no SQL of visitors, no downloads; `trusting`: beyond loopback all the same as on it."""

    archive: Path
    host: str = LOOPBACK
    port: int = 0
    public: bool = False
    trusting: bool = False
    watch: float = WATCH_SECONDS


def serve(offer: Offer, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is called with the address. ConfigError if host or port cannot be had, else as for `Snapshots`."""
    if not is_loopback(offer.host) and not (offer.public or offer.trusting):
        raise ConfigError(
            f"{offer.host} can be reached from other machines: give --public too (no SQL, no downloads), or --trust-network if all of them may read everything"
        )
    with _listening(offer) as listener:
        snapshots = Snapshots(offer.archive)
        try:
            asyncio.run(_run(offer, snapshots, listener, ready))
        finally:
            snapshots.close()


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that host name or address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@contextlib.contextmanager
def _listening(offer: Offer) -> Iterator[socket.socket]:
    """The socket, bound; whoever takes the port first has it, and the other one is told."""
    try:
        family, _, _, _, address = socket.getaddrinfo(offer.host, offer.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise ConfigError(f"there is no host {offer.host!r} on this machine ({error.strerror or error}); give another --host") from error
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(128)
        except OSError as error:
            raise ConfigError(_cannot_listen(offer, error)) from error
        yield listener


def _cannot_listen(offer: Offer, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {offer.port} of {offer.host} is in use; choose another with --port (0 takes a free one)"
    if error.errno == errno.EACCES:
        return f"port {offer.port} is for the system's own services; choose one above 1023 with --port"
    return f"{offer.host} port {offer.port} cannot be listened on ({error.strerror}); give another --host or --port"


def application(offer: Offer, snapshots: Snapshots, port: int) -> tuple[App, Shown]:
    """The whole application, and what it shows."""
    if not pm.is_registered(plugin):
        pm.register(plugin, name=NAME)
    datasette = Datasette([], settings={**SETTINGS, **(PUBLIC_SETTINGS if offer.public else {})}, metadata=metadata(DATABASE, _title(snapshots)))
    datasette.databases = {name: one for name, one in datasette.databases.items() if name != "_memory"}  # nobody needs SQL on nothing
    shown = Shown(datasette, DATABASE, snapshots.lease)
    Room(datasette, database=DATABASE, lease=snapshots.lease, archive=offer.archive, public=offer.public)
    inner: App = datasette.app()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        with shown.reading() if scope["type"] == "http" else contextlib.nullcontext():  # the lifespan is not a request: it never ends
            await inner(scope, receive, send)

    hosts = None if offer.public or not is_loopback(offer.host) else [f"{name}:{port}" for name in (LOOPBACK, "localhost", "[::1]")]
    return guarded(answer, hosts=hosts, public=offer.public), shown


def _title(snapshots: Snapshots) -> str:
    with snapshots.lease() as path, Archive.open_database(path, snapshots.archive) as archive:
        site = main_site(archive)
    return " / ".join(name_of(site, language) for language in LANGUAGES)


class _Server(uvicorn.Server):
    """Signals are ours: the server ends as if nothing had happened."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


async def _run(offer: Offer, snapshots: Snapshots, listener: socket.socket, ready: Callable[[str], None]) -> None:
    port = listener.getsockname()[1]
    app, shown = application(offer, snapshots, port)
    await shown.exchange()
    server = _Server(
        uvicorn.Config(
            app, log_level="error", access_log=False, lifespan="on", server_header=False, limit_concurrency=MAX_CONNECTIONS, timeout_graceful_shutdown=3
        )
    )  # fmt: skip
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, lambda: setattr(server, "should_exit", True))
    watching = asyncio.create_task(_watch(offer.watch, snapshots, shown))
    host = f"[{offer.host}]" if ":" in offer.host else offer.host
    announcing = asyncio.create_task(_announce(server, ready, f"http://{host}:{port}/"))
    try:
        await server.serve(sockets=[listener])
    finally:
        for task in (watching, announcing):
            task.cancel()
        shown.close()


async def _announce(server: Any, ready: Callable[[str], None], address: str) -> None:
    while not server.started:
        await asyncio.sleep(0.01)
    ready(address)


async def _watch(seconds: float, snapshots: Snapshots, shown: Shown) -> None:
    """Look whether the archive has changed, which costs two calls of stat; show the new state once nobody is writing."""
    while True:
        await asyncio.sleep(seconds)
        try:
            if await anyio.to_thread.run_sync(snapshots.renew):
                await shown.exchange()
        except (RabatError, OSError):
            continue  # a full disk, a database that is being exchanged: the room goes on with what it has

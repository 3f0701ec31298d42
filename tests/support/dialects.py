"""A small product that speaks whatever dialect a test gives it, over real HTTP."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Speak = Callable[["Question"], web.Response]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What was asked; `raw` is the query string as it was sent."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: str


@dataclass
class Speaker:
    """A product whose every answer is `speak`'s."""

    url: str = ""
    asked: list[Question] = field(default_factory=list)


@asynccontextmanager
async def speaking(speak: Speak, **options: object) -> AsyncIterator[Speaker]:
    """Serve until the block ends; `options` go to aiohttp's site, such as ssl_context."""
    speaker = Speaker()

    async def answer(request: web.Request) -> web.StreamResponse:
        question = Question(
            path=request.path, query=request.query, headers=request.headers, raw=request.rel_url.raw_query_string
        )
        speaker.asked.append(question)
        return speak(question)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, **options)  # type: ignore[arg-type]
    await site.start()
    port = runner.addresses[0][1]
    speaker.url = f"http{'s' if options.get('ssl_context') else ''}://127.0.0.1:{port}"
    try:
        yield speaker
    finally:
        await runner.cleanup()

"""Callers who take a KiB a second, and one beside them who asks for a minute and takes it at once."""

import asyncio
import contextlib
import socket
from datetime import timedelta

from support.serving import AT, SIGNED_IN, asked


async def poll(client, seconds: list[float]) -> None:
    """A caller who asks for a minute again and again, and takes it at once."""
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        async with client.get(asked(AT, AT + timedelta(minutes=1))) as answer:
            assert answer.status == 200
            assert (await answer.read()).count(b"\r\n") == 11
        seconds.append(loop.time() - began)
        await asyncio.sleep(0.05)


async def slowly(port: int, heads: list[bytes]) -> None:
    """Asks for everything and takes a KiB a second of it."""
    loop = asyncio.get_running_loop()
    with contextlib.closing(socket.socket()) as caller:
        caller.setblocking(False)  # noqa: FBT003 - socket's own signature
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await loop.sock_connect(caller, ("127.0.0.1", port))
        target = asked(AT, AT + timedelta(days=1))
        words = f"GET {target} HTTP/1.1\r\nHost: h\r\nAuthorization: {SIGNED_IN['Authorization']}\r\n\r\n"
        await loop.sock_sendall(caller, words.encode())
        first = await loop.sock_recv(caller, 1024)
        heads.append(first.partition(b"\r\n")[0])
        while await loop.sock_recv(caller, 1024):  # noqa: ASYNC110 - a slow reader is one that sleeps
            await asyncio.sleep(1)

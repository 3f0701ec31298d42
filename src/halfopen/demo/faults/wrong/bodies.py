"""Faults of bytes: bodies that are cut, wrongly compressed or in another alphabet."""

from halfopen.demo.faults.exchange import Request, Response
from halfopen.demo.faults.wrong.transport import _Feed

_MANY = 2000
"""Bytes from which on a body is spoilt, so that small answers stay whole."""


class _Spoilt(_Feed):
    """Spoils bodies of some size, uncompressed."""

    def pack(self, request: Request, response: Response) -> Response:
        if not self.strikes(self.route(request.path) or "") or len(response.body) < _MANY:
            return super(_Feed, self).pack(request, response)
        return self.spoil(response)


class CutAndClosed(_Spoilt):
    """Promises a length, sends half and closes the connection."""

    code, feed = "body_truncated", "transactions"
    also = ("transport_error",)

    def spoil(self, response: Response) -> Response:
        return response.but(cut=len(response.body) // 2)


class CutStream(_Spoilt):
    """Streams half of the body and closes the connection without the last chunk."""

    code, feed = "body_truncated", "sports_odds"
    also = ("transport_error",)

    def spoil(self, response: Response) -> Response:
        return response.but(cut=len(response.body) // 2, is_chunked=True)


class CutCleanly(_Spoilt):
    """Ends in the middle of a row, as if that were all."""

    code, feed = "unparseable_body", "game_activity"
    also = ("csv_ragged_row", "body_truncated", "csv_unescaped")

    def spoil(self, response: Response) -> Response:
        return response.but(body=response.body[: len(response.body) // 2 + 7])


class WarningBeforeRows(_Spoilt):
    """Prints a warning of its language in front of the rows."""

    code, feed = "unparseable_body", "sports_events"
    also = (
        "csv_ragged_row",
        "csv_header_missing",
        "csv_header_changes",
        "html_instead_of_data",
        "required_field_missing",
    )

    def spoil(self, response: Response) -> Response:
        return response.but(
            body=b"\nWarning: Undefined index: status in /var/www/feed.php on line 88\n" + response.body
        )


class GzipThatEndsEarly(_Feed):
    """Compresses, and loses the end of it."""

    code, feed = "content_encoding_broken", "logins"
    also = ("body_truncated",)

    def spoil(self, response: Response) -> Response:
        if "content-encoding" not in response.headers:
            return response
        return response.but(body=response.body[:-40])


class GzipInName(_Spoilt):
    """Says gzip and sends plain text."""

    code, feed = "content_encoding_broken", "wallets"

    def spoil(self, response: Response) -> Response:
        return response.but(headers={"content-encoding": "gzip"})


class Latin1(_Spoilt):
    """Writes names in another alphabet than UTF-8."""

    code, feed = "charset_wrong", "players"

    def spoil(self, response: Response) -> Response:
        return response.but(body=response.body.decode().encode("cp1252", errors="replace"))


class Utf16(_Spoilt):
    """Writes all it has in UTF-16."""

    code, feed = "charset_wrong", "contacts"
    also = ("unparseable_body", "csv_header_missing", "csv_bom")

    def spoil(self, response: Response) -> Response:
        return response.but(body=response.body.decode().encode("utf-16"))

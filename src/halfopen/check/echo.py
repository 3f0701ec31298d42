"""Where a secret that was sent came back."""

from halfopen.check.observe import Observation

_OK = 200


def place(observation: Observation) -> str | None:
    """In a header, in the body of an error, or in an answer with status 200 that holds no rows; None for nowhere.

    Rows may hold any word by chance; a page or an error does not. A recording keeps the place, not the secret.
    """
    exchange = observation.exchange
    if exchange.echoed or exchange.status != _OK or (observation.rows and observation.problem is None):
        return exchange.echoed
    text = exchange.body.decode("utf-8", "replace")
    places = [place for secret in exchange.secrets if (place := text.find(secret)) >= 0]
    return f"body of status {exchange.status}, at character {min(places)}" if places else None

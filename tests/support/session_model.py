"""What sessions must come out of actions, by a plain model in Python.

An action is (session, kind, amount, stamp, round, player, game); a session has the fields of game_activity.
"""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from decimal import Context, Decimal

from halfopen.window.window import Window

WIDE = Context(prec=200)


def model(actions: list[tuple], window: Window, *, full: bool) -> dict[str, dict]:
    """What must come out, for actions of all kinds."""
    parsed = [(*action, datetime.fromisoformat(action[3]).replace(tzinfo=UTC)) for action in actions]
    touched = {row[0] for row in parsed if window.contains(row[-1])}
    sessions = defaultdict(list)
    for row in parsed:
        if row[0] in touched:
            sessions[row[0]].append(row)
    result = {}
    for name, rows in sessions.items():
        total = {"bet": Decimal(0), "win": Decimal(0)}
        count = Counter()
        rounds = set()
        for _, kind, amount, _, round_, *_ in rows:
            value = Decimal(str(amount))
            if kind in ("bet", "free"):
                total["bet"], count["bet"] = WIDE.add(total["bet"], value), count["bet"] + 1
            elif kind == "win":
                total["win"] = WIDE.add(total["win"], value)
                rounds |= {round_} if value > 0 else set()
                count["win"] += value > 0
            elif full and kind == "back" and value >= 0:
                total["bet"], count["bet"] = WIDE.subtract(total["bet"], value), count["bet"] - 1
            elif full and kind == "back":
                total["win"] = WIDE.add(total["win"], value)
        first, last = min(row[-1] for row in rows), max(row[-1] for row in rows)
        games = [row[6] for row in sorted(rows, key=lambda r: r[3])]
        result[name] = {
            "session_id": name, "player_id": "p1", "game_name": most(games),
            "bet_count": count["bet"], "win_count": len(rounds) if full else count["win"],
            "bet_amount": total["bet"], "win_amount": total["win"],
            "created_at": f"{first:%Y-%m-%d %H:%M:%S}", "updated_at": f"{last:%Y-%m-%d %H:%M:%S}",
        }  # fmt: skip
    return result


def most(values: list[str]) -> str:
    counts = Counter(values)
    return min(values, key=lambda value: (-counts[value], values.index(value)))

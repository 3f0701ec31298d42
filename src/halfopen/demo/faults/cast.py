"""People, games and words of the zoo's casino: ordinary ones, with a comma, a quote and letters from elsewhere."""

FIRST = ("Aniyah", "José", "Zoë", "Иван", "美咲", "D'Arcy", "Mary, Jane", "Oskar", "Priya", "Nikos")
LAST = ("Shanahan", "O'Neill", "Müller", "Петров", 'de "la" Cruz', "Smith, Jr.", "Ķēniņš", "山田", "Okafor", "Lund")
PLACES = (  # country, city, locale, time zone, calling code
    ("LV", "Rīga", "lv_LV", "Europe/Riga", "371"),
    ("DE", "Köln", "de_DE", "Europe/Berlin", "49"),
    ("JP", "Osaka", "ja_JP", "Asia/Tokyo", "81"),
    ("US", "Winston-Salem, NC", "en_US", "America/New_York", "1"),
    ("BR", "São Paulo", "pt_BR", "America/Sao_Paulo", "55"),
    ("IN", "Pune", "en_IN", "Asia/Kolkata", "91"),
)
AGENTS = (
    "Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10_8_6; nl-NL) AppleWebKit/532.22.3 (KHTML, like Gecko) Safari",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.0; Trident/5.1)",
)
SOURCES = (("google", "organic", "holiday_special"), ("newsletter", "email", "week 47"), (None, None, None))
REF_CODES = (None, "odit", "AFF-0042", "007")
CURRENCIES = (("EUR", 2), ("USD", 2), ("BRL", 2), ("JPY", 0), ("BTC", 8))
PAYMENTS = ("VISA", "Mastercard", "PIX", "Skrill")
COMMENTS = (None, None, "paid", 'said "thanks", twice', "two lines\nof text")
GAMES = (  # code, name, vendor, type
    ("5", "Lucky Lion", "PARIPLAY", "slot"),
    ("aviat-2", "Rocket, Rocket", "SPRIBE", "crash_games"),
    ("007", "Roulette Royale", "EVOLUTION", "live_casino"),
    ("bj-21", "Blackjack", "EVOLUTION", "table_game"),
    ("scr", "Scratch Match", "HACKSAW", "instant_win"),
    ("keno", "Keno", "BETSOFT", "lottery_and_keno"),
)
BONUSES = tuple(
    f"{name} {size} %" for name in ("Welcome", "Reload", "Cashback", "Free rounds") for size in (10, 25, 50)
)
SPORTS = (("fb", "Football"), ("tns", "Tennis"), ("ih", "Ice Hockey"), ("vlbl", "Volleyball"))
TEAMS = ("Bolivia", "Peru", "Latvia", "Kenya", "Malta", "Nepal", "Chile", "Qatar")
MARKETS = ("Match Result", "Total Goals", "Handicap, 1st half")

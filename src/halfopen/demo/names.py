"""The people, places, games and phrases of SpaceVegas: invented, and awkward on purpose."""

FIRST = (
    ("Aniyah", "female"),
    ("José", "male"),
    ("Zoë", "female"),
    ("Иван", "male"),
    ("Ольга", "female"),
    ("美咲", "female"),
    ("健太", "male"),
    ("فاطمة", "female"),
    ("Νίκος", "male"),
    ("Anne-Marie", "female"),
    ("D'Arcy", "male"),
    ('Robert "Bobby"', "male"),
    ("Mary, Jane", "female"),
    ("👑 Queenie", "female"),
    ("NULL", None),
    ("שרה", "female"),
)
LAST = (
    "Shanahan",
    "O'Neill",
    "Müller-Lüdenscheidt",
    "Ķēniņš",
    "Петров",
    "山田",
    "Smith, Jr.",
    "Nguyễn",
    'de "la" Cruz',
    "İnönü",
    "الهاشمي",
    "=SUM(1)",
    "\\N",
    "Nil",
)
PLACES = (  # country, city, locale, time zone, calling code
    ("LV", "Rīga", "lv_LV", "Europe/Riga", "371"),
    ("DE", "Köln", "de_DE", "Europe/Berlin", "49"),
    ("JP", "東京", "ja_JP", "Asia/Tokyo", "81"),
    ("US", "Winston-Salem, NC", "en_US", "America/New_York", "1"),
    ("BR", "São Paulo", "pt_BR", "America/Sao_Paulo", "55"),
    ("GR", "Αθήνα", "el_GR", "Europe/Athens", "30"),
    ("FR", "L'Haÿ-les-Roses", "fr_FR", "Europe/Paris", "33"),
    ("IN", "", "en_IN", "Asia/Kolkata", "91"),
    ("IE", "Baile Átha\tCliath", "en_IE", "Europe/Dublin", "353"),
    ("MD", " Chișinău ", "ro_MD", "Europe/Chisinau", "373"),
)
AGENTS = (
    "Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10_8_6 rv:4.0; nl-NL) AppleWebKit/532.22.3 (KHTML, like Gecko) Safari",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.0; Trident/5.1)",
    'SpaceVegasApp/3.2 ("Android" 14; de-DE, en;q=0.8)',
)
HOSTS = ("https://space-vegas.example/login", "https://m.space-vegas.example/?a=1,2&b=%20", "https://sv7.example")
REF_CODES = (None, None, "praesentium", "AFF-0042", "007", "qui;odit", "")
SOURCES = (
    ("google", "organic", "holiday_special"),
    ("newsletter", "email", 'week 47, "last call"'),
    ("partner", "cpa", "spring🌸"),
    (None, None, None),
    ("", None, None),
)
COMMENTS = (
    *(None, None, None, None, ""),
    "asked twice,\nanswered once",
    'said "no", then "yes"',
    "line one\r\nline two",
    "old mac\rline",
    "спасибо, всё пришло 🙏",
    "'; drop table payments; --",
    "  blanks around  ",
    "tab\there",
    "=1+1",
    "NULL",
    "\\N",
    "null",
    "ends with a backslash \\",
    "👩‍🚀🎰 e\u0301 and é",
)
TAGS = ("vip", "night owl", "slots", "новичок", "crypto", "phone-only", "hot 🔥")
CARRIERS = ("VISA", "Mastercard", "PIX", "Skrill", "Bank, wire", None)
GAMES = (  # code, name, maker, kind, seconds from round to round
    ("5", "Lucky Lion", "PARIPLAY", "slot", 3.0),
    ("007", "Licence to Spin", "PARIPLAY", "slot", 2.5),
    ("book-of-ra", 'Book of "Ra"', "Novomatic", "slot", 3.0),
    ("sv:crash", "Rocket, Rocket", "SpaceVegas", "crash_games", 6.0),
    ("42", "Шахта золота", "Kosmos", "slot", 2.0),
    ("bj-1", "Blackjack One", "Evolution", "table_game", 12.0),
    ("rl-eu", "Roulette Européenne", "Evolution", "live_casino", 25.0),
    ("sc-9", "Scratch 9", "Gamzix", "instant_win", 1.0),
    ("keno", "Keno 80", "Kosmos", "lottery_and_keno", 20.0),
    ("1000", "Turbo Dice", "SpaceVegas", "instant_win", 0.3),
)
BONUSES = (
    "Welcome Bonus",
    "100 % on the first deposit, up to 200",
    'Friday "Free Spins"',
    "Кэшбэк 10 %",
    "誕生日ボーナス",
    "High roller's night",
    "Comeback, please",
    "Crypto boost ₿",
)
SPORTS = (  # code, name, country, tournament, teams
    ("football", "Football", "International", "Galactic Cup", ("Bolivia", "Peru", "Côte d'Ivoire", "Türkiye")),
    ("icehockey", "Ice Hockey", "LV", "Optimist, Liga", ("Kurbads", "Mogo", "Zemgale/LLU", "Liepāja")),
    ("vlbl", "Volleyball", "International", "Men's World Championship", ("Brasil", "Polska", "Italia", "日本")),
    ("tennis", "Tennis", "GB", "Lawn Open", ("Smith, J.", "Nováková", "O'Connor", "Ng")),
    ("esports", "E-sports", "International", 'Major: "Nebula"', ("Team Comet", "NaVi-9", "G2.iNK", "100 Thieves")),
)
MARKETS = ("Match Result", "Total over/under 2.5", 'Handicap "-1,5"', "Both teams score")

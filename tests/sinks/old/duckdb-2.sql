CREATE SCHEMA IF NOT EXISTS halfopen;
CREATE TABLE halfopen.meta (name VARCHAR PRIMARY KEY, value VARCHAR);
CREATE TABLE halfopen.ledger (product VARCHAR, feed VARCHAR, window_start TIMESTAMP, window_end TIMESTAMP, pass INTEGER, state VARCHAR, rows BIGINT, changed BIGINT, late BIGINT, quarantined BIGINT, digest VARCHAR, attempts INTEGER, asked_at TIMESTAMP, committed_at TIMESTAMP, first_asked_at TIMESTAMP, seq BIGINT);
CREATE TABLE halfopen.holes (product VARCHAR, feed VARCHAR, window_start TIMESTAMP, window_end TIMESTAMP, since TIMESTAMP, attempts INTEGER, last_error VARCHAR, next_try TIMESTAMP, pass INTEGER);
CREATE TABLE halfopen.quarantine (product VARCHAR, feed VARCHAR, key VARCHAR, codes VARCHAR, raw JSON, row_digest VARCHAR, window_start TIMESTAMP, window_end TIMESTAMP, first_seen TIMESTAMP, last_seen TIMESTAMP, times BIGINT, state VARCHAR, seq BIGINT, cursor TIMESTAMP, _id VARCHAR PRIMARY KEY, zone VARCHAR);
CREATE TABLE halfopen.late_rows (product VARCHAR, feed VARCHAR, key VARCHAR, cursor TIMESTAMP, window_start TIMESTAMP, first_asked_at TIMESTAMP, found_at TIMESTAMP);
CREATE TABLE halfopen.findings (product VARCHAR, feed VARCHAR, code VARCHAR, day DATE, count BIGINT, sample JSON, PRIMARY KEY (product, feed, code, day));
CREATE TABLE halfopen.salt (salt VARCHAR);
CREATE TABLE halfopen.forgotten (product VARCHAR, feed VARCHAR, hash VARCHAR, forgotten_at TIMESTAMP, PRIMARY KEY (product, feed, hash));
CREATE TABLE halfopen.self_exclusions (product VARCHAR, player VARCHAR, modified_at TIMESTAMP, window_start TIMESTAMP, window_end TIMESTAMP, committed_at TIMESTAMP, initial BOOLEAN);
CREATE TABLE halfopen.columns (product VARCHAR, feed VARCHAR, name VARCHAR, field VARCHAR, first_seen TIMESTAMP, vanished_at TIMESTAMP, PRIMARY KEY (product, feed, name));
CREATE TABLE "contact_tokens" ("product" VARCHAR, "player_id" VARCHAR, "push_token" VARCHAR, "last_seen" TIMESTAMP, "_id" VARCHAR PRIMARY KEY);
CREATE TABLE "players" ("product" VARCHAR, "id" VARCHAR, "first_name" VARCHAR, "last_name" VARCHAR, "gender" VARCHAR, "country" VARCHAR, "city" VARCHAR, "ip" VARCHAR, "locale" VARCHAR, "timezone" VARCHAR, "birthday" DATE, "registered_at" TIMESTAMP, "ref_code" VARCHAR, "user_agent" VARCHAR, "modified_at" TIMESTAMP, "is_blocked" BOOLEAN, "status" VARCHAR, "self_excluded" BOOLEAN, "utm_source" VARCHAR, "utm_medium" VARCHAR, "utm_campaign" VARCHAR, "custom" JSON, "_window_start" TIMESTAMP, "_window_end" TIMESTAMP, "_fetched_at" TIMESTAMP, "_seq" BIGINT, "_vanished_at" TIMESTAMP, "_version" TIMESTAMP, "_id" VARCHAR PRIMARY KEY);
CREATE TABLE "contacts" ("product" VARCHAR, "player_id" VARCHAR, "email" VARCHAR, "email_confirmed_at" TIMESTAMP, "email_subscribe" BOOLEAN, "phone" VARCHAR, "phone_confirmed_at" TIMESTAMP, "phone_subscribe" BOOLEAN, "push_token" VARCHAR, "created_at" TIMESTAMP, "modified_at" TIMESTAMP, "custom" JSON, "_window_start" TIMESTAMP, "_window_end" TIMESTAMP, "_fetched_at" TIMESTAMP, "_seq" BIGINT, "_vanished_at" TIMESTAMP, "_version" TIMESTAMP, "_id" VARCHAR PRIMARY KEY);
CREATE TABLE "transactions" ("product" VARCHAR, "id" VARCHAR, "player_id" VARCHAR, "amount" DECIMAL(38,18), "currency" VARCHAR, "dir" VARCHAR, "type" VARCHAR, "status" VARCHAR, "payment_system" VARCHAR, "ref_code" VARCHAR, "created_at" TIMESTAMP, "updated_at" TIMESTAMP, "wallet_id" VARCHAR, "requisite" VARCHAR, "comment" VARCHAR, "utm_source" VARCHAR, "utm_medium" VARCHAR, "utm_campaign" VARCHAR, "custom" JSON, "_window_start" TIMESTAMP, "_window_end" TIMESTAMP, "_fetched_at" TIMESTAMP, "_seq" BIGINT, "_vanished_at" TIMESTAMP, "_version" TIMESTAMP, "_id" VARCHAR PRIMARY KEY);
CREATE TABLE "logins" ("product" VARCHAR, "id" VARCHAR, "player_id" VARCHAR, "ip" VARCHAR, "created_at" TIMESTAMP, "ref_code" VARCHAR, "user_agent" VARCHAR, "host" VARCHAR, "is_success" BOOLEAN, "utm_source" VARCHAR, "utm_medium" VARCHAR, "utm_campaign" VARCHAR, "custom" JSON, "_window_start" TIMESTAMP, "_window_end" TIMESTAMP, "_fetched_at" TIMESTAMP, "_seq" BIGINT, "_vanished_at" TIMESTAMP, "_version" TIMESTAMP, "_id" VARCHAR PRIMARY KEY);
CREATE TABLE "auto_logins" ("product" VARCHAR, "player_id" VARCHAR, "login_token" VARCHAR, "updated_at" TIMESTAMP, "custom" JSON, "_window_start" TIMESTAMP, "_window_end" TIMESTAMP, "_fetched_at" TIMESTAMP, "_seq" BIGINT, "_vanished_at" TIMESTAMP, "_version" TIMESTAMP, "_id" VARCHAR PRIMARY KEY);
CREATE TABLE "wallets" ("product" VARCHAR, "id" VARCHAR, "player_id" VARCHAR, "type" VARCHAR, "balance" DECIMAL(38,18), "currency" VARCHAR, "is_primary" BOOLEAN, "created_at" TIMESTAMP, "modified_at" TIMESTAMP, "custom" JSON, "_window_start" TIMESTAMP, "_window_end" TIMESTAMP, "_fetched_at" TIMESTAMP, "_seq" BIGINT, "_vanished_at" TIMESTAMP, "_version" TIMESTAMP, "_id" VARCHAR PRIMARY KEY);
CREATE TABLE "bonus_assignments" ("product" VARCHAR, "id" VARCHAR, "player_id" VARCHAR, "bonus_id" VARCHAR, "end_date" TIMESTAMP, "created_at" TIMESTAMP, "modified_at" TIMESTAMP, "active" BOOLEAN, "used" BOOLEAN, "custom" JSON, "_window_start" TIMESTAMP, "_window_end" TIMESTAMP, "_fetched_at" TIMESTAMP, "_seq" BIGINT, "_vanished_at" TIMESTAMP, "_version" TIMESTAMP, "_id" VARCHAR PRIMARY KEY);
CREATE TABLE "bonus_list" ("product" VARCHAR, "id" VARCHAR, "name" VARCHAR, "created_at" TIMESTAMP, "modified_at" TIMESTAMP, "custom" JSON, "_window_start" TIMESTAMP, "_window_end" TIMESTAMP, "_fetched_at" TIMESTAMP, "_seq" BIGINT, "_vanished_at" TIMESTAMP, "_version" TIMESTAMP, "_id" VARCHAR PRIMARY KEY);
CREATE TABLE "game_activity" ("product" VARCHAR, "player_id" VARCHAR, "session_id" VARCHAR, "game_code" VARCHAR, "game_name" VARCHAR, "currency" VARCHAR, "bet_count" BIGINT, "win_count" BIGINT, "bet_amount" DECIMAL(38,18), "win_amount" DECIMAL(38,18), "created_at" TIMESTAMP, "updated_at" TIMESTAMP, "game_vendor" VARCHAR, "game_type" VARCHAR, "balance_type" VARCHAR, "ip" VARCHAR, "user_agent" VARCHAR, "ref_code" VARCHAR, "utm_source" VARCHAR, "utm_medium" VARCHAR, "utm_campaign" VARCHAR, "custom" JSON, "_window_start" TIMESTAMP, "_window_end" TIMESTAMP, "_fetched_at" TIMESTAMP, "_seq" BIGINT, "_vanished_at" TIMESTAMP, "_version" TIMESTAMP, "_id" VARCHAR PRIMARY KEY);
CREATE TABLE "sports_tournaments" ("product" VARCHAR, "id" VARCHAR, "name" VARCHAR, "sport_id" VARCHAR, "sport_name" VARCHAR, "country_code" VARCHAR, "start_date" TIMESTAMP, "end_date" TIMESTAMP, "modified_at" TIMESTAMP, "custom" JSON, "_window_start" TIMESTAMP, "_window_end" TIMESTAMP, "_fetched_at" TIMESTAMP, "_seq" BIGINT, "_vanished_at" TIMESTAMP, "_version" TIMESTAMP, "_id" VARCHAR PRIMARY KEY);
CREATE TABLE "sports_events" ("product" VARCHAR, "id" VARCHAR, "tournament_id" VARCHAR, "title" VARCHAR, "status" VARCHAR, "start_date" TIMESTAMP, "updated_at" TIMESTAMP, "type" VARCHAR, "custom" JSON, "_window_start" TIMESTAMP, "_window_end" TIMESTAMP, "_fetched_at" TIMESTAMP, "_seq" BIGINT, "_vanished_at" TIMESTAMP, "_version" TIMESTAMP, "_id" VARCHAR PRIMARY KEY);
CREATE TABLE "sports_bets" ("product" VARCHAR, "id" VARCHAR, "player_id" VARCHAR, "status" VARCHAR, "type" VARCHAR, "stake" DECIMAL(38,18), "win_amount" DECIMAL(38,18), "currency" VARCHAR, "ref_code" VARCHAR, "created_at" TIMESTAMP, "modified_at" TIMESTAMP, "utm_source" VARCHAR, "utm_medium" VARCHAR, "utm_campaign" VARCHAR, "custom" JSON, "_window_start" TIMESTAMP, "_window_end" TIMESTAMP, "_fetched_at" TIMESTAMP, "_seq" BIGINT, "_vanished_at" TIMESTAMP, "_version" TIMESTAMP, "_id" VARCHAR PRIMARY KEY);
CREATE TABLE "sports_odds" ("product" VARCHAR, "id" VARCHAR, "bet_id" VARCHAR, "event_id" VARCHAR, "ratio" DECIMAL(38,18), "status" VARCHAR, "market" VARCHAR, "created_at" TIMESTAMP, "updated_at" TIMESTAMP, "custom" JSON, "_window_start" TIMESTAMP, "_window_end" TIMESTAMP, "_fetched_at" TIMESTAMP, "_seq" BIGINT, "_vanished_at" TIMESTAMP, "_version" TIMESTAMP, "_id" VARCHAR PRIMARY KEY);
CREATE OR REPLACE VIEW "logins_canonical" AS SELECT
  product,
  "id",
  "player_id",
  "ip",
  "created_at",
  "ref_code",
  "user_agent",
  "host",
  "is_success",
  "utm_source",
  "utm_medium",
  "utm_campaign",
  custom,
  _window_start,
  _window_end,
  _fetched_at,
  _seq,
  _vanished_at
FROM "logins";
INSERT OR REPLACE INTO halfopen.meta VALUES ('view logins', 'CREATE OR REPLACE VIEW "logins_canonical" AS SELECT
  product,
  "id",
  "player_id",
  "ip",
  "created_at",
  "ref_code",
  "user_agent",
  "host",
  "is_success",
  "utm_source",
  "utm_medium",
  "utm_campaign",
  custom,
  _window_start,
  _window_end,
  _fetched_at,
  _seq,
  _vanished_at
FROM "logins"');
INSERT INTO halfopen.meta VALUES ('schema', '2');
INSERT INTO players (product, id, registered_at, modified_at, self_excluded, _window_start, _window_end, _fetched_at, _seq, _id) VALUES ('vegas', 'u1', '2026-01-01 00:00:00', '2026-03-01 12:00:10', true, '2026-03-01 12:00:00', '2026-03-01 12:01:00', '2026-03-01 12:01:01', 7, 'vegas' || chr(31) || 'u1');
INSERT INTO halfopen.ledger VALUES ('vegas', 'players', '2026-03-01 12:00:00', '2026-03-01 12:01:00', 0, 'committed', 2, 1, 0, 1, 'aa', 1, '2026-03-01 12:01:00', '2026-03-01 12:01:01', '2026-03-01 12:01:00', 7);
INSERT INTO halfopen.quarantine VALUES ('vegas', 'players', 'u2', 'required_field_missing:registered_at', '{"id":"u2","joined":"2026-01-02 00:00:00","modified_at":"2026-03-01 12:00:20"}', 'dd', '2026-03-01 12:00:00', '2026-03-01 12:01:00', '2026-03-01 12:01:01', '2026-03-01 12:01:01', 1, 'held', 7, '2026-03-01 12:00:20', 'vegas' || chr(31) || 'players' || chr(31) || 'u2' || chr(31) || 'dd', NULL);
INSERT INTO contact_tokens VALUES ('vegas', 'u1', 'tok', '2026-03-01 12:00:10', 'vegas' || chr(31) || 'u1' || chr(31) || 'tok');

-- In the style of a Django project with one app a concern: app_model tables, choices as short texts, UUIDs nowhere.
create table django_migrations (id bigserial primary key, app varchar(255) not null, name varchar(255) not null, applied timestamp not null);
create table django_content_type (id serial primary key, app_label varchar(100) not null, model varchar(100) not null);
create table django_session (session_key varchar(40) primary key, session_data text not null, expire_date timestamp not null);
create table auth_group (id serial primary key, name varchar(150) not null unique);
create table staff_member (id bigserial primary key, username varchar(150) not null, email varchar(254) not null, is_staff boolean not null, date_joined timestamp not null);
create table accounts_player (
  id bigserial primary key,
  password varchar(128) not null,
  last_login timestamp,
  username varchar(150) not null unique,
  first_name varchar(150) not null,
  last_name varchar(150) not null,
  email varchar(254) not null,
  email_verified_at timestamp,
  mobile_number varchar(32) not null,
  gender varchar(1) not null,
  date_of_birth date,
  country varchar(2) not null,
  language varchar(10) not null,
  currency varchar(3) not null,
  is_active boolean not null,
  self_excluded boolean not null,
  affiliate_code varchar(50) not null,
  accepts_marketing_email boolean not null,
  date_joined timestamp not null,
  modified timestamp not null
);
create table accounts_loginattempt (
  id bigserial primary key,
  player_id bigint not null references accounts_player(id),
  timestamp timestamp not null,
  ip_address varchar(45) not null,
  user_agent text not null,
  successful boolean not null
);
create table accounts_autologintoken (
  id bigserial primary key,
  player_id bigint not null unique references accounts_player(id),
  token varchar(64) not null,
  created timestamp not null,
  modified timestamp not null
);
create table wallets_wallet (
  id bigserial primary key,
  owner_id bigint not null references accounts_player(id),
  kind varchar(10) not null,
  currency varchar(3) not null,
  balance numeric(18,2) not null,
  is_default boolean not null,
  created timestamp not null,
  modified timestamp not null
);
create table payments_paymentmethod (id serial primary key, code varchar(20) not null, name varchar(50) not null, is_enabled boolean not null);
create table payments_deposit (
  id bigserial primary key,
  player_id bigint not null references accounts_player(id),
  wallet_id bigint not null references wallets_wallet(id),
  method_id integer not null references payments_paymentmethod(id),
  amount numeric(18,2) not null,
  currency varchar(3) not null,
  status varchar(12) not null,
  created timestamp not null,
  modified timestamp not null
);
create table payments_withdrawal (
  id bigserial primary key,
  player_id bigint not null references accounts_player(id),
  wallet_id bigint not null references wallets_wallet(id),
  method_id integer not null references payments_paymentmethod(id),
  approved_by_id bigint references staff_member(id),
  amount numeric(18,2) not null,
  currency varchar(3) not null,
  status varchar(12) not null,
  created timestamp not null,
  modified timestamp not null
);
create table bonuses_bonus (id bigserial primary key, title varchar(100) not null, percent integer not null, created timestamp not null, modified timestamp not null);
create table bonuses_playerbonus (
  id bigserial primary key,
  player_id bigint not null references accounts_player(id),
  bonus_id bigint not null references bonuses_bonus(id),
  state varchar(12) not null,
  expires_at timestamp,
  created timestamp not null,
  modified timestamp not null
);
create table casino_provider (id serial primary key, name varchar(50) not null);
create table casino_game (id serial primary key, provider_id integer not null references casino_provider(id), slug varchar(80) not null, name varchar(120) not null, category varchar(20) not null);
create table casino_gamesession (
  id bigserial primary key,
  player_id bigint not null references accounts_player(id),
  game_id integer not null references casino_game(id),
  wallet_id bigint not null references wallets_wallet(id),
  started_at timestamp not null,
  ended_at timestamp
);
create table casino_gameround (
  id bigserial primary key,
  session_id bigint not null references casino_gamesession(id),
  bet_amount numeric(18,2) not null,
  win_amount numeric(18,2) not null,
  created timestamp not null
);
create table sportsbook_sport (id serial primary key, name varchar(50) not null, slug varchar(50) not null);
create table sportsbook_league (id serial primary key, sport_id integer not null references sportsbook_sport(id), name varchar(120) not null, country varchar(2) not null, starts_on date not null, ends_on date);
create table sportsbook_fixture (
  id bigserial primary key,
  league_id integer not null references sportsbook_league(id),
  name varchar(200) not null,
  fixture_type varchar(10) not null,
  status varchar(20) not null,
  kick_off timestamp not null,
  modified timestamp not null
);
create table sportsbook_bet (
  id bigserial primary key,
  player_id bigint not null references accounts_player(id),
  bet_type varchar(10) not null,
  stake numeric(18,2) not null,
  payout numeric(18,2),
  currency varchar(3) not null,
  status varchar(12) not null,
  placed_at timestamp not null,
  modified timestamp not null
);
create table sportsbook_betselection (
  id bigserial primary key,
  bet_id bigint not null references sportsbook_bet(id),
  fixture_id bigint not null references sportsbook_fixture(id),
  market varchar(80) not null,
  outcome varchar(80) not null,
  odds numeric(8,3) not null,
  result varchar(12) not null,
  created timestamp not null,
  modified timestamp not null
);
insert into staff_member values (1, 'root', 'root@casino.example', true, '2023-01-01 00:00:00');
insert into accounts_player values
  (11, 'x', '2024-05-02 10:00:00', 'anna', 'Anna', 'Ozola', 'anna@mail.example', '2024-01-02 10:00:00', '+37120000001', 'F', '1990-02-03', 'LV', 'lv', 'EUR', true, false, 'AFF1', true, '2024-01-02 09:00:00', '2024-05-02 10:00:00'),
  (12, 'x', null, 'bob', 'Bob', 'Smith', 'bob@mail.example', null, '+447700900001', 'M', null, 'GB', 'en', 'GBP', false, false, '', false, '2024-02-02 09:00:00', '2024-05-03 10:00:00'),
  (13, 'x', null, 'cem', 'Cem', 'Kaya', 'cem@mail.example', null, '+905300000001', 'M', '1985-12-30', 'TR', 'tr', 'USD', true, true, '', false, '2024-03-02 09:00:00', '2024-05-04 10:00:00');
insert into accounts_loginattempt values (1, 11, '2024-05-02 10:00:00', '10.0.0.1', 'Mozilla/5.0', true), (2, 12, '2024-05-02 11:00:00', '10.0.0.2', 'curl', false);
insert into accounts_autologintoken values (1, 11, 'aaa111', '2024-05-01 00:00:00', '2024-05-01 01:00:00'), (2, 12, 'bbb222', '2024-05-01 00:00:00', '2024-05-01 02:00:00');
insert into wallets_wallet values (101, 11, 'cash', 'EUR', 12.50, true, '2024-01-02 09:00:00', '2024-05-02 10:00:00'), (102, 11, 'bonus', 'EUR', 5.00, false, '2024-01-02 09:00:00', '2024-05-02 11:00:00'), (103, 12, 'cash', 'GBP', 0.00, true, '2024-02-02 09:00:00', '2024-05-03 10:00:00');
insert into payments_paymentmethod values (1, 'card', 'Cards', true), (2, 'sepa', 'SEPA', true);
insert into payments_deposit values (1, 11, 101, 1, 50.00, 'EUR', 'completed', '2024-05-01 08:00:00', '2024-05-01 08:01:00'), (2, 12, 103, 1, 20.00, 'GBP', 'failed', '2024-05-01 09:00:00', '2024-05-01 09:01:00');
insert into payments_withdrawal values (1, 11, 101, 2, 1, 30.25, 'EUR', 'pending', '2024-05-02 08:00:00', '2024-05-02 08:01:00');
insert into bonuses_bonus values (5, 'Welcome 100%', 100, '2024-01-01 00:00:00', '2024-01-01 00:00:00'), (6, 'Reload', 50, '2024-01-01 00:00:00', '2024-02-01 00:00:00');
insert into bonuses_playerbonus values (1, 11, 5, 'active', '2024-06-01 00:00:00', '2024-05-01 08:01:00', '2024-05-01 08:01:00'), (2, 12, 6, 'used', null, '2024-05-01 08:01:00', '2024-05-03 08:01:00');
insert into casino_provider values (1, 'NovaPlay');
insert into casino_game values (1, 1, 'book-of-stars', 'Book of Stars', 'slot'), (2, 1, 'comet', 'Comet', 'crash');
insert into casino_gamesession values (21, 11, 1, 101, '2024-05-02 10:00:00', null), (22, 12, 2, 103, '2024-05-03 10:00:00', '2024-05-03 11:00:00');
insert into casino_gameround values (1, 21, 1.00, 0.00, '2024-05-02 10:00:10'), (2, 21, 1.00, 3.50, '2024-05-02 10:00:20'), (3, 22, 2.00, 0.00, '2024-05-03 10:00:10');
insert into sportsbook_sport values (1, 'Football', 'football');
insert into sportsbook_league values (7, 1, 'Premier League', 'GB', '2024-08-01', '2025-05-30'), (8, 1, 'Virsliga', 'LV', '2024-03-01', null);
insert into sportsbook_fixture values (71, 7, 'Reds - Blues', 'match', 'scheduled', '2024-08-10 14:00:00', '2024-05-01 00:00:00'), (72, 7, 'Winner 2025', 'outright', 'scheduled', '2025-05-30 14:00:00', '2024-05-01 00:00:00');
insert into sportsbook_bet values (1, 11, 'single', 10.00, null, 'EUR', 'open', '2024-05-02 12:00:00', '2024-05-02 12:00:00'), (2, 12, 'combo', 5.00, 45.00, 'GBP', 'won', '2024-05-02 13:00:00', '2024-05-03 12:00:00');
insert into sportsbook_betselection values (1, 1, 71, 'Match winner', 'Reds', 2.500, 'open', '2024-05-02 12:00:00', '2024-05-02 12:00:00'), (2, 2, 71, 'Match winner', 'Blues', 3.000, 'won', '2024-05-02 13:00:00', '2024-05-03 12:00:00'), (3, 2, 72, 'Winner', 'Reds', 3.000, 'won', '2024-05-02 13:00:00', '2024-05-03 12:00:00');

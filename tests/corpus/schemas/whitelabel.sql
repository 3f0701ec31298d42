-- In the style of a white-label platform: punters, one ledger of entries with types, tickets and their legs.
-- engines: sqlite postgresql mysql duckdb
create table tenants (tenant_id integer primary key, tenant_name varchar(40) not null, base_url varchar(100) not null);
create table punters (
  punter_id varchar(26) primary key,
  tenant_id integer not null references tenants(tenant_id),
  alias varchar(40) not null,
  name_first varchar(60),
  name_last varchar(60),
  gender varchar(10),
  born_on date,
  country varchar(60),
  email varchar(120) not null,
  email_ok boolean not null,
  phone varchar(30),
  opt_in_email boolean not null,
  opt_in_sms boolean not null,
  btag varchar(40),
  state varchar(20) not null,
  gamstop boolean not null,
  segment varchar(20),
  ltv_eur numeric(14,2),
  joined_at timestamp not null,
  touched_at timestamp not null
);
create table punter_logins (login_ref varchar(26) primary key, punter_id varchar(26) not null references punters(punter_id), logged_in_at timestamp not null, ip varchar(45), browser varchar(300), mirror varchar(100), outcome varchar(10) not null);
create table punter_autologin (punter_id varchar(26) primary key references punters(punter_id), token varchar(60) not null, refreshed_at timestamp not null);
create table cash_accounts (cash_account_id varchar(26) primary key, punter_id varchar(26) not null references punters(punter_id), pot varchar(10) not null, ccy varchar(3) not null, balance numeric(14,2) not null, main boolean not null, opened_at timestamp not null, touched_at timestamp not null);
create table cash_ledger_entries (entry_id varchar(26) primary key, cash_account_id varchar(26) not null references cash_accounts(cash_account_id), punter_id varchar(26) not null references punters(punter_id), entry_type varchar(20) not null, amount numeric(14,2) not null, ccy varchar(3) not null, cashier_status varchar(20) not null, psp varchar(30), note varchar(200), booked_at timestamp not null, touched_at timestamp not null);
create table promos (promo_id integer primary key, promo_name varchar(80) not null, promo_type varchar(20) not null, created_at timestamp not null, touched_at timestamp not null);
create table promo_grants (grant_id varchar(26) primary key, punter_id varchar(26) not null references punters(punter_id), promo_id integer not null references promos(promo_id), state varchar(10) not null, valid_until timestamp, granted_at timestamp not null, touched_at timestamp not null);
create table freespins (freespin_id varchar(26) primary key, grant_id varchar(26) not null references promo_grants(grant_id), game_key varchar(30) not null, spins integer not null, spins_left integer not null);
create table games (game_key varchar(30) primary key, display_name varchar(80) not null, supplier varchar(40) not null, game_class varchar(20) not null);
create table gaming_sessions (gaming_session_id varchar(26) primary key, punter_id varchar(26) not null references punters(punter_id), game_key varchar(30) not null references games(game_key), ccy varchar(3) not null, opened_at timestamp not null, closed_at timestamp);
create table gaming_session_moves (move_id bigint primary key, gaming_session_id varchar(26) not null references gaming_sessions(gaming_session_id), move_type varchar(12) not null, amount numeric(14,2) not null, moved_at timestamp not null);
create table leagues (league_id varchar(20) primary key, league_name varchar(80) not null, sport_key varchar(20) not null, country_code varchar(20), first_day timestamp not null, last_day timestamp);
create table matches (match_id varchar(20) primary key, league_id varchar(20) not null references leagues(league_id), caption varchar(120) not null, match_state varchar(20) not null, kind varchar(10) not null, starts_at timestamp not null, touched_at timestamp not null);
create table tickets (ticket_id varchar(26) primary key, punter_id varchar(26) not null references punters(punter_id), ticket_type varchar(20) not null, stake numeric(14,2) not null, payout numeric(14,2), ccy varchar(3) not null, ticket_state varchar(20) not null, placed_at timestamp not null, touched_at timestamp not null);
create table ticket_legs (leg_id varchar(26) primary key, ticket_id varchar(26) not null references tickets(ticket_id), match_id varchar(20) not null references matches(match_id), market varchar(60) not null, pick varchar(60) not null, odds numeric(8,3) not null, leg_state varchar(20) not null, placed_at timestamp not null, touched_at timestamp not null);
create table support_tickets (support_ticket_id integer primary key, punter_id varchar(26) not null references punters(punter_id), subject varchar(100) not null, state varchar(20) not null, opened_at timestamp not null, touched_at timestamp not null);
insert into tenants values (1, 'Lucky Fox', 'https://luckyfox.example');
insert into punters values
 ('01HX0000000000000000000P01', 1, 'foxy', 'Nell', 'Ash', 'female', '1993-03-03', 'Ireland', 'nell@mail.example', true, '+35310000001', true, true, 'aff_77', 'normal', false, 'gold', 1500.00, '2024-01-01 12:00:00', '2024-05-01 12:00:00'),
 ('01HX0000000000000000000P02', 1, 'owen5', 'Owen', 'Birch', 'male', '1988-04-04', 'United Kingdom', 'owen@mail.example', false, null, false, false, null, 'blocked', false, null, null, '2024-01-02 12:00:00', '2024-05-02 12:00:00'),
 ('01HX0000000000000000000P03', 1, 'pia', 'Pia', 'Cole', 'female', null, 'Malta', 'pia@mail.example', true, '+35620000003', true, false, 'aff_12', 'normal', true, 'silver', 20.50, '2024-01-03 12:00:00', '2024-05-03 12:00:00');
insert into punter_logins values ('01HX0000000000000000000L01', '01HX0000000000000000000P01', '2024-05-01 12:00:00', '10.13.0.1', 'Mozilla/5.0', 'm1.luckyfox.example', 'ok'), ('01HX0000000000000000000L02', '01HX0000000000000000000P03', '2024-05-03 12:00:00', '10.13.0.3', 'Mozilla/5.0', 'luckyfox.example', 'denied');
insert into punter_autologin values ('01HX0000000000000000000P01', 'al-9f8e', '2024-04-01 00:00:00'), ('01HX0000000000000000000P03', 'al-7d6c', '2024-04-03 00:00:00');
insert into cash_accounts values ('01HX0000000000000000000A01', '01HX0000000000000000000P01', 'real', 'EUR', 55.10, true, '2024-01-01 12:00:00', '2024-05-01 12:30:00'), ('01HX0000000000000000000A02', '01HX0000000000000000000P01', 'bonus', 'EUR', 5.00, false, '2024-01-01 12:00:00', '2024-05-01 12:30:00'), ('01HX0000000000000000000A03', '01HX0000000000000000000P03', 'real', 'EUR', 0.00, true, '2024-01-03 12:00:00', '2024-05-03 12:30:00');
insert into cash_ledger_entries values
 ('01HX0000000000000000000E01', '01HX0000000000000000000A01', '01HX0000000000000000000P01', 'deposit', 50.00, 'EUR', 'done', 'Neteller', null, '2024-05-01 11:00:00', '2024-05-01 11:02:00'),
 ('01HX0000000000000000000E02', '01HX0000000000000000000A01', '01HX0000000000000000000P01', 'withdrawal', 20.00, 'EUR', 'queued', 'Neteller', null, '2024-05-02 11:00:00', '2024-05-02 11:00:00'),
 ('01HX0000000000000000000E03', '01HX0000000000000000000A02', '01HX0000000000000000000P01', 'bonus_credit', 5.00, 'EUR', 'done', null, 'welcome', '2024-05-01 11:03:00', '2024-05-01 11:03:00'),
 ('01HX0000000000000000000E04', '01HX0000000000000000000A03', '01HX0000000000000000000P03', 'deposit', 20.00, 'EUR', 'failed', 'Visa', null, '2024-05-03 11:00:00', '2024-05-03 11:01:00');
insert into promos values (1, 'Foxy Friday', 'reload', '2024-01-01 00:00:00', '2024-01-01 00:00:00'), (2, 'Den Welcome', 'welcome', '2024-01-01 00:00:00', '2024-02-01 00:00:00');
insert into promo_grants values ('01HX0000000000000000000G01', '01HX0000000000000000000P01', 2, 'open', '2024-06-01 00:00:00', '2024-05-01 11:03:00', '2024-05-01 11:03:00'), ('01HX0000000000000000000G02', '01HX0000000000000000000P03', 1, 'used', null, '2024-05-03 11:03:00', '2024-05-04 11:03:00');
insert into freespins values ('01HX0000000000000000000F01', '01HX0000000000000000000G01', 'fox-den', 20, 12);
insert into games values ('fox-den', 'Fox Den', 'Burrow', 'slots'), ('hen-21', 'Hen Blackjack', 'Burrow', 'table');
insert into gaming_sessions values ('01HX0000000000000000000S01', '01HX0000000000000000000P01', 'fox-den', 'EUR', '2024-05-01 12:00:00', null), ('01HX0000000000000000000S02', '01HX0000000000000000000P03', 'hen-21', 'EUR', '2024-05-03 12:00:00', '2024-05-03 12:20:00');
insert into gaming_session_moves values (1, '01HX0000000000000000000S01', 'bet', 1.00, '2024-05-01 12:00:05'), (2, '01HX0000000000000000000S01', 'win', 4.00, '2024-05-01 12:00:06'), (3, '01HX0000000000000000000S01', 'bet', 1.00, '2024-05-01 12:01:05'), (4, '01HX0000000000000000000S02', 'bet', 2.00, '2024-05-03 12:00:05');
insert into leagues values ('lg-1', 'League of Ireland', 'soccer', 'IE', '2024-02-16 19:45:00', '2024-11-01 19:45:00'), ('lg-2', 'Masters', 'golf', 'International', '2024-04-11 12:00:00', null);
insert into matches values ('mt-1', 'lg-1', 'Cork - Sligo', 'prematch', 'match', '2024-06-01 19:45:00', '2024-05-01 00:00:00'), ('mt-2', 'lg-2', 'Masters winner', 'ended', 'outright', '2024-04-11 12:00:00', '2024-04-15 00:00:00');
insert into tickets values ('01HX0000000000000000000T01', '01HX0000000000000000000P01', 'single', 10.00, null, 'EUR', 'accepted', '2024-05-01 13:00:00', '2024-05-01 13:00:00'), ('01HX0000000000000000000T02', '01HX0000000000000000000P03', 'system', 6.00, 0.00, 'EUR', 'lost', '2024-04-11 11:00:00', '2024-04-15 10:00:00');
insert into ticket_legs values ('01HX0000000000000000000X01', '01HX0000000000000000000T01', 'mt-1', '1x2', 'Cork', 2.100, 'running', '2024-05-01 13:00:00', '2024-05-01 13:00:00'), ('01HX0000000000000000000X02', '01HX0000000000000000000T02', 'mt-2', 'winner', 'Rory', 8.000, 'lost', '2024-04-11 11:00:00', '2024-04-15 10:00:00');
insert into support_tickets values (1, '01HX0000000000000000000P01', 'Where is my bonus', 'open', '2024-05-01 14:00:00', '2024-05-01 15:00:00');

-- In the style of MikroORM entities of a NestJS service: singular snake case, uuid keys, jsonb left out, one wallet row with two balances.
-- engines: sqlite postgresql duckdb
create table mikro_orm_migrations (id integer primary key, name varchar(255), executed_at timestamp);
create table country (iso2 varchar(2) primary key, title varchar(60) not null);
create table account (
  id uuid primary key,
  login varchar(60) not null,
  email varchar(120) not null,
  password_hash varchar(100) not null,
  email_verified_at timestamp,
  phone varchar(30),
  phone_verified_at timestamp,
  first_name varchar(60),
  last_name varchar(60),
  birth_date date,
  sex varchar(1),
  country_iso2 varchar(2) references country(iso2),
  city varchar(60),
  language varchar(5),
  promo_code varchar(30),
  banned boolean not null,
  cooling_until timestamp,
  subscribed_email boolean not null,
  subscribed_sms boolean not null,
  vip_status varchar(20),
  total_deposit numeric(18,2) not null,
  google2fa_secret varchar(60),
  deleted_at timestamp,
  created_at timestamp not null,
  updated_at timestamp not null
);
create table auth_session (id uuid primary key, account_id uuid not null references account(id), refresh_token varchar(100) not null, ip varchar(45), user_agent varchar(300), expires_at timestamp not null, created_at timestamp not null);
create table account_wallet (id uuid primary key, account_id uuid not null references account(id), currency varchar(5) not null, real_balance numeric(24,8) not null, bonus_balance numeric(24,8) not null, is_default boolean not null, created_at timestamp not null, updated_at timestamp not null);
create table wallet_operation (id uuid primary key, wallet_id uuid not null references account_wallet(id), kind varchar(20) not null, value numeric(24,8) not null, state varchar(20) not null, gateway_name varchar(40), gateway_reference varchar(80), created_at timestamp not null, updated_at timestamp not null);
create table loyalty_program (id integer primary key, title varchar(60) not null, created_at timestamp not null);
create table bonus_template (id uuid primary key, code varchar(30) not null, title varchar(80) not null, wager numeric(6,2) not null, created_at timestamp not null, updated_at timestamp not null);
create table account_bonus (id uuid primary key, account_id uuid not null references account(id), template_id uuid not null references bonus_template(id), amount numeric(18,2) not null, status varchar(15) not null, valid_until timestamp, created_at timestamp not null, updated_at timestamp not null);
create table game_aggregator (id integer primary key, title varchar(40) not null);
create table casino_game (id uuid primary key, aggregator_id integer not null references game_aggregator(id), studio varchar(50) not null, external_code varchar(60) not null, title varchar(80) not null, section varchar(20) not null);
create table casino_session (id uuid primary key, account_id uuid not null references account(id), game_id uuid not null references casino_game(id), wallet_id uuid not null references account_wallet(id), launched_at timestamp not null);
create table casino_round (id uuid primary key, session_id uuid not null references casino_session(id), external_round varchar(60) not null, debit numeric(24,8) not null, credit numeric(24,8) not null, opened_at timestamp not null, closed_at timestamp);
insert into mikro_orm_migrations values (1, 'Migration1', '2024-01-01 00:00:00');
insert into country values ('LV', 'Latvia'), ('EE', 'Estonia');
insert into account values
 ('a0000000-0000-4000-8000-000000000001', 'liga', 'liga@mail.example', 'h', '2024-01-01 09:00:00', '+37120000001', null, 'Liga', 'Ozola', '1990-05-05', 'F', 'LV', 'Riga', 'lv', 'SPRING', false, null, true, false, 'gold', 500.00, null, null, '2024-01-01 08:00:00', '2024-05-01 08:00:00'),
 ('a0000000-0000-4000-8000-000000000002', 'karl', 'karl@mail.example', 'h', null, null, null, 'Karl', 'Tamm', null, 'M', 'EE', null, 'et', null, true, null, false, false, null, 0.00, null, null, '2024-01-02 08:00:00', '2024-05-02 08:00:00'),
 ('a0000000-0000-4000-8000-000000000003', 'gone', 'gone@mail.example', 'h', null, null, null, 'Gone', 'Away', null, null, 'LV', null, 'lv', null, false, '2024-09-01 00:00:00', false, false, null, 10.00, null, '2024-03-01 00:00:00', '2024-01-03 08:00:00', '2024-03-01 00:00:00'),
 ('a0000000-0000-4000-8000-000000000004', 'mara', 'mara@mail.example', 'h', '2024-01-04 09:00:00', '+37120000004', '2024-01-05 09:00:00', 'Mara', 'Kalna', '1985-05-05', 'F', 'LV', 'Ogre', 'lv', null, false, null, true, true, null, 75.50, null, null, '2024-01-04 08:00:00', '2024-05-04 08:00:00');
insert into auth_session values ('b0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'rt1', '10.20.0.1', 'Mozilla/5.0', '2024-06-01 08:00:00', '2024-05-01 08:00:00'), ('b0000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000004', 'rt2', '10.20.0.4', 'Mozilla/5.0', '2024-06-04 08:00:00', '2024-05-04 08:00:00');
insert into account_wallet values ('c0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'EUR', 150.25000000, 10.00000000, true, '2024-01-01 08:00:01', '2024-05-01 08:30:00'), ('c0000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000002', 'EUR', 0.00000000, 0.00000000, true, '2024-01-02 08:00:01', '2024-01-02 08:00:01'), ('c0000000-0000-4000-8000-000000000003', 'a0000000-0000-4000-8000-000000000004', 'USDT', 12.34567800, 1.00000000, true, '2024-01-04 08:00:01', '2024-05-04 08:30:00');
insert into wallet_operation values ('d0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 'deposit', 200.00000000, 'completed', 'Paysera', 'p1', '2024-05-01 07:00:00', '2024-05-01 07:01:00'), ('d0000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000001', 'withdrawal', 49.75000000, 'pending', 'Paysera', null, '2024-05-02 07:00:00', '2024-05-02 07:00:00'), ('d0000000-0000-4000-8000-000000000003', 'c0000000-0000-4000-8000-000000000003', 'deposit', 20.00000000, 'failed', 'Coinpay', 'c9', '2024-05-04 07:00:00', '2024-05-04 07:01:00');
insert into loyalty_program values (1, 'Baltic club', '2024-01-01 00:00:00');
insert into bonus_template values ('e0000000-0000-4000-8000-000000000001', 'WELCOME', 'Laipni ludzam', 30.00, '2024-01-01 00:00:00', '2024-01-01 00:00:00'), ('e0000000-0000-4000-8000-000000000002', 'LIGO', 'Ligo svetki', 25.00, '2024-01-01 00:00:00', '2024-02-01 00:00:00');
insert into account_bonus values ('f0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'e0000000-0000-4000-8000-000000000001', 10.00, 'active', '2024-06-01 00:00:00', '2024-05-01 07:02:00', '2024-05-01 07:02:00'), ('f0000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000004', 'e0000000-0000-4000-8000-000000000002', 5.00, 'finished', null, '2024-04-01 07:02:00', '2024-04-03 07:02:00');
insert into game_aggregator values (1, 'Softhub');
insert into casino_game values ('10000000-0000-4000-8000-000000000001', 1, 'Amber Games', 'amb-1', 'Amber Rush', 'slots'), ('10000000-0000-4000-8000-000000000002', 1, 'Amber Games', 'amb-2', 'Live Zole', 'live');
insert into casino_session values ('20000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', '2024-05-01 08:10:00'), ('20000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000004', '10000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000003', '2024-05-04 08:10:00');
insert into casino_round values ('30000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'r1', 1.00000000, 0.00000000, '2024-05-01 08:10:05', '2024-05-01 08:10:08'), ('30000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000001', 'r2', 1.00000000, 12.50000000, '2024-05-01 08:11:05', '2024-05-01 08:11:08'), ('30000000-0000-4000-8000-000000000003', '20000000-0000-4000-8000-000000000002', 'r3', 0.50000000, 0.75000000, '2024-05-04 08:10:05', '2024-05-04 08:10:09');

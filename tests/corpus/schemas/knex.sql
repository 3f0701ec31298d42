-- In the style of Knex migrations with Objection models: increments, timestamps(true, true), enums as checks, two money tables.
-- engines: sqlite postgresql mysql duckdb
create table knex_migrations (id integer primary key, name varchar(255), batch integer, migration_time timestamp);
create table knex_migrations_lock (idx integer primary key, is_locked integer);
create table admins (id integer primary key, login varchar(100) not null, pass varchar(100) not null, role varchar(20) not null, created_at timestamp not null, updated_at timestamp not null);
create table affiliates (id integer primary key, code varchar(30) not null, name varchar(100) not null, created_at timestamp not null, updated_at timestamp not null);
create table users (
  id integer primary key,
  username varchar(50) not null,
  email varchar(150) not null,
  password_digest varchar(100) not null,
  firstname varchar(60),
  lastname varchar(60),
  phone_number varchar(30),
  gender varchar(1),
  birthdate date,
  country varchar(2) not null,
  town varchar(80),
  lang varchar(5),
  currency varchar(3) not null,
  balance numeric(18,2) not null,
  bonus_balance numeric(18,2) not null,
  locked boolean not null,
  excluded boolean not null,
  affiliate_id integer references affiliates(id),
  loyalty_points integer not null,
  total_wagered numeric(18,2) not null,
  tags varchar(200),
  last_seen_at timestamp,
  created_at timestamp not null,
  updated_at timestamp not null
);
create table login_attempts (id integer primary key, user_id integer references users(id), ip_address varchar(45) not null, success boolean not null, created_at timestamp not null);
create table deposits (id integer primary key, user_id integer not null references users(id), gateway varchar(30) not null, amount numeric(18,2) not null, currency varchar(3) not null, status varchar(20) not null, psp_reference varchar(60), created_at timestamp not null, updated_at timestamp not null);
create table withdrawals (id integer primary key, user_id integer not null references users(id), gateway varchar(30) not null, amount numeric(18,2) not null, currency varchar(3) not null, status varchar(20) not null, iban varchar(40), approved_by integer references admins(id), created_at timestamp not null, updated_at timestamp not null);
create table bonuses (id integer primary key, name varchar(100) not null, type varchar(20) not null, percent integer, active boolean not null, created_at timestamp not null, updated_at timestamp not null);
create table user_bonuses (id integer primary key, user_id integer not null references users(id), bonus_id integer not null references bonuses(id), amount numeric(18,2) not null, wagered numeric(18,2) not null, status varchar(20) not null, expires_at timestamp, created_at timestamp not null, updated_at timestamp not null);
create table providers (id integer primary key, name varchar(60) not null);
create table games (id integer primary key, provider_id integer not null references providers(id), external_id varchar(60) not null, name varchar(100) not null, type varchar(30) not null, created_at timestamp not null, updated_at timestamp not null);
create table game_sessions (id varchar(36) primary key, user_id integer not null references users(id), game_id integer not null references games(id), currency varchar(3) not null, ip varchar(45), created_at timestamp not null, updated_at timestamp not null);
create table game_transactions (id integer primary key, session_id varchar(36) not null references game_sessions(id), round_id varchar(40) not null, type varchar(10) not null, amount numeric(18,2) not null, balance_after numeric(18,2) not null, created_at timestamp not null);
create table notifications (id integer primary key, user_id integer not null references users(id), title varchar(100) not null, body varchar(1000), read_at timestamp, created_at timestamp not null);
insert into knex_migrations values (1, '001_init.js', 1, '2024-01-01 00:00:00');
insert into knex_migrations_lock values (1, 0);
insert into admins values (1, 'root', 'x', 'super', '2023-01-01 00:00:00', '2023-01-01 00:00:00');
insert into affiliates values (1, 'AFF1', 'Best Slots Blog', '2023-01-01 00:00:00', '2023-01-01 00:00:00');
insert into users values
 (1, 'kim', 'kim@mail.example', 'd1', 'Kim', 'Ray', '+4420000001', 'f', '1991-01-01', 'GB', 'Leeds', 'en', 'GBP', 120.50, 10.00, false, false, 1, 340, 1250.00, 'vip, slots', '2024-05-01 09:00:00', '2024-01-01 09:00:00', '2024-05-01 09:00:00'),
 (2, 'lou', 'lou@mail.example', 'd2', 'Lou', 'May', null, 'm', null, 'IE', null, 'en', 'EUR', 0.00, 0.00, true, false, null, 0, 0.00, null, null, '2024-01-02 09:00:00', '2024-05-02 09:00:00'),
 (3, 'moe', 'moe@mail.example', 'd3', 'Moe', 'Fox', '+4420000003', 'm', '1980-03-03', 'GB', 'York', 'en', 'GBP', 5.25, 0.00, false, true, 1, 12, 80.00, 'sport', '2024-05-03 09:00:00', '2024-01-03 09:00:00', '2024-05-03 09:00:00');
insert into login_attempts values (1, 1, '10.9.0.1', true, '2024-05-01 09:00:00'), (2, 2, '10.9.0.2', false, '2024-05-02 09:00:00'), (3, 3, '10.9.0.3', true, '2024-05-03 09:00:00');
insert into deposits values (1, 1, 'stripe', 50.00, 'GBP', 'completed', 'ch_1', '2024-05-01 09:10:00', '2024-05-01 09:11:00'), (2, 3, 'skrill', 20.00, 'GBP', 'failed', null, '2024-05-03 09:10:00', '2024-05-03 09:11:00'), (3, 2, 'stripe', 10.00, 'EUR', 'pending', 'ch_3', '2024-05-04 09:10:00', '2024-05-04 09:10:00');
insert into withdrawals values (1, 1, 'bank', 30.00, 'GBP', 'completed', 'GB00XXXX', 1, '2024-05-02 09:10:00', '2024-05-02 12:11:00'), (2, 3, 'bank', 5.50, 'GBP', 'rejected', 'GB01XXXX', null, '2024-05-03 10:10:00', '2024-05-03 11:11:00');
insert into bonuses values (1, 'First deposit 50%', 'deposit', 50, true, '2024-01-01 00:00:00', '2024-01-01 00:00:00'), (2, 'Free tenner', 'free', null, false, '2024-01-01 00:00:00', '2024-02-01 00:00:00');
insert into user_bonuses values (1, 1, 1, 25.00, 100.00, 'active', '2024-06-01 00:00:00', '2024-05-01 09:12:00', '2024-05-01 10:12:00'), (2, 3, 2, 10.00, 0.00, 'cancelled', null, '2024-05-03 09:12:00', '2024-05-03 10:12:00');
insert into providers values (1, 'Red Barn');
insert into games values (1, 1, 'rb-1', 'Barn Storm', 'slot', '2024-01-01 00:00:00', '2024-01-01 00:00:00'), (2, 1, 'rb-2', 'Hay Jack', 'table', '2024-01-01 00:00:00', '2024-01-01 00:00:00');
insert into game_sessions values ('0c000000-0000-4000-8000-000000000001', 1, 1, 'GBP', '10.9.0.1', '2024-05-01 09:20:00', '2024-05-01 09:30:00'), ('0c000000-0000-4000-8000-000000000002', 3, 2, 'GBP', '10.9.0.3', '2024-05-03 09:20:00', '2024-05-03 09:30:00');
insert into game_transactions values (1, '0c000000-0000-4000-8000-000000000001', 'r1', 'bet', 1.00, 119.50, '2024-05-01 09:20:10'), (2, '0c000000-0000-4000-8000-000000000001', 'r1', 'win', 3.50, 123.00, '2024-05-01 09:20:12'), (3, '0c000000-0000-4000-8000-000000000001', 'r2', 'bet', 2.50, 120.50, '2024-05-01 09:21:10'), (4, '0c000000-0000-4000-8000-000000000002', 'r3', 'bet', 5.00, 5.25, '2024-05-03 09:20:10'), (5, '0c000000-0000-4000-8000-000000000002', 'r3', 'refund', 5.00, 10.25, '2024-05-03 09:20:20');
insert into notifications values (1, 1, 'Hi', 'Welcome', null, '2024-01-01 09:00:00');

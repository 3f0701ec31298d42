-- In the style of Laravel without declared foreign keys: nullable timestamps, soft deletes, signed amounts, balances inside players.
create table migrations (id serial primary key, migration varchar(255) not null, batch integer not null);
create table password_resets (email varchar(255) not null, token varchar(255) not null, created_at timestamp);
create table personal_access_tokens (id bigserial primary key, tokenable_type varchar(255) not null, tokenable_id bigint not null, name varchar(255) not null, token varchar(64) not null, last_used_at timestamp, created_at timestamp, updated_at timestamp);
create table failed_jobs (id bigserial primary key, uuid varchar(255) not null, payload text not null, failed_at timestamp not null);
create table admins (id bigserial primary key, name varchar(255) not null, email varchar(255) not null, password varchar(255) not null, remember_token varchar(100), created_at timestamp, updated_at timestamp);
create table players (
  id bigserial primary key,
  uuid varchar(36) not null,
  login varchar(255) not null,
  name varchar(255),
  surname varchar(255),
  email varchar(255) not null,
  email_verified_at timestamp,
  phone varchar(255),
  password varchar(255) not null,
  remember_token varchar(100),
  autologin_token varchar(64),
  sex varchar(10),
  birthday date,
  country varchar(2),
  city varchar(255),
  ip varchar(45),
  lang varchar(5),
  currency varchar(10) not null,
  balance decimal(20,2) not null,
  bonus_balance decimal(20,2) not null,
  is_banned smallint not null,
  promo_code varchar(255),
  created_at timestamp,
  updated_at timestamp,
  deleted_at timestamp
);
create table player_logins (id bigserial primary key, player_id bigint not null, ip varchar(45) not null, user_agent varchar(500), status varchar(20) not null, created_at timestamp, updated_at timestamp);
create table transactions (
  id bigserial primary key,
  player_id bigint not null,
  admin_id bigint,
  uuid varchar(36) not null,
  type varchar(30) not null,
  sum decimal(20,2) not null,
  balance_before decimal(20,2) not null,
  balance_after decimal(20,2) not null,
  currency varchar(10) not null,
  status varchar(20) not null,
  payment_system varchar(50),
  comment text,
  created_at timestamp,
  updated_at timestamp
);
create table bonuses (id bigserial primary key, name varchar(255) not null, type varchar(30) not null, amount decimal(20,2), active smallint not null, created_at timestamp, updated_at timestamp, deleted_at timestamp);
create table bonus_player (id bigserial primary key, bonus_id bigint not null, player_id bigint not null, status varchar(20) not null, active smallint not null, used smallint not null, expires_at timestamp, created_at timestamp, updated_at timestamp);
create table slots (id bigserial primary key, provider_id bigint not null, title varchar(255) not null, code varchar(100) not null, created_at timestamp, updated_at timestamp);
create table slot_providers (id bigserial primary key, name varchar(255) not null, created_at timestamp, updated_at timestamp);
create table game_logs (
  id bigserial primary key,
  player_id bigint not null,
  slot_id bigint not null,
  session varchar(64) not null,
  round_id varchar(64) not null,
  action varchar(10) not null,
  sum decimal(20,2) not null,
  currency varchar(10) not null,
  created_at timestamp,
  updated_at timestamp
);
create table sports (id bigserial primary key, name varchar(255) not null);
create table leagues (id bigserial primary key, sport_id bigint not null, name varchar(255) not null, start_date timestamp, end_date timestamp, created_at timestamp, updated_at timestamp);
create table games (id bigserial primary key, league_id bigint not null, title varchar(255) not null, type varchar(20) not null, status varchar(20) not null, starts_at timestamp not null, created_at timestamp, updated_at timestamp);
create table coupons (id bigserial primary key, player_id bigint not null, type varchar(20) not null, amount decimal(20,2) not null, win decimal(20,2), currency varchar(10) not null, status varchar(20) not null, created_at timestamp, updated_at timestamp);
create table coupon_items (id bigserial primary key, coupon_id bigint not null, game_id bigint not null, market varchar(100) not null, pick varchar(100) not null, coef decimal(10,3) not null, status varchar(20) not null, created_at timestamp, updated_at timestamp);
insert into admins values (1, 'Root', 'root@house.example', 'x', null, '2024-01-01 00:00:00', '2024-01-01 00:00:00');
insert into personal_access_tokens values (1, 'App\Models\Player', 1, 'api', 'zzz', null, '2024-01-01 00:00:00', '2024-01-01 00:00:00');
insert into players values
  (1, 'u-1', 'eva', 'Eva', 'Novak', 'eva@mail.example', null, '+420600000001', 'x', null, 'auto-1', 'female', '1990-05-05', 'CZ', 'Praha', '10.3.0.1', 'cs', 'CZK', 1500.00, 200.00, 0, 'VIP', '2024-01-01 00:00:00', '2024-05-01 00:00:00', null),
  (2, 'u-2', 'fil', 'Filip', 'Maly', 'fil@mail.example', null, null, 'x', null, 'auto-2', 'male', null, 'SK', 'Zilina', '10.3.0.2', 'sk', 'EUR', 0.00, 0.00, 1, null, '2024-02-01 00:00:00', '2024-05-02 00:00:00', null),
  (3, 'u-3', 'old', 'Old', 'Gone', 'old@mail.example', null, null, 'x', null, null, 'male', null, 'SK', 'Zilina', '10.3.0.3', 'sk', 'EUR', 0.00, 0.00, 0, null, '2024-02-01 00:00:00', '2024-04-02 00:00:00', '2024-04-02 00:00:00');
insert into player_logins values (1, 1, '10.3.0.1', 'Mozilla', 'success', '2024-05-01 00:00:00', '2024-05-01 00:00:00'), (2, 2, '10.3.0.2', 'Mozilla', 'failed', '2024-05-02 00:00:00', '2024-05-02 00:00:00');
insert into transactions values
  (1, 1, null, 'x1', 'card', 1000.00, 500.00, 1500.00, 'CZK', 'success', 'visa', null, '2024-05-01 00:00:00', '2024-05-01 00:01:00'),
  (2, 1, 1, 'x2', 'card', -250.50, 1750.50, 1500.00, 'CZK', 'pending', 'visa', 'big one', '2024-05-02 00:00:00', '2024-05-02 00:01:00'),
  (3, 2, null, 'x3', 'crypto', 20.00, 0.00, 20.00, 'EUR', 'canceled', 'btc', null, '2024-05-02 00:00:00', '2024-05-02 00:03:00');
insert into bonuses values (1, 'First deposit', 'deposit', 100.00, 1, '2024-01-01 00:00:00', '2024-01-01 00:00:00', null);
insert into bonus_player values (1, 1, 1, 'active', 1, 0, '2024-06-01 00:00:00', '2024-05-01 00:00:00', '2024-05-01 00:00:00'), (2, 1, 2, 'wagered', 0, 1, null, '2024-05-01 00:00:00', '2024-05-02 00:00:00');
insert into slot_providers values (1, 'Czechmate', '2024-01-01 00:00:00', '2024-01-01 00:00:00');
insert into slots values (1, 1, 'Golem Gold', 'golem', '2024-01-01 00:00:00', '2024-01-01 00:00:00'), (2, 1, 'Tower', 'tower', '2024-01-01 00:00:00', '2024-01-01 00:00:00');
insert into game_logs values
  (1, 1, 1, 's-1', 'r-1', 'bet', 10.00, 'CZK', '2024-05-01 10:00:00', '2024-05-01 10:00:00'), (2, 1, 1, 's-1', 'r-1', 'win', 25.00, 'CZK', '2024-05-01 10:00:02', '2024-05-01 10:00:02'),
  (3, 1, 1, 's-1', 'r-2', 'bet', 10.00, 'CZK', '2024-05-01 10:00:05', '2024-05-01 10:00:05'), (4, 2, 2, 's-2', 'r-3', 'bet', 1.00, 'EUR', '2024-05-02 10:00:05', '2024-05-02 10:00:05');
insert into sports values (1, 'Ice hockey');
insert into leagues values (1, 1, 'Extraliga', '2024-09-01 00:00:00', '2025-04-30 00:00:00', '2024-01-01 00:00:00', '2024-01-01 00:00:00');
insert into games values (1, 1, 'Sparta - Kometa', 'match', 'live', '2024-10-01 16:00:00', '2024-05-01 00:00:00', '2024-10-01 16:01:00'), (2, 1, 'Champion', 'outright', 'not_started', '2025-04-01 16:00:00', '2024-05-01 00:00:00', '2024-05-01 16:01:00');
insert into coupons values (1, 1, 'express', 100.00, null, 'CZK', 'accepted', '2024-05-01 00:00:00', '2024-05-01 00:00:00'), (2, 2, 'ordinar', 5.00, 9.00, 'EUR', 'won', '2024-05-01 00:00:00', '2024-05-03 00:00:00');
insert into coupon_items values (1, 1, 1, 'Result', '1', 1.800, 'open', '2024-05-01 00:00:00', '2024-05-01 00:00:00'), (2, 2, 1, 'Result', 'X', 4.100, 'won', '2024-05-01 00:00:00', '2024-05-03 00:00:00');

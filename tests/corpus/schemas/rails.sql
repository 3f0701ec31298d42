-- In the style of Rails with devise, money-rails, authtrail and discard: plural tables, cents, created_at and updated_at.
create table schema_migrations (version varchar primary key);
create table ar_internal_metadata (key varchar primary key, value varchar, created_at timestamp not null, updated_at timestamp not null);
create table admin_users (id bigserial primary key, email varchar not null, encrypted_password varchar not null, created_at timestamp not null, updated_at timestamp not null);
create table users (
  id bigserial primary key,
  email varchar not null,
  encrypted_password varchar not null,
  reset_password_token varchar,
  sign_in_count integer default 0 not null,
  current_sign_in_at timestamp,
  current_sign_in_ip varchar,
  confirmed_at timestamp,
  locked_at timestamp,
  given_name varchar,
  family_name varchar,
  born_on date,
  country_code varchar,
  phone varchar,
  locale varchar,
  time_zone varchar,
  newsletter boolean default false not null,
  discarded_at timestamp,
  created_at timestamp not null,
  updated_at timestamp not null
);
create table login_activities (
  id bigserial primary key,
  scope varchar,
  strategy varchar,
  identity varchar,
  success boolean,
  failure_reason varchar,
  user_type varchar,
  user_id bigint references users(id),
  context varchar,
  ip varchar,
  user_agent text,
  referrer text,
  city varchar,
  created_at timestamp
);
create table magic_links (id bigserial primary key, user_id bigint not null references users(id), token varchar not null, created_at timestamp not null, updated_at timestamp not null);
create table accounts (
  id bigserial primary key,
  user_id bigint not null references users(id),
  account_type varchar not null,
  balance_cents bigint default 0 not null,
  balance_currency varchar default 'EUR' not null,
  created_at timestamp not null,
  updated_at timestamp not null
);
create table payments (
  id bigserial primary key,
  account_id bigint not null references accounts(id),
  direction varchar not null,
  amount_cents bigint not null,
  amount_currency varchar not null,
  gateway varchar,
  aasm_state varchar not null,
  created_at timestamp not null,
  updated_at timestamp not null
);
create table promotions (id bigserial primary key, name varchar not null, starts_at timestamp, ends_at timestamp, created_at timestamp not null, updated_at timestamp not null);
create table user_promotions (id bigserial primary key, user_id bigint not null references users(id), promotion_id bigint not null references promotions(id), expires_at timestamp, completed boolean, created_at timestamp not null, updated_at timestamp not null);
create table providers (id bigserial primary key, name varchar not null, created_at timestamp not null, updated_at timestamp not null);
create table games (id bigserial primary key, provider_id bigint not null references providers(id), identifier varchar not null, title varchar not null, game_type varchar, created_at timestamp not null, updated_at timestamp not null);
create table game_sessions (id bigserial primary key, user_id bigint not null references users(id), game_id bigint not null references games(id), account_id bigint not null references accounts(id), token varchar not null, created_at timestamp not null, updated_at timestamp not null);
create table game_rounds (id bigserial primary key, game_session_id bigint not null references game_sessions(id), external_id varchar, finished boolean default false, created_at timestamp not null, updated_at timestamp not null);
create table game_transactions (
  id bigserial primary key,
  game_round_id bigint not null references game_rounds(id),
  transaction_type varchar not null,
  amount_cents bigint not null,
  amount_currency varchar not null,
  external_id varchar not null,
  created_at timestamp not null,
  updated_at timestamp not null
);
create table active_storage_blobs (id bigserial primary key, key varchar not null, filename varchar not null, created_at timestamp not null);
insert into users values
  (1, 'ann@mail.example', 'x', null, 3, '2024-05-02 10:00:00', '10.1.0.1', '2024-01-03 00:00:00', null, 'Ann', 'Lee', '1991-01-01', 'DE', '+4915100000', 'de', 'Berlin', true, null, '2024-01-02 00:00:00', '2024-05-02 10:00:00'),
  (2, 'ben@mail.example', 'x', null, 1, null, null, null, '2024-04-01 00:00:00', 'Ben', 'Orr', null, 'FI', null, 'fi', 'Helsinki', false, null, '2024-01-05 00:00:00', '2024-04-01 00:00:00'),
  (3, 'gone@mail.example', 'x', null, 1, null, null, null, null, 'Gone', 'Away', null, 'FI', null, 'fi', 'Helsinki', false, '2024-03-01 00:00:00', '2024-01-06 00:00:00', '2024-03-01 00:00:00');
insert into login_activities values (1, 'user', 'database_authenticatable', 'ann@mail.example', true, null, 'User', 1, 'sessions#create', '10.1.0.1', 'Mozilla', null, 'Berlin', '2024-05-02 10:00:00'), (2, 'user', 'database_authenticatable', 'ben@mail.example', false, 'invalid', 'User', 2, 'sessions#create', '10.1.0.2', 'Mozilla', null, 'Turku', '2024-05-02 11:00:00');
insert into magic_links values (1, 1, 'tok1', '2024-05-01 00:00:00', '2024-05-01 00:00:00'), (2, 2, 'tok2', '2024-05-01 00:00:00', '2024-05-02 00:00:00');
insert into accounts values (10, 1, 'real', 150050, 'EUR', '2024-01-02 00:00:00', '2024-05-02 10:00:00'), (11, 1, 'bonus', 2000, 'EUR', '2024-01-02 00:00:00', '2024-05-02 10:00:00'), (12, 2, 'real', 0, 'SEK', '2024-01-05 00:00:00', '2024-01-05 00:00:00');
insert into payments values (1, 10, 'incoming', 10000, 'EUR', 'adyen', 'succeeded', '2024-05-01 00:00:00', '2024-05-01 00:01:00'), (2, 10, 'outgoing', 5025, 'EUR', 'trustly', 'pending', '2024-05-02 00:00:00', '2024-05-02 00:01:00'), (3, 12, 'incoming', 200000, 'SEK', 'trustly', 'failed', '2024-05-02 00:00:00', '2024-05-02 00:05:00');
insert into promotions values (1, 'Spring boost', '2024-03-01 00:00:00', '2024-06-01 00:00:00', '2024-02-01 00:00:00', '2024-02-01 00:00:00');
insert into user_promotions values (1, 1, 1, '2024-06-01 00:00:00', false, '2024-05-01 00:00:00', '2024-05-01 00:00:00'), (2, 2, 1, null, true, '2024-05-01 00:00:00', '2024-05-03 00:00:00');
insert into providers values (1, 'Orbit', '2024-01-01 00:00:00', '2024-01-01 00:00:00');
insert into games values (1, 1, 'orb-01', 'Golden Orbit', 'slots', '2024-01-01 00:00:00', '2024-01-01 00:00:00');
insert into game_sessions values (5, 1, 1, 10, 'g1', '2024-05-02 10:00:00', '2024-05-02 10:10:00'), (6, 2, 1, 12, 'g2', '2024-05-02 11:00:00', '2024-05-02 11:10:00');
insert into game_rounds values (50, 5, 'e50', true, '2024-05-02 10:00:00', '2024-05-02 10:00:02'), (51, 5, 'e51', true, '2024-05-02 10:01:00', '2024-05-02 10:01:02'), (60, 6, 'e60', true, '2024-05-02 11:00:00', '2024-05-02 11:00:02');
insert into game_transactions values (1, 50, 'bet', 100, 'EUR', 'a', '2024-05-02 10:00:01', '2024-05-02 10:00:01'), (2, 50, 'win', 250, 'EUR', 'b', '2024-05-02 10:00:02', '2024-05-02 10:00:02'), (3, 51, 'bet', 100, 'EUR', 'c', '2024-05-02 10:01:01', '2024-05-02 10:01:01'), (4, 60, 'bet', 1000, 'SEK', 'd', '2024-05-02 11:00:01', '2024-05-02 11:00:01'), (5, 60, 'rollback', 1000, 'SEK', 'e', '2024-05-02 11:00:02', '2024-05-02 11:00:02');

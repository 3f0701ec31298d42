-- In the style of a Phoenix umbrella with Ecto: inserted_at, microseconds, binary ids, Money in minor units with its currency.
-- engines: sqlite postgresql duckdb
create table schema_migrations (version bigint primary key, inserted_at timestamp(0));
create table oban_jobs (id bigint primary key, state varchar(255) not null, queue varchar(255) not null, worker varchar(255) not null, args varchar(2000) not null, inserted_at timestamp(6) not null, scheduled_at timestamp(6) not null, attempted_at timestamp(6));
create table staff (id uuid primary key, email varchar(160) not null, hashed_password varchar(255) not null, inserted_at timestamp(0) not null, updated_at timestamp(0) not null);
create table members (
  id uuid primary key,
  email varchar(160) not null,
  hashed_password varchar(255) not null,
  confirmed_at timestamp(0),
  nickname varchar(40),
  forename varchar(80),
  surname varchar(80),
  sex varchar(8),
  dob date,
  country_code varchar(2),
  preferred_locale varchar(8),
  mobile varchar(30),
  mobile_confirmed_at timestamp(0),
  marketing_email boolean not null default true,
  marketing_sms boolean not null default false,
  suspended_at timestamp(0),
  self_excluded_until timestamp(0),
  vip_tier integer not null default 0,
  lifetime_deposits_cents bigint not null default 0,
  totp_secret varchar(64),
  inserted_at timestamp(6) not null,
  updated_at timestamp(6) not null
);
create table member_tokens (id uuid primary key, member_id uuid not null references members(id), token varchar(64) not null, context varchar(40) not null, sent_to varchar(160), inserted_at timestamp(0) not null);
create table sign_ins (id uuid primary key, member_id uuid not null references members(id), remote_ip varchar(45), user_agent varchar(400), succeeded boolean not null, inserted_at timestamp(6) not null);
create table purses (id uuid primary key, member_id uuid not null references members(id), kind varchar(20) not null, currency varchar(3) not null, balance_cents bigint not null, inserted_at timestamp(6) not null, updated_at timestamp(6) not null);
create table cashier_operations (
  id uuid primary key,
  member_id uuid not null references members(id),
  purse_id uuid references purses(id),
  direction varchar(10) not null,
  amount_cents bigint not null,
  fee_cents bigint not null default 0,
  currency varchar(3) not null,
  provider varchar(40) not null,
  state varchar(20) not null,
  external_ref varchar(80),
  settled_at timestamp(6),
  inserted_at timestamp(6) not null,
  updated_at timestamp(6) not null
);
create table promotions (id uuid primary key, title varchar(120) not null, slug varchar(60) not null, wagering integer not null, live boolean not null, inserted_at timestamp(6) not null, updated_at timestamp(6) not null);
create table promotion_claims (id uuid primary key, member_id uuid not null references members(id), promotion_id uuid not null references promotions(id), state varchar(20) not null, expires_at timestamp(0), completed_at timestamp(0), inserted_at timestamp(6) not null, updated_at timestamp(6) not null);
create table studios (id uuid primary key, name varchar(60) not null);
create table titles (id uuid primary key, studio_id uuid not null references studios(id), name varchar(100) not null, category varchar(30) not null, rtp numeric(5,2));
create table plays (id uuid primary key, member_id uuid not null references members(id), title_id uuid not null references titles(id), currency varchar(3) not null, started_at timestamp(6) not null, ended_at timestamp(6));
create table play_events (id uuid primary key, play_id uuid not null references plays(id), type varchar(12) not null, amount_cents bigint not null, round_ref varchar(40), inserted_at timestamp(6) not null);
insert into schema_migrations values (20240101000000, '2024-01-01 00:00:00');
insert into oban_jobs values (1, 'completed', 'mail', 'Casino.Mail', '{}', '2024-05-01 10:00:00', '2024-05-01 10:00:00', '2024-05-01 10:00:01');
insert into staff values ('aaaaaaaa-0000-4000-8000-000000000001', 'ops@corp.example', 'x', '2023-01-01 00:00:00', '2023-01-01 00:00:00');
insert into members values
 ('11111111-1111-4111-8111-111111111101', 'ada@mail.example', 'h1', '2024-01-02 09:00:00', 'ada7', 'Ada', 'Berg', 'female', '1990-02-03', 'SE', 'sv_SE', '+46700000001', null, true, false, null, null, 3, 250000, 'JBSWY3', '2024-01-02 08:00:00.123456', '2024-05-01 10:00:00.654321'),
 ('11111111-1111-4111-8111-111111111102', 'bo@mail.example', 'h2', null, 'bobo', 'Bo', 'Lind', 'male', '1985-12-01', 'NO', 'nb_NO', null, null, false, false, '2024-04-01 00:00:00', null, 0, 0, null, '2024-02-02 08:00:00.000001', '2024-04-01 10:00:00.000002'),
 ('11111111-1111-4111-8111-111111111103', 'cy@mail.example', 'h3', '2024-03-03 09:00:00', 'cyc', 'Cy', 'Dahl', null, null, 'FI', 'fi_FI', '+35840000003', '2024-03-04 00:00:00', true, true, null, '2024-12-31 00:00:00', 1, 5000, null, '2024-03-03 08:00:00.5', '2024-05-03 10:00:00.25');
insert into member_tokens values ('22222222-0000-4000-8000-000000000001', '11111111-1111-4111-8111-111111111101', 'tokA', 'session', null, '2024-05-01 10:00:00'), ('22222222-0000-4000-8000-000000000002', '11111111-1111-4111-8111-111111111102', 'tokB', 'confirm', 'bo@mail.example', '2024-02-02 08:00:00');
insert into sign_ins values ('33333333-0000-4000-8000-000000000001', '11111111-1111-4111-8111-111111111101', '10.8.0.1', 'Mozilla/5.0', true, '2024-05-01 10:00:00.1'), ('33333333-0000-4000-8000-000000000002', '11111111-1111-4111-8111-111111111103', '10.8.0.2', 'Mozilla/5.0', false, '2024-05-02 10:00:00.2'), ('33333333-0000-4000-8000-000000000003', '11111111-1111-4111-8111-111111111103', '10.8.0.2', 'Mozilla/5.0', true, '2024-05-02 10:00:09.3');
insert into purses values ('44444444-0000-4000-8000-000000000001', '11111111-1111-4111-8111-111111111101', 'cash', 'SEK', 123450, '2024-01-02 08:00:01', '2024-05-01 10:05:00'), ('44444444-0000-4000-8000-000000000002', '11111111-1111-4111-8111-111111111101', 'bonus', 'SEK', 5000, '2024-01-02 08:00:01', '2024-04-01 10:05:00'), ('44444444-0000-4000-8000-000000000003', '11111111-1111-4111-8111-111111111103', 'cash', 'EUR', 0, '2024-03-03 08:00:01', '2024-05-03 10:05:00');
insert into cashier_operations values
 ('55555555-0000-4000-8000-000000000001', '11111111-1111-4111-8111-111111111101', '44444444-0000-4000-8000-000000000001', 'deposit', 50000, 0, 'SEK', 'Trustly', 'settled', 'T-1', '2024-05-01 09:01:00', '2024-05-01 09:00:00', '2024-05-01 09:01:00'),
 ('55555555-0000-4000-8000-000000000002', '11111111-1111-4111-8111-111111111101', '44444444-0000-4000-8000-000000000001', 'withdrawal', 20000, 100, 'SEK', 'Trustly', 'pending', null, null, '2024-05-02 09:00:00', '2024-05-02 09:00:00'),
 ('55555555-0000-4000-8000-000000000003', '11111111-1111-4111-8111-111111111103', '44444444-0000-4000-8000-000000000003', 'deposit', 2500, 0, 'EUR', 'Visa', 'failed', 'V-9', null, '2024-05-03 09:00:00', '2024-05-03 09:00:30');
insert into promotions values ('66666666-0000-4000-8000-000000000001', 'Midsommar 100%', 'midsommar', 30, true, '2024-01-01 00:00:00', '2024-01-01 00:00:00'), ('66666666-0000-4000-8000-000000000002', 'Welcome spins', 'welcome', 35, false, '2023-01-01 00:00:00', '2024-02-01 00:00:00');
insert into promotion_claims values ('77777777-0000-4000-8000-000000000001', '11111111-1111-4111-8111-111111111101', '66666666-0000-4000-8000-000000000001', 'active', '2024-06-01 00:00:00', null, '2024-05-01 09:02:00', '2024-05-01 09:02:00'), ('77777777-0000-4000-8000-000000000002', '11111111-1111-4111-8111-111111111103', '66666666-0000-4000-8000-000000000002', 'completed', null, '2024-04-02 00:00:00', '2024-04-01 09:02:00', '2024-04-02 00:00:00');
insert into studios values ('88888888-0000-4000-8000-000000000001', 'Nordlys Games');
insert into titles values ('99999999-0000-4000-8000-000000000001', '88888888-0000-4000-8000-000000000001', 'Troll Gold', 'slots', 96.10), ('99999999-0000-4000-8000-000000000002', '88888888-0000-4000-8000-000000000001', 'Fjord Roulette', 'live', 97.30);
insert into plays values ('aaaaaaaa-1000-4000-8000-000000000001', '11111111-1111-4111-8111-111111111101', '99999999-0000-4000-8000-000000000001', 'SEK', '2024-05-01 10:00:00', null), ('aaaaaaaa-1000-4000-8000-000000000002', '11111111-1111-4111-8111-111111111103', '99999999-0000-4000-8000-000000000002', 'EUR', '2024-05-02 11:00:00', '2024-05-02 11:30:00');
insert into play_events values ('bbbbbbbb-0000-4000-8000-000000000001', 'aaaaaaaa-1000-4000-8000-000000000001', 'stake', 1000, 'r1', '2024-05-01 10:00:05'), ('bbbbbbbb-0000-4000-8000-000000000002', 'aaaaaaaa-1000-4000-8000-000000000001', 'payout', 2500, 'r1', '2024-05-01 10:00:07'), ('bbbbbbbb-0000-4000-8000-000000000003', 'aaaaaaaa-1000-4000-8000-000000000001', 'stake', 1000, 'r2', '2024-05-01 10:01:05'), ('bbbbbbbb-0000-4000-8000-000000000004', 'aaaaaaaa-1000-4000-8000-000000000002', 'stake', 500, 'r3', '2024-05-02 11:00:05');

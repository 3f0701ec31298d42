-- In the style of an event-sourced core: streams of events beside their projections, one ledger of signed minor units.
-- engines: sqlite postgresql duckdb
create table events (global_position bigint primary key, stream_name varchar(120) not null, type varchar(80) not null, data varchar(4000) not null, metadata varchar(1000), recorded_on timestamp not null);
create table snapshots (stream_name varchar(120) primary key, version bigint not null, state varchar(4000) not null, taken_on timestamp not null);
create table projection_customers (
  customer_uuid uuid primary key,
  person_first varchar(60),
  person_last varchar(60),
  birth_on date,
  residence varchar(2),
  speaks varchar(5),
  signup_code varchar(30),
  blocked boolean not null,
  cooling_off boolean not null,
  registered_on timestamp not null,
  changed_on timestamp not null
);
create table projection_customer_channels (customer_uuid uuid primary key references projection_customers(customer_uuid), mail varchar(160), mail_verified_on timestamp, mail_consent boolean not null, cell varchar(30), cell_consent boolean not null, device_token varchar(200), added_on timestamp not null, changed_on timestamp not null);
create table projection_authentications (authentication_uuid uuid primary key, customer_uuid uuid not null references projection_customers(customer_uuid), address varchar(45) not null, agent varchar(300), accepted boolean not null, happened_on timestamp not null);
create table ledger_accounts (ledger_account_uuid uuid primary key, customer_uuid uuid not null references projection_customers(customer_uuid), money_kind varchar(10) not null, currency varchar(3) not null, balance_minor bigint not null, opened_on timestamp not null, changed_on timestamp not null);
create table ledger_postings (posting_uuid uuid primary key, ledger_account_uuid uuid not null references ledger_accounts(ledger_account_uuid), delta_minor bigint not null, reason varchar(20) not null, correlation varchar(40), posted_on timestamp not null);
create table projection_rewards (reward_uuid uuid primary key, label varchar(100) not null, defined_on timestamp not null, changed_on timestamp not null);
create table projection_customer_rewards (customer_reward_uuid uuid primary key, customer_uuid uuid not null references projection_customers(customer_uuid), reward_uuid uuid not null references projection_rewards(reward_uuid), live boolean not null, spent boolean not null, lapses_on timestamp, awarded_on timestamp not null, changed_on timestamp not null);
insert into events values (1, 'customer-1', 'CustomerRegistered', '{}', null, '2024-01-01 06:00:00'), (2, 'customer-2', 'CustomerRegistered', '{}', null, '2024-01-02 06:00:00');
insert into snapshots values ('customer-1', 1, '{}', '2024-05-01 00:00:00');
insert into projection_customers values
 ('e0000000-0000-4000-8000-000000000001', 'Tove', 'Holm', '1991-09-09', 'DK', 'da', 'SUMMER', false, false, '2024-01-01 06:00:00', '2024-05-01 06:00:00'),
 ('e0000000-0000-4000-8000-000000000002', 'Nils', 'Friis', '1975-11-11', 'DK', 'da', null, true, false, '2024-01-02 06:00:00', '2024-05-02 06:00:00'),
 ('e0000000-0000-4000-8000-000000000003', 'Kaja', 'Lund', null, 'SE', 'sv', 'RADIO', false, true, '2024-01-03 06:00:00', '2024-05-03 06:00:00');
insert into projection_customer_channels values ('e0000000-0000-4000-8000-000000000001', 'tove@mail.example', '2024-01-01 07:00:00', true, '+4520000001', true, null, '2024-01-01 06:00:01', '2024-02-01 06:00:00'), ('e0000000-0000-4000-8000-000000000002', 'nils@mail.example', null, false, null, false, null, '2024-01-02 06:00:01', '2024-02-02 06:00:00'), ('e0000000-0000-4000-8000-000000000003', 'kaja@mail.example', null, true, '+4670000003', false, 'dev-1', '2024-01-03 06:00:01', '2024-02-03 06:00:00');
insert into projection_authentications values ('e1000000-0000-4000-8000-000000000001', 'e0000000-0000-4000-8000-000000000001', '10.14.0.1', 'Mozilla/5.0', true, '2024-05-01 06:00:00'), ('e1000000-0000-4000-8000-000000000002', 'e0000000-0000-4000-8000-000000000002', '10.14.0.2', 'Mozilla/5.0', false, '2024-05-02 06:00:00');
insert into ledger_accounts values ('e2000000-0000-4000-8000-000000000001', 'e0000000-0000-4000-8000-000000000001', 'cash', 'DKK', 45000, '2024-01-01 06:00:00', '2024-05-01 06:10:00'), ('e2000000-0000-4000-8000-000000000002', 'e0000000-0000-4000-8000-000000000001', 'promo', 'DKK', 1500, '2024-01-01 06:00:00', '2024-05-01 06:10:00'), ('e2000000-0000-4000-8000-000000000003', 'e0000000-0000-4000-8000-000000000003', 'cash', 'SEK', 9999, '2024-01-03 06:00:00', '2024-05-03 06:10:00');
insert into ledger_postings values ('e3000000-0000-4000-8000-000000000001', 'e2000000-0000-4000-8000-000000000001', 50000, 'deposit', 'c-1', '2024-05-01 06:05:00'), ('e3000000-0000-4000-8000-000000000002', 'e2000000-0000-4000-8000-000000000001', -5000, 'withdrawal', 'c-2', '2024-05-01 06:10:00'), ('e3000000-0000-4000-8000-000000000003', 'e2000000-0000-4000-8000-000000000002', 1500, 'bonus', 'c-3', '2024-05-01 06:10:00'), ('e3000000-0000-4000-8000-000000000004', 'e2000000-0000-4000-8000-000000000003', 9999, 'deposit', 'c-4', '2024-05-03 06:10:00');
insert into projection_rewards values ('e4000000-0000-4000-8000-000000000001', 'Sommerbonus', '2024-01-01 00:00:00', '2024-01-01 00:00:00'), ('e4000000-0000-4000-8000-000000000002', 'Velkomst', '2024-01-01 00:00:00', '2024-03-01 00:00:00');
insert into projection_customer_rewards values ('e5000000-0000-4000-8000-000000000001', 'e0000000-0000-4000-8000-000000000001', 'e4000000-0000-4000-8000-000000000001', true, false, '2024-06-01 00:00:00', '2024-05-01 06:10:00', '2024-05-01 06:10:00'), ('e5000000-0000-4000-8000-000000000002', 'e0000000-0000-4000-8000-000000000003', 'e4000000-0000-4000-8000-000000000002', false, true, null, '2024-04-01 06:10:00', '2024-04-03 06:10:00');

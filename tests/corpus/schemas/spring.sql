-- In the style of Spring with JPA: singular tables, audit columns, enums as strings, sequences. Written to be held out.
create table flyway_schema_history (installed_rank integer primary key, version varchar(50), script varchar(1000) not null, installed_on timestamp not null, success boolean not null);
create table back_office_user (id bigint primary key, user_name varchar(100) not null, role varchar(30) not null, created_date timestamp not null);
create table gaming_customer (
  id bigint primary key,
  brand_id integer not null,
  customer_code varchar(20) not null,
  given_names varchar(100),
  family_name varchar(100),
  gender varchar(10),
  birth_date date,
  country_iso varchar(2),
  account_status varchar(20) not null,
  exclusion_date timestamp,
  registration_ts timestamp not null,
  last_modified_ts timestamp not null,
  last_modified_by bigint,
  entity_version integer not null
);
create table customer_contact_data (
  id bigint primary key,
  customer_id bigint not null references gaming_customer(id),
  e_mail varchar(200),
  e_mail_verified boolean not null,
  cell_phone varchar(40),
  created_ts timestamp not null,
  last_modified_ts timestamp not null
);
create table authentication_log (id bigint primary key, customer_id bigint not null references gaming_customer(id), attempt_ts timestamp not null, remote_address varchar(45), client_agent varchar(300), attempt_result varchar(20) not null);
create table one_click_login (customer_id bigint primary key references gaming_customer(id), secret_token varchar(100) not null, issued_ts timestamp not null, last_modified_ts timestamp not null);
create table money_account (id bigint primary key, customer_id bigint not null references gaming_customer(id), account_kind varchar(20) not null, currency_code varchar(3) not null, current_balance numeric(19,4) not null, opened_ts timestamp not null, last_modified_ts timestamp not null);
create table payment_order (
  id bigint primary key,
  money_account_id bigint not null references money_account(id),
  order_type varchar(20) not null,
  order_amount numeric(19,4) not null,
  order_state varchar(20) not null,
  processor_name varchar(50),
  created_ts timestamp not null,
  last_modified_ts timestamp not null
);
create table bonus_definition (id bigint primary key, display_name varchar(100) not null, valid_from timestamp, valid_to timestamp, created_ts timestamp not null);
create table bonus_instance (id bigint primary key, customer_id bigint not null references gaming_customer(id), bonus_definition_id bigint not null references bonus_definition(id), instance_state varchar(20) not null, valid_until timestamp, created_ts timestamp not null, last_modified_ts timestamp not null);
create table content_supplier (id integer primary key, supplier_name varchar(50) not null);
create table game_definition (id integer primary key, supplier_id integer not null references content_supplier(id), launch_code varchar(50) not null, display_name varchar(100) not null);
create table gameplay_session (id bigint primary key, customer_id bigint not null references gaming_customer(id), game_definition_id integer not null references game_definition(id), opened_ts timestamp not null, closed_ts timestamp);
create table gameplay_action (id bigint primary key, gameplay_session_id bigint not null references gameplay_session(id), money_account_id bigint not null references money_account(id), action_type varchar(20) not null, action_amount numeric(19,4) not null, round_reference varchar(60), action_ts timestamp not null);
create table sport_league (id integer primary key, sport_discipline varchar(50) not null, league_name varchar(100) not null, region varchar(50), season_start date not null, season_end date);
create table sport_fixture (id bigint primary key, league_id integer not null references sport_league(id), fixture_title varchar(200) not null, fixture_kind varchar(20) not null, fixture_state varchar(20) not null, scheduled_ts timestamp not null, last_modified_ts timestamp not null);
create table sport_wager (id bigint primary key, customer_id bigint not null references gaming_customer(id), money_account_id bigint not null references money_account(id), wager_structure varchar(20) not null, stake_amount numeric(19,4) not null, return_amount numeric(19,4), wager_state varchar(20) not null, accepted_ts timestamp not null, last_modified_ts timestamp not null);
create table sport_wager_leg (id bigint primary key, wager_id bigint not null references sport_wager(id), fixture_id bigint not null references sport_fixture(id), market_label varchar(100) not null, pick_label varchar(100) not null, decimal_odds numeric(9,3) not null, leg_state varchar(20) not null, created_ts timestamp not null, last_modified_ts timestamp not null);
insert into back_office_user values (1, 'boss', 'ADMIN', '2023-01-01 00:00:00');
insert into gaming_customer values (1001, 1, 'C-1', 'Lena', 'Kurz', 'FEMALE', '1988-08-08', 'DE', 'ACTIVE', null, '2024-01-01 08:00:00', '2024-05-01 08:00:00', null, 2), (1002, 1, 'C-2', 'Milo', 'Lang', 'MALE', null, 'AT', 'BLOCKED', null, '2024-01-02 08:00:00', '2024-05-02 08:00:00', 1, 5);
insert into customer_contact_data values (1, 1001, 'lena@mail.example', true, '+49150000001', '2024-01-01 08:00:01', '2024-05-01 08:00:01'), (2, 1002, 'milo@mail.example', false, null, '2024-01-02 08:00:01', '2024-05-02 08:00:01');
insert into authentication_log values (1, 1001, '2024-05-01 08:00:00', '10.6.0.1', 'Mozilla', 'SUCCESS'), (2, 1002, '2024-05-02 08:00:00', '10.6.0.2', 'Mozilla', 'WRONG_PASSWORD');
insert into one_click_login values (1001, 'sec-1', '2024-01-01 08:00:00', '2024-04-01 08:00:00'), (1002, 'sec-2', '2024-01-02 08:00:00', '2024-04-02 08:00:00');
insert into money_account values (501, 1001, 'CASH', 'EUR', 250.5000, '2024-01-01 08:00:00', '2024-05-01 08:00:00'), (502, 1001, 'PROMO', 'EUR', 10.0000, '2024-01-01 08:00:00', '2024-05-01 08:00:00'), (503, 1002, 'CASH', 'CHF', 0.0000, '2024-01-02 08:00:00', '2024-05-02 08:00:00');
insert into payment_order values (1, 501, 'PAY_IN', 100.0000, 'SETTLED', 'Klarna', '2024-05-01 08:00:00', '2024-05-01 08:01:00'), (2, 501, 'PAY_OUT', 30.0000, 'REQUESTED', 'Klarna', '2024-05-02 08:00:00', '2024-05-02 08:00:00'), (3, 503, 'PAY_IN', 20.0000, 'REJECTED', 'Twint', '2024-05-02 09:00:00', '2024-05-02 09:01:00');
insert into bonus_definition values (1, 'Willkommensbonus', '2024-01-01 00:00:00', '2024-12-31 00:00:00', '2023-12-01 00:00:00');
insert into bonus_instance values (1, 1001, 1, 'ACTIVE', '2024-06-01 00:00:00', '2024-05-01 08:01:00', '2024-05-01 08:01:00'), (2, 1002, 1, 'EXPIRED', '2024-03-01 00:00:00', '2024-02-01 08:01:00', '2024-03-01 00:00:00');
insert into content_supplier values (1, 'Rhein Studios');
insert into game_definition values (1, 1, 'lorelei', 'Lorelei Riches'), (2, 1, 'dom', 'Cathedral Keno');
insert into gameplay_session values (301, 1001, 1, '2024-05-01 10:00:00', null), (302, 1002, 2, '2024-05-02 10:00:00', '2024-05-02 10:30:00');
insert into gameplay_action values (1, 301, 501, 'WAGER', 2.0000, 'r1', '2024-05-01 10:00:05'), (2, 301, 501, 'RESULT', 5.0000, 'r1', '2024-05-01 10:00:07'), (3, 301, 501, 'WAGER', 2.0000, 'r2', '2024-05-01 10:01:05'), (4, 301, 501, 'ROLLBACK', 2.0000, 'r2', '2024-05-01 10:01:07'), (5, 302, 503, 'WAGER', 1.0000, 'r3', '2024-05-02 10:00:05');
insert into sport_league values (1, 'Football', 'Bundesliga', 'Germany', '2024-08-23', '2025-05-17');
insert into sport_fixture values (1, 1, 'Bremen - Koeln', 'MATCH', 'SCHEDULED', '2024-08-24 13:30:00', '2024-05-01 00:00:00'), (2, 1, 'Meister', 'OUTRIGHT', 'SCHEDULED', '2025-05-17 13:30:00', '2024-05-01 00:00:00');
insert into sport_wager values (1, 1001, 501, 'SINGLE', 10.0000, null, 'OPEN', '2024-05-01 12:00:00', '2024-05-01 12:00:00'), (2, 1002, 503, 'COMBI', 5.0000, 0.0000, 'LOST', '2024-05-01 13:00:00', '2024-05-03 12:00:00');
insert into sport_wager_leg values (1, 1, 1, 'Full time result', 'Bremen', 2.300, 'OPEN', '2024-05-01 12:00:00', '2024-05-01 12:00:00'), (2, 2, 1, 'Full time result', 'Koeln', 3.100, 'LOST', '2024-05-01 13:00:00', '2024-05-03 12:00:00');

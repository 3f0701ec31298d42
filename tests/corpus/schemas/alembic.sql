-- In the style of SQLAlchemy models with Alembic: singular tables, explicit constraint names, a signed journal, a UTC suffix.
-- engines: sqlite postgresql mysql duckdb
create table alembic_version (version_num varchar(32) primary key);
create table operator_account (operator_account_id integer primary key, login_name varchar(60) not null, created_utc timestamp not null);
create table site (site_id integer primary key, hostname varchar(100) not null);
create table player_account (
  player_account_id bigint primary key,
  site_id integer not null references site(site_id),
  external_key varchar(36) not null,
  given_name varchar(60),
  family_name varchar(60),
  date_of_birth date,
  gender_code varchar(1),
  country_iso2 varchar(2),
  city_name varchar(60),
  time_zone varchar(40),
  language_tag varchar(10),
  lifecycle_state varchar(20) not null,
  is_self_excluded boolean not null,
  acquisition_source varchar(60),
  vip_manager varchar(60),
  created_utc timestamp not null,
  modified_utc timestamp not null
);
create table player_contact (player_contact_id bigint primary key, player_account_id bigint not null references player_account(player_account_id), email_address varchar(200), email_verified_utc timestamp, msisdn varchar(20), sms_opt_in boolean not null, email_opt_in boolean not null, created_utc timestamp not null, modified_utc timestamp not null);
create table player_session (player_session_id bigint primary key, player_account_id bigint not null references player_account(player_account_id), client_ip varchar(45) not null, client_user_agent varchar(300), signed_in_utc timestamp not null, signed_out_utc timestamp);
create table magic_link (magic_link_id bigint primary key, player_account_id bigint not null references player_account(player_account_id), link_token varchar(80) not null, created_utc timestamp not null, modified_utc timestamp not null);
create table balance (balance_id bigint primary key, player_account_id bigint not null references player_account(player_account_id), currency_code varchar(4) not null, real_money numeric(20,8) not null, bonus_money numeric(20,8) not null, created_utc timestamp not null, modified_utc timestamp not null);
create table payment_method (payment_method_id integer primary key, method_name varchar(40) not null);
create table money_movement (money_movement_id bigint primary key, player_account_id bigint not null references player_account(player_account_id), payment_method_id integer not null references payment_method(payment_method_id), signed_amount numeric(20,8) not null, currency_code varchar(4) not null, movement_state varchar(20) not null, remark varchar(200), created_utc timestamp not null, modified_utc timestamp not null);
create table campaign_bonus (campaign_bonus_id integer primary key, bonus_title varchar(100) not null, created_utc timestamp not null, modified_utc timestamp not null);
create table awarded_bonus (awarded_bonus_id bigint primary key, player_account_id bigint not null references player_account(player_account_id), campaign_bonus_id integer not null references campaign_bonus(campaign_bonus_id), expires_utc timestamp, awarded_bonus_state varchar(20) not null, created_utc timestamp not null, modified_utc timestamp not null);
create table sport (sport_id integer primary key, sport_name varchar(40) not null);
create table competition (competition_id integer primary key, sport_id integer not null references sport(sport_id), competition_name varchar(100) not null, starts_utc timestamp not null, ends_utc timestamp);
create table fixture (fixture_id bigint primary key, competition_id integer not null references competition(competition_id), home_team varchar(60) not null, away_team varchar(60) not null, fixture_status varchar(20) not null, kick_off_utc timestamp not null, modified_utc timestamp not null);
create table betslip (betslip_id bigint primary key, player_account_id bigint not null references player_account(player_account_id), slip_type varchar(20) not null, stake numeric(20,8) not null, payout numeric(20,8), currency_code varchar(4) not null, slip_status varchar(20) not null, created_utc timestamp not null, modified_utc timestamp not null);
create table betslip_selection (betslip_selection_id bigint primary key, betslip_id bigint not null references betslip(betslip_id), fixture_id bigint not null references fixture(fixture_id), market_name varchar(60) not null, outcome_name varchar(60) not null, price numeric(9,3) not null, selection_status varchar(20) not null, created_utc timestamp not null, modified_utc timestamp not null);
insert into alembic_version values ('ab12cd34');
insert into operator_account values (1, 'admin', '2023-01-01 00:00:00');
insert into site values (1, 'lucky.example');
insert into player_account values
 (70001, 1, 'k-70001', 'Ines', 'Paz', '1992-05-05', 'F', 'PT', 'Porto', 'Europe/Lisbon', 'pt-PT', 'ACTIVE', false, 'google', null, '2024-01-01 10:00:00', '2024-05-01 10:00:00'),
 (70002, 1, 'k-70002', 'Joao', 'Reis', '1979-06-06', 'M', 'PT', 'Faro', 'Europe/Lisbon', 'pt-PT', 'BLOCKED', false, 'aff', 'Rita', '2024-01-02 10:00:00', '2024-05-02 10:00:00'),
 (70003, 1, 'k-70003', 'Luis', 'Sol', null, 'M', 'BR', null, null, 'pt-BR', 'ACTIVE', true, null, null, '2024-01-03 10:00:00', '2024-05-03 10:00:00');
insert into player_contact values (1, 70001, 'ines@mail.example', '2024-01-01 11:00:00', '351900000001', true, true, '2024-01-01 10:00:00', '2024-01-01 11:00:00'), (2, 70002, 'joao@mail.example', null, null, false, true, '2024-01-02 10:00:00', '2024-01-02 10:00:00'), (3, 70003, 'luis@mail.example', null, '55110000003', false, false, '2024-01-03 10:00:00', '2024-05-03 10:00:00');
insert into player_session values (1, 70001, '10.10.0.1', 'Mozilla/5.0', '2024-05-01 10:00:00', '2024-05-01 11:00:00'), (2, 70003, '10.10.0.3', 'Mozilla/5.0', '2024-05-03 10:00:00', null);
insert into magic_link values (1, 70001, 'mlk-aaaa', '2024-01-01 10:00:00', '2024-04-01 10:00:00'), (2, 70002, 'mlk-bbbb', '2024-01-02 10:00:00', '2024-04-02 10:00:00');
insert into balance values (1, 70001, 'EUR', 99.50000000, 10.00000000, '2024-01-01 10:00:00', '2024-05-01 10:30:00'), (2, 70002, 'EUR', 0.00000000, 0.00000000, '2024-01-02 10:00:00', '2024-05-02 10:30:00'), (3, 70003, 'USDT', 12.12345678, 1.00000000, '2024-01-03 10:00:00', '2024-05-03 10:30:00');
insert into payment_method values (1, 'MBWay'), (2, 'Pix');
insert into money_movement values (1, 70001, 1, 100.00000000, 'EUR', 'COMPLETED', null, '2024-05-01 09:00:00', '2024-05-01 09:01:00'), (2, 70001, 1, -25.50000000, 'EUR', 'REQUESTED', 'rent', '2024-05-02 09:00:00', '2024-05-02 09:00:00'), (3, 70003, 2, 15.00000000, 'USDT', 'DECLINED', null, '2024-05-03 09:00:00', '2024-05-03 09:01:00');
insert into campaign_bonus values (1, 'Santos Populares', '2024-01-01 00:00:00', '2024-01-01 00:00:00'), (2, 'Reload Friday', '2024-01-01 00:00:00', '2024-03-01 00:00:00');
insert into awarded_bonus values (1, 70001, 1, '2024-07-01 00:00:00', 'ACTIVE', '2024-05-01 09:02:00', '2024-05-01 09:02:00'), (2, 70003, 2, null, 'CONSUMED', '2024-05-03 09:02:00', '2024-05-04 09:02:00');
insert into sport values (1, 'Football'), (2, 'Tennis');
insert into competition values (1, 1, 'Primeira Liga', '2024-08-10 18:00:00', '2025-05-18 18:00:00'), (2, 2, 'Estoril Open', '2024-04-01 10:00:00', null);
insert into fixture values (11, 1, 'Porto', 'Braga', 'NOT_STARTED', '2024-08-10 18:00:00', '2024-05-01 00:00:00'), (12, 1, 'Benfica', 'Faro', 'LIVE', '2024-08-11 18:00:00', '2024-05-02 00:00:00'), (13, 2, 'Sousa', 'Ruud', 'ENDED', '2024-04-02 10:00:00', '2024-04-02 13:00:00');
insert into betslip values (1, 70001, 'single', 5.00000000, null, 'EUR', 'ACCEPTED', '2024-05-01 12:00:00', '2024-05-01 12:00:00'), (2, 70001, 'combo', 2.00000000, 9.00000000, 'EUR', 'WIN', '2024-05-01 13:00:00', '2024-05-02 12:00:00'), (3, 70003, 'single', 1.00000000, 0.00000000, 'USDT', 'LOST', '2024-05-03 13:00:00', '2024-05-03 18:00:00');
insert into betslip_selection values (1, 1, 11, '1X2', 'Porto', 1.850, 'RUNNING', '2024-05-01 12:00:00', '2024-05-01 12:00:00'), (2, 2, 11, '1X2', 'Porto', 1.850, 'WIN', '2024-05-01 13:00:00', '2024-05-02 12:00:00'), (3, 2, 12, 'Over/Under 2.5', 'Over', 2.430, 'WIN', '2024-05-01 13:00:00', '2024-05-02 12:00:00'), (4, 3, 13, 'Winner', 'Sousa', 3.100, 'LOST', '2024-05-03 13:00:00', '2024-05-03 18:00:00');

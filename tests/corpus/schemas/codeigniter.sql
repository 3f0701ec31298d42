-- In the style of plain PHP on MySQL: tbl_ prefix, integer epochs, no foreign keys, numeric codes said in comments.
-- engines: sqlite postgresql mysql duckdb
create table ci_sessions (id varchar(128) primary key, ip_address varchar(45) not null, timestamp integer not null, data varchar(2000) not null);
create table tbl_admin (admin_id integer primary key, admin_name varchar(50) not null, admin_pass varchar(64) not null, last_login integer);
create table tbl_config (cfg_key varchar(50) primary key, cfg_value varchar(500));
create table tbl_member (
  member_id integer primary key,
  member_name varchar(50) not null,
  member_pass varchar(64) not null,
  real_name varchar(60),
  email varchar(100),
  tel varchar(30),
  sex smallint,
  birthday date,
  country varchar(2),
  currency varchar(3) not null,
  parent_id integer,
  level smallint not null,
  status smallint not null,
  reg_ip varchar(45),
  reg_time integer not null,
  update_time integer not null
);
create table tbl_member_wallet (wallet_id integer primary key, member_id integer not null, wallet_type smallint not null, money numeric(16,4) not null, frozen_money numeric(16,4) not null, currency varchar(3) not null, add_time integer not null, update_time integer not null);
create table tbl_member_login_log (log_id integer primary key, member_id integer not null, login_ip varchar(45) not null, login_time integer not null, login_device varchar(300), login_result smallint not null);
create table tbl_recharge (recharge_id integer primary key, order_no varchar(32) not null, member_id integer not null, pay_channel varchar(30) not null, money numeric(16,4) not null, currency varchar(3) not null, status smallint not null, add_time integer not null, update_time integer not null);
create table tbl_withdraw (withdraw_id integer primary key, order_no varchar(32) not null, member_id integer not null, bank_card varchar(40), money numeric(16,4) not null, currency varchar(3) not null, status smallint not null, add_time integer not null, update_time integer not null);
create table tbl_activity (activity_id integer primary key, title varchar(100) not null, content varchar(2000), start_time integer, end_time integer, status smallint not null, add_time integer not null);
create table tbl_member_activity (id integer primary key, member_id integer not null, activity_id integer not null, bonus numeric(16,4) not null, status smallint not null, add_time integer not null, update_time integer not null);
create table tbl_platform (platform_id integer primary key, platform_name varchar(40) not null);
create table tbl_game (game_id integer primary key, platform_id integer not null, game_code varchar(40) not null, game_name varchar(80) not null, game_type varchar(20) not null);
create table tbl_bet_record (bet_id integer primary key, order_no varchar(40) not null, member_id integer not null, game_id integer not null, session_no varchar(40) not null, bet_money numeric(16,4) not null, win_money numeric(16,4) not null, currency varchar(3) not null, bet_time integer not null, settle_time integer);
insert into ci_sessions values ('s1', '10.12.0.9', 1714500000, 'x');
insert into tbl_admin values (1, 'admin', 'x', 1714500000);
insert into tbl_config values ('site', 'Gold 88');
insert into tbl_member values
 (10001, 'wei88', 'x', 'Wei Chen', 'wei@mail.example', '+8613000000001', 1, '1990-10-10', 'CN', 'CNY', null, 2, 1, '10.12.0.1', 1704100000, 1714500000),
 (10002, 'minh9', 'x', 'Minh Tran', 'minh@mail.example', '+84900000002', 1, null, 'VN', 'VND', 10001, 0, 0, '10.12.0.2', 1704200000, 1714600000),
 (10003, 'sari', 'x', 'Sari Dewi', 'sari@mail.example', null, 2, '1995-05-15', 'ID', 'IDR', 10001, 1, 1, '10.12.0.3', 1704300000, 1714700000);
insert into tbl_member_wallet values (1, 10001, 1, 888.0000, 0.0000, 'CNY', 1704100000, 1714500100), (2, 10001, 2, 88.0000, 0.0000, 'CNY', 1704100000, 1714500100), (3, 10002, 1, 50000.0000, 0.0000, 'VND', 1704200000, 1714600100);
insert into tbl_member_login_log values (1, 10001, '10.12.0.1', 1714500000, 'Mozilla/5.0', 1), (2, 10002, '10.12.0.2', 1714600000, 'Mozilla/5.0', 0), (3, 10003, '10.12.0.3', 1714700000, 'Mozilla/5.0', 1);
insert into tbl_recharge values (1, 'R20240501001', 10001, 'alipay', 500.0000, 'CNY', 1, 1714500200, 1714500300), (2, 'R20240502001', 10002, 'momo', 100000.0000, 'VND', 2, 1714600200, 1714600300), (3, 'R20240503001', 10003, 'ovo', 75000.5000, 'IDR', 0, 1714700200, 1714700200);
insert into tbl_withdraw values (1, 'W20240501001', 10001, '6222********1', 300.0000, 'CNY', 1, 1714510200, 1714510300), (2, 'W20240503001', 10003, '5222********3', 20000.0000, 'IDR', 0, 1714710200, 1714710200);
insert into tbl_activity values (1, 'Spring Festival 8.8%', 'x', 1706000000, 1708000000, 1, 1705000000), (2, 'First recharge', 'x', null, null, 1, 1705000000);
insert into tbl_member_activity values (1, 10001, 1, 88.0000, 1, 1706500000, 1706500000), (2, 10003, 2, 10.0000, 2, 1706600000, 1706700000);
insert into tbl_platform values (1, 'Dragon Soft');
insert into tbl_game values (1, 1, 'ds001', 'Lucky Koi', 'slot'), (2, 1, 'ds002', 'Baccarat A', 'live');
insert into tbl_bet_record values (1, 'B1', 10001, 1, 'S-1', 10.0000, 25.0000, 'CNY', 1714501000, 1714501005), (2, 'B2', 10001, 1, 'S-1', 10.0000, 0.0000, 'CNY', 1714501010, 1714501015), (3, 'B3', 10002, 2, 'S-2', 20000.0000, 0.0000, 'VND', 1714601000, 1714601050), (4, 'B4', 10003, 1, 'S-3', 500.0000, 900.0000, 'IDR', 1714701000, 1714701004);

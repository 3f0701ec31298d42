-- In the style of a bank-like legacy under Hibernate: upper case, T_ tables, abbreviated columns, numeric codes with a look-up.
-- engines: sqlite postgresql mysql duckdb
create table T_PARAM (PARAM_ID integer primary key, PARAM_KEY varchar(60) not null, PARAM_VAL varchar(200), UPD_DT timestamp not null);
create table T_CODE (CODE_ID integer primary key, CODE_GRP varchar(20) not null, CODE_VAL varchar(20) not null, CODE_DESC varchar(60) not null);
create table T_OPER (OPER_ID integer primary key, OPER_LOGIN varchar(40) not null, OPER_PWD varchar(80) not null, CRT_DT timestamp not null);
create table T_CUST (
  CUST_ID bigint primary key,
  CUST_NO varchar(20) not null,
  FST_NM varchar(60),
  LST_NM varchar(60),
  GNDR_CD varchar(1),
  BRTH_DT date,
  CTRY_CD varchar(2),
  CITY_NM varchar(60),
  LANG_CD varchar(5),
  EMAIL_ADDR varchar(120),
  MOB_NO varchar(30),
  STS_CD varchar(10) not null,
  BLK_FLG varchar(1) not null,
  SELF_EXCL_FLG varchar(1) not null,
  RISK_SCORE integer,
  PWD_HASH varchar(80) not null,
  CRT_DT timestamp not null,
  CRT_BY varchar(30) not null,
  UPD_DT timestamp not null,
  UPD_BY varchar(30) not null,
  VRSN integer not null
);
create table T_CUST_ACCT (ACCT_ID bigint primary key, CUST_ID bigint not null references T_CUST(CUST_ID), ACCT_TYP_CD varchar(10) not null, CCY_CD varchar(3) not null, BAL_AMT numeric(18,2) not null, CRT_DT timestamp not null, UPD_DT timestamp not null);
create table T_CUST_LOGON (LOGON_ID bigint primary key, CUST_ID bigint not null references T_CUST(CUST_ID), LOGON_DT timestamp not null, IP_ADDR varchar(45), BRWSR varchar(300), RSLT_CD varchar(5) not null);
create table T_PMT_TXN (TXN_ID bigint primary key, ACCT_ID bigint not null references T_CUST_ACCT(ACCT_ID), CUST_ID bigint not null references T_CUST(CUST_ID), DR_CR_IND varchar(1) not null, TXN_AMT numeric(18,2) not null, CCY_CD varchar(3) not null, PMT_MTHD varchar(20), STS_CD varchar(10) not null, CRT_DT timestamp not null, UPD_DT timestamp not null);
create table T_BONUS_DEF (BONUS_ID integer primary key, BONUS_NM varchar(80) not null, VALID_FRM_DT timestamp, VALID_TO_DT timestamp, CRT_DT timestamp not null);
create table T_CUST_BONUS (CUST_BONUS_ID bigint primary key, CUST_ID bigint not null references T_CUST(CUST_ID), BONUS_ID integer not null references T_BONUS_DEF(BONUS_ID), STS_CD varchar(10) not null, EXP_DT timestamp, CRT_DT timestamp not null, UPD_DT timestamp not null);
create table T_GAME (GAME_ID integer primary key, GAME_CD varchar(30) not null, GAME_NM varchar(80) not null, VNDR_NM varchar(60) not null, GAME_TYP varchar(20));
create table T_GAME_SESS (SESS_ID bigint primary key, CUST_ID bigint not null references T_CUST(CUST_ID), GAME_ID integer not null references T_GAME(GAME_ID), CCY_CD varchar(3) not null, STRT_DT timestamp not null, END_DT timestamp);
create table T_GAME_TXN (GAME_TXN_ID bigint primary key, SESS_ID bigint not null references T_GAME_SESS(SESS_ID), TXN_TYP varchar(10) not null, TXN_AMT numeric(18,2) not null, RND_REF varchar(30), CRT_DT timestamp not null);
create table T_AUDIT (AUDIT_ID bigint primary key, TBL_NM varchar(40) not null, ROW_ID bigint not null, ACTN varchar(10) not null, CRT_DT timestamp not null);
insert into T_PARAM values (1, 'brand', 'x', '2024-01-01 00:00:00');
insert into T_CODE values (1, 'STS', 'ACT', 'Active'), (2, 'STS', 'CLS', 'Closed');
insert into T_OPER values (1, 'op', 'x', '2023-01-01 00:00:00');
insert into T_CUST values
 (500001, 'A-1', 'Hans', 'Wolf', 'M', '1970-07-07', 'DE', 'Bonn', 'de', 'hans@mail.example', '+49160000001', 'ACT', 'N', 'N', 10, 'x', '2024-01-01 07:00:00', 'WEB', '2024-05-01 07:00:00', 'WEB', 3),
 (500002, 'A-2', 'Uta', 'Stein', 'F', '1982-08-08', 'AT', 'Graz', 'de', 'uta@mail.example', null, 'CLS', 'Y', 'N', 70, 'x', '2024-01-02 07:00:00', 'WEB', '2024-05-02 07:00:00', 'OPS', 4),
 (500003, 'A-3', 'Rolf', 'Graf', 'M', null, 'DE', null, 'de', 'rolf@mail.example', '+49160000003', 'ACT', 'N', 'Y', null, 'x', '2024-01-03 07:00:00', 'APP', '2024-05-03 07:00:00', 'WEB', 1);
insert into T_CUST_ACCT values (9001, 500001, 'REAL', 'EUR', 80.00, '2024-01-01 07:00:00', '2024-05-01 08:00:00'), (9002, 500001, 'BONUS', 'EUR', 15.50, '2024-01-01 07:00:00', '2024-05-01 08:00:00'), (9003, 500003, 'REAL', 'EUR', 0.00, '2024-01-03 07:00:00', '2024-05-03 08:00:00');
insert into T_CUST_LOGON values (1, 500001, '2024-05-01 07:00:00', '10.11.0.1', 'Mozilla/5.0', 'OK'), (2, 500002, '2024-05-02 07:00:00', '10.11.0.2', 'Mozilla/5.0', 'FAIL'), (3, 500003, '2024-05-03 07:00:00', '10.11.0.3', 'Mozilla/5.0', 'OK');
insert into T_PMT_TXN values (1, 9001, 500001, 'C', 100.00, 'EUR', 'SEPA', 'DONE', '2024-05-01 07:30:00', '2024-05-01 07:31:00'), (2, 9001, 500001, 'D', 20.00, 'EUR', 'SEPA', 'NEW', '2024-05-02 07:30:00', '2024-05-02 07:30:00'), (3, 9003, 500003, 'C', 10.50, 'EUR', 'CARD', 'ERR', '2024-05-03 07:30:00', '2024-05-03 07:31:00');
insert into T_BONUS_DEF values (1, 'Neukundenbonus', '2024-01-01 00:00:00', null, '2023-12-01 00:00:00'), (2, 'Osterbonus', '2024-03-25 00:00:00', '2024-04-02 00:00:00', '2024-03-01 00:00:00');
insert into T_CUST_BONUS values (1, 500001, 1, 'ACT', '2024-06-01 00:00:00', '2024-05-01 07:32:00', '2024-05-01 07:32:00'), (2, 500003, 2, 'EXP', '2024-04-02 00:00:00', '2024-03-26 07:32:00', '2024-04-02 00:00:00');
insert into T_GAME values (1, 'BB', 'Bierbaron', 'Alpenspiel', 'SLOT'), (2, 'RS', 'Roter Skat', 'Alpenspiel', 'CARD');
insert into T_GAME_SESS values (77001, 500001, 1, 'EUR', '2024-05-01 08:00:00', null), (77002, 500003, 2, 'EUR', '2024-05-03 08:00:00', '2024-05-03 08:20:00');
insert into T_GAME_TXN values (1, 77001, 'BET', 2.00, 'q1', '2024-05-01 08:00:05'), (2, 77001, 'WIN', 7.00, 'q1', '2024-05-01 08:00:06'), (3, 77001, 'BET', 2.00, 'q2', '2024-05-01 08:01:05'), (4, 77002, 'BET', 1.50, 'q3', '2024-05-03 08:00:05');
insert into T_AUDIT values (1, 'T_CUST', 500001, 'UPD', '2024-05-01 07:00:00');

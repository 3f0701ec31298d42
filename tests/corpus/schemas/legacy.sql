-- Hand-written and old: prefixes everywhere, numeric codes explained in comments, epoch seconds, cents, no foreign keys.
create table tbl_cfg (cfg_key varchar(50) primary key, cfg_val varchar(200));
create table tbl_usr (
  usr_id integer primary key,
  usr_login varchar(50) not null,
  usr_pwd varchar(64) not null,
  usr_fname varchar(50),
  usr_lname varchar(50),
  usr_dob date,
  usr_ctry varchar(2),
  usr_lang varchar(2),
  usr_ccy varchar(3) not null,
  usr_sts smallint not null, -- 0=active, 1=blocked, 2=closed
  usr_reg_ts integer not null,
  usr_upd_ts integer not null
);
create table tbl_usr_cnt (
  cnt_id integer primary key,
  cnt_usr_id integer not null,
  cnt_email varchar(100),
  cnt_tel varchar(30),
  cnt_crt_ts integer not null,
  cnt_upd_ts integer not null
);
create table tbl_lgn_log (
  lgn_id integer primary key,
  lgn_usr_id integer not null,
  lgn_ip varchar(40),
  lgn_ua varchar(200),
  lgn_ok smallint not null,
  lgn_ts integer not null
);
create table tbl_wal (
  wal_id integer primary key,
  wal_usr_id integer not null,
  wal_typ smallint not null, -- 1=real, 2=bonus
  wal_ccy varchar(3) not null,
  wal_bal_cents bigint not null,
  wal_crt_ts integer not null,
  wal_upd_ts integer not null
);
create table tbl_trx (
  trx_id integer primary key,
  trx_usr_id integer not null,
  trx_wal_id integer not null,
  trx_typ smallint not null, -- 1=deposit, 2=withdrawal, 3=bonus
  trx_sts smallint not null, -- 0=new, 1=pending, 2=success, 9=failed
  trx_amt bigint not null, -- in cents
  trx_ccy varchar(3) not null,
  trx_psp varchar(30),
  trx_ext_ref varchar(60),
  trx_crt_ts integer not null,
  trx_upd_ts integer not null
);
create table tbl_bns (bns_id integer primary key, bns_nm varchar(100) not null, bns_crt_ts integer not null);
create table tbl_usr_bns (ubn_id integer primary key, ubn_usr_id integer not null, ubn_bns_id integer not null, ubn_exp_ts integer, ubn_crt_ts integer not null, ubn_upd_ts integer not null);
create table tbl_gm (gm_id integer primary key, gm_cd varchar(30) not null, gm_nm varchar(100) not null, gm_prov varchar(50));
create table tbl_gm_rnd (
  rnd_id integer primary key,
  rnd_sess varchar(40) not null,
  rnd_usr_id integer not null,
  rnd_gm_id integer not null,
  rnd_ccy varchar(3) not null,
  rnd_stake bigint not null, -- cents
  rnd_win bigint not null, -- cents
  rnd_ts integer not null
);
create table tbl_tourn (trn_id integer primary key, trn_nm varchar(100) not null, trn_sport varchar(50), trn_beg_ts integer not null, trn_end_ts integer);
create table tbl_evt (
  evt_id integer primary key,
  evt_tourn_id integer not null,
  evt_nm varchar(200) not null,
  evt_typ smallint not null, -- 1=match, 2=outright
  evt_sts smallint not null, -- 0=not started, 1=live, 2=ended, 3=cancelled
  evt_beg_ts integer not null,
  evt_upd_ts integer not null
);
create table tbl_bet (bet_id integer primary key, bet_usr_id integer not null, bet_typ varchar(10) not null, bet_stk bigint not null, bet_ccy varchar(3) not null, bet_sts varchar(2) not null, bet_crt_ts integer not null, bet_upd_ts integer not null);
create table tbl_bet_sel (sel_id integer primary key, sel_bet_id integer not null, sel_evt_id integer not null, sel_mkt varchar(60) not null, sel_odds numeric(8,3) not null, sel_sts varchar(2) not null, sel_crt_ts integer not null, sel_upd_ts integer not null);
comment on column tbl_usr.usr_sts is '0=active, 1=blocked, 2=closed';
comment on column tbl_wal.wal_typ is '1=real, 2=bonus';
comment on column tbl_trx.trx_typ is '1=deposit, 2=withdrawal, 3=bonus';
comment on column tbl_trx.trx_sts is '0=new, 1=pending, 2=success, 9=failed';
comment on column tbl_trx.trx_amt is 'in cents';
comment on column tbl_gm_rnd.rnd_stake is 'cents';
comment on column tbl_gm_rnd.rnd_win is 'cents';
comment on column tbl_evt.evt_typ is '1=match, 2=outright';
comment on column tbl_evt.evt_sts is '0=not started, 1=live, 2=ended, 3=cancelled';
insert into tbl_cfg values ('site', 'old casino');
insert into tbl_usr values (1, 'hugo', 'x', 'Hugo', 'Brand', '1970-01-31', 'AT', 'de', 'EUR', 0, 1704067200, 1714521600), (2, 'ines', 'x', 'Ines', 'Wolf', null, 'CH', 'de', 'CHF', 1, 1706745600, 1714608000);
insert into tbl_usr_cnt values (1, 1, 'hugo@mail.example', '+43660000001', 1704067201, 1714521601), (2, 2, 'ines@mail.example', null, 1706745601, 1714608001);
insert into tbl_lgn_log values (1, 1, '10.5.0.1', 'Mozilla', 1, 1714521600), (2, 2, '10.5.0.2', 'Mozilla', 0, 1714608000);
insert into tbl_wal values (11, 1, 1, 'EUR', 123456, 1704067200, 1714521600), (12, 1, 2, 'EUR', 500, 1704067200, 1714521600), (13, 2, 1, 'CHF', 0, 1706745600, 1714608000);
insert into tbl_trx values (1, 1, 11, 1, 2, 10000, 'EUR', 'skrill', 'a1', 1714521600, 1714521660), (2, 1, 11, 2, 1, 2550, 'EUR', 'skrill', 'a2', 1714608000, 1714608060), (3, 1, 12, 3, 2, 500, 'EUR', null, 'a3', 1714608000, 1714608060);
insert into tbl_bns values (1, 'Willkommen', 1704067200);
insert into tbl_usr_bns values (1, 1, 1, 1720000000, 1714521600, 1714521600);
insert into tbl_gm values (1, 'ALP', 'Alpine Gold', 'Gletscher');
insert into tbl_gm_rnd values (1, 'S1', 1, 1, 'EUR', 100, 0, 1714521600), (2, 'S1', 1, 1, 'EUR', 100, 450, 1714521610), (3, 'S2', 2, 1, 'CHF', 250, 0, 1714608000);
insert into tbl_tourn values (1, 'Bundesliga', 'Football', 1722470400, 1746057600);
insert into tbl_evt values (1, 1, 'Rapid - Sturm', 1, 0, 1723000000, 1714521600), (2, 1, 'Meister', 2, 0, 1746057600, 1714521600);
insert into tbl_bet values (1, 1, 'EINZEL', 1000, 'EUR', 'O', 1714521600, 1714521600), (2, 2, 'KOMBI', 500, 'CHF', 'W', 1714521600, 1714608000);
insert into tbl_bet_sel values (1, 1, 1, '1X2', 2.100, 'O', 1714521600, 1714521600), (2, 2, 1, '1X2', 3.300, 'W', 1714521600, 1714608000);

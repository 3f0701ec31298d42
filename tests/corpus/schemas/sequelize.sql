-- In the style of a Node service with Sequelize: plural PascalCase tables, epoch milliseconds, money in cents, spins without sessions. Written to be held out.
create table "SequelizeMeta" (name varchar(255) primary key);
create table "Operators" (id integer primary key, email varchar(255), "passwordHash" varchar(255), "createdAt" bigint not null, "updatedAt" bigint not null);
create table "Gamblers" (
  id integer primary key,
  nick varchar(50) not null,
  "mailAddress" varchar(255),
  "mailConfirmedAt" bigint,
  "mobilePhone" varchar(50),
  "fName" varchar(50),
  "lName" varchar(50),
  dob date,
  country varchar(2),
  banned boolean not null,
  "wantsNewsletter" boolean not null,
  "defaultCurrency" varchar(5) not null,
  "signupAt" bigint not null,
  "updatedAt" bigint not null
);
create table "Signins" (id integer primary key, "gamblerId" integer not null references "Gamblers"(id), ip varchar(45), browser varchar(200), ok boolean not null, at bigint not null);
create table "Purses" (id integer primary key, "gamblerId" integer not null references "Gamblers"(id), "coin" varchar(5) not null, "cashCents" bigint not null, "bonusCents" bigint not null, "createdAt" bigint not null, "updatedAt" bigint not null);
create table "Deposits" (id integer primary key, "gamblerId" integer not null references "Gamblers"(id), "purseId" integer not null references "Purses"(id), "amountCents" bigint not null, coin varchar(5) not null, psp varchar(30), state varchar(20) not null, "createdAt" bigint not null, "updatedAt" bigint not null);
create table "Payouts" (id integer primary key, "gamblerId" integer not null references "Gamblers"(id), "purseId" integer not null references "Purses"(id), "amountCents" bigint not null, coin varchar(5) not null, psp varchar(30), state varchar(20) not null, "createdAt" bigint not null, "updatedAt" bigint not null);
create table "Promos" (id integer primary key, label varchar(100) not null, "createdAt" bigint not null, "updatedAt" bigint not null);
create table "GamblerPromos" (id integer primary key, "gamblerId" integer not null references "Gamblers"(id), "promoId" integer not null references "Promos"(id), "expiresAt" bigint, "wagered" boolean not null, "createdAt" bigint not null, "updatedAt" bigint not null);
create table "Slots" (id integer primary key, "slotName" varchar(100) not null, studio varchar(50));
create table "SlotSpins" (id integer primary key, "gamblerId" integer not null references "Gamblers"(id), "slotId" integer not null references "Slots"(id), "purseId" integer not null references "Purses"(id), "wagerCents" bigint not null, "winningsCents" bigint not null, "spunAt" bigint not null);
create table "Leagues" (id integer primary key, sport varchar(50), name varchar(100) not null, "kicksOffAt" bigint not null);
create table "Contests" (id integer primary key, "leagueId" integer not null references "Leagues"(id), home varchar(100) not null, away varchar(100) not null, phase varchar(20) not null, "startsAt" bigint not null, "updatedAt" bigint not null);
create table "Slips" (id integer primary key, "gamblerId" integer not null references "Gamblers"(id), kind varchar(20) not null, "stakeCents" bigint not null, coin varchar(5) not null, state varchar(20) not null, "createdAt" bigint not null, "updatedAt" bigint not null);
create table "SlipPicks" (id integer primary key, "slipId" integer not null references "Slips"(id), "contestId" integer not null references "Contests"(id), "marketKey" varchar(50) not null, "outcomeKey" varchar(50) not null, odds numeric(8,3) not null, state varchar(20) not null, "createdAt" bigint not null, "updatedAt" bigint not null);
insert into "Operators" values (1, 'op@house.example', 'x', 1700000000000, 1700000000000);
insert into "Gamblers" values (1, 'nora', 'nora@mail.example', 1704100000000, '+3580000001', 'Nora', 'Virta', '1992-09-09', 'FI', false, true, 'EUR', 1704067200000, 1714521600500), (2, 'otto', 'otto@mail.example', null, null, 'Otto', 'Salo', null, 'FI', true, false, 'USD', 1706745600000, 1714608000500);
insert into "Signins" values (1, 1, '10.7.0.1', 'Firefox', true, 1714521600000), (2, 2, '10.7.0.2', 'Chrome', false, 1714608000000);
insert into "Purses" values (1, 1, 'EUR', 123450, 1500, 1704067200000, 1714521600000), (2, 2, 'USD', 0, 0, 1706745600000, 1714608000000);
insert into "Deposits" values (1, 1, 1, 5000, 'EUR', 'brite', 'paid', 1714521600000, 1714521660000), (2, 2, 2, 2550, 'USD', 'brite', 'failed', 1714608000000, 1714608060000);
insert into "Payouts" values (1, 1, 1, 12345, 'EUR', 'brite', 'requested', 1714700000000, 1714700060000);
insert into "Promos" values (1, 'Sauna days', 1704067200000, 1704067200000);
insert into "GamblerPromos" values (1, 1, 1, null, false, 1714521600000, 1714521600000), (2, 2, 1, 1720000000000, true, 1714521600000, 1714608000000);
insert into "Slots" values (1, 'Northern Lights', 'Aurora'), (2, 'Moose Rush', 'Aurora');
insert into "SlotSpins" values (1, 1, 1, 1, 100, 0, 1714521600000), (2, 1, 1, 1, 100, 350, 1714521610000), (3, 2, 2, 2, 250, 0, 1714608000000);
insert into "Leagues" values (1, 'Ice hockey', 'Liiga', 1725500000000);
insert into "Contests" values (1, 1, 'Tappara', 'Ilves', 'upcoming', 1725600000000, 1714521600000);
insert into "Slips" values (1, 1, 'single', 1000, 'EUR', 'open', 1714521600000, 1714521600000), (2, 2, 'multi', 500, 'USD', 'lost', 1714521600000, 1714608000000);
insert into "SlipPicks" values (1, 1, 1, '1x2', 'home', 1.900, 'open', 1714521600000, 1714521600000), (2, 2, 1, '1x2', 'away', 2.050, 'lost', 1714521600000, 1714608000000);

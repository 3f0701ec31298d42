-- In the style of a B2B aggregator's own brand: accounts, rounds with bet and win in one row, seamless-wallet transfers, camel case.
-- engines: sqlite postgresql duckdb
create table "Operator" ("operatorId" integer primary key, "operatorName" varchar(60) not null, "apiKey" varchar(64) not null);
create table "Account" (
  "accountId" varchar(32) primary key,
  "operatorId" integer not null references "Operator"("operatorId"),
  "operatorPlayerRef" varchar(64) not null,
  "displayName" varchar(60),
  "countryCode" varchar(2),
  "languageCode" varchar(5),
  "currencyCode" varchar(5) not null,
  "testAccount" boolean not null,
  "frozen" boolean not null,
  "riskGroup" varchar(10),
  "createdTime" timestamp not null,
  "lastChangedTime" timestamp not null
);
create table "AccountBalance" ("accountBalanceId" bigint primary key, "accountId" varchar(32) not null references "Account"("accountId"), "balanceType" varchar(10) not null, "currencyCode" varchar(5) not null, "amount" numeric(24,8) not null, "createdTime" timestamp not null, "lastChangedTime" timestamp not null);
create table "Transfer" ("transferId" bigint primary key, "accountId" varchar(32) not null references "Account"("accountId"), "transferType" varchar(12) not null, "amount" numeric(24,8) not null, "currencyCode" varchar(5) not null, "transferStatus" varchar(12) not null, "createdTime" timestamp not null, "lastChangedTime" timestamp not null);
create table "GameProvider" ("providerId" integer primary key, "providerName" varchar(60) not null);
create table "Game" ("gameId" integer primary key, "providerId" integer not null references "GameProvider"("providerId"), "gameCode" varchar(40) not null, "gameTitle" varchar(80) not null, "gameCategory" varchar(20) not null);
create table "LaunchToken" ("launchToken" varchar(64) primary key, "accountId" varchar(32) not null references "Account"("accountId"), "gameId" integer not null references "Game"("gameId"), "expiresTime" timestamp not null);
create table "GameRound" ("roundId" bigint primary key, "gameSessionKey" varchar(40) not null, "accountId" varchar(32) not null references "Account"("accountId"), "gameId" integer not null references "Game"("gameId"), "betAmount" numeric(24,8) not null, "winAmount" numeric(24,8) not null, "jackpotContribution" numeric(24,8) not null, "currencyCode" varchar(5) not null, "roundStatus" varchar(12) not null, "startedTime" timestamp not null, "endedTime" timestamp);
create table "AccessLog" ("accessLogId" bigint primary key, "accountId" varchar(32) not null references "Account"("accountId"), "ipAddress" varchar(45), "userAgentString" varchar(300), "accessTime" timestamp not null);
insert into "Operator" values (1, 'Own brand', 'k');
insert into "Account" values ('a-900', 1, 'op-1', 'Zed', 'CA', 'en', 'CAD', false, false, 'low', '2024-01-01 05:00:00', '2024-05-01 05:00:00'), ('a-901', 1, 'op-2', 'Yan', 'CA', 'fr', 'CAD', false, true, null, '2024-01-02 05:00:00', '2024-05-02 05:00:00'), ('a-902', 1, 'op-3', 'Xia', 'BR', 'pt', 'USDT', true, false, 'high', '2024-01-03 05:00:00', '2024-05-03 05:00:00');
insert into "AccountBalance" values (1, 'a-900', 'REAL', 'CAD', 10.50000000, '2024-01-01 05:00:00', '2024-05-01 05:30:00'), (2, 'a-900', 'BONUS', 'CAD', 2.00000000, '2024-01-01 05:00:00', '2024-05-01 05:30:00'), (3, 'a-902', 'REAL', 'USDT', 0.12345678, '2024-01-03 05:00:00', '2024-05-03 05:30:00');
insert into "Transfer" values (1, 'a-900', 'DEPOSIT', 25.00000000, 'CAD', 'SUCCESS', '2024-05-01 04:00:00', '2024-05-01 04:01:00'), (2, 'a-900', 'WITHDRAW', 5.00000000, 'CAD', 'PENDING', '2024-05-02 04:00:00', '2024-05-02 04:00:00'), (3, 'a-902', 'DEPOSIT', 3.00000000, 'USDT', 'FAILED', '2024-05-03 04:00:00', '2024-05-03 04:01:00');
insert into "GameProvider" values (1, 'Maple Reels');
insert into "Game" values (1, 1, 'mr-1', 'Moose Money', 'slots'), (2, 1, 'mr-2', 'Beaver Crash', 'crash');
insert into "LaunchToken" values ('lt-1', 'a-900', 1, '2024-05-01 06:00:00');
insert into "GameRound" values (1, 'gs-1', 'a-900', 1, 1.00000000, 0.00000000, 0.01000000, 'CAD', 'CLOSED', '2024-05-01 05:00:01', '2024-05-01 05:00:04'), (2, 'gs-1', 'a-900', 1, 1.00000000, 6.00000000, 0.01000000, 'CAD', 'CLOSED', '2024-05-01 05:00:11', '2024-05-01 05:00:14'), (3, 'gs-2', 'a-902', 2, 0.50000000, 0.75000000, 0.00000000, 'USDT', 'CLOSED', '2024-05-03 05:00:11', '2024-05-03 05:00:14'), (4, 'gs-2', 'a-902', 2, 0.50000000, 0.00000000, 0.00000000, 'USDT', 'CLOSED', '2024-05-03 05:01:11', '2024-05-03 05:01:14');
insert into "AccessLog" values (1, 'a-900', '10.15.0.1', 'Mozilla/5.0', '2024-05-01 05:00:00'), (2, 'a-902', '10.15.0.3', 'Mozilla/5.0', '2024-05-03 05:00:00');

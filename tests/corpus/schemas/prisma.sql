-- In the style of Prisma: quoted PascalCase tables, camelCase columns, text ids, enums in capitals, no sportsbook tables' odds.
create table "_prisma_migrations" ("id" varchar(36) primary key, "checksum" varchar(64) not null, "started_at" timestamp not null, "finished_at" timestamp);
create table "User" (
  "id" text primary key,
  "email" text not null,
  "emailVerified" timestamp,
  "passwordHash" text not null,
  "firstName" text,
  "lastName" text,
  "phone" text,
  "phoneVerified" timestamp,
  "birthDate" date,
  "countryCode" text,
  "preferredLanguage" text,
  "status" text not null check ("status" in ('ACTIVE', 'SUSPENDED', 'SELF_EXCLUDED', 'CLOSED')),
  "marketingOptIn" boolean not null,
  "utmSource" text,
  "lastLoginIp" text,
  "createdAt" timestamp not null,
  "updatedAt" timestamp not null
);
create table "Account" ("id" text primary key, "userId" text not null references "User"("id"), "provider" text not null, "providerAccountId" text not null, "accessToken" text);
create table "LoginHistory" ("id" text primary key, "userId" text not null references "User"("id"), "ipAddress" text, "userAgent" text, "isSuccessful" boolean not null, "loggedInAt" timestamp not null);
create table "Wallet" ("id" text primary key, "userId" text not null references "User"("id"), "type" text not null check ("type" in ('REAL', 'BONUS')), "currencyCode" text not null, "balance" numeric(20,8) not null, "isPrimary" boolean not null, "createdAt" timestamp not null, "updatedAt" timestamp not null);
create table "Transaction" (
  "id" text primary key,
  "walletId" text not null references "Wallet"("id"),
  "type" text not null check ("type" in ('DEPOSIT', 'WITHDRAWAL', 'BONUS', 'CASHBACK')),
  "status" text not null check ("status" in ('PENDING', 'COMPLETED', 'FAILED', 'CANCELLED')),
  "amount" numeric(20,8) not null,
  "provider" text,
  "note" text,
  "createdAt" timestamp not null,
  "updatedAt" timestamp not null
);
create table "BonusTemplate" ("id" text primary key, "name" text not null, "isActive" boolean not null, "createdAt" timestamp not null, "updatedAt" timestamp not null);
create table "UserBonus" ("id" text primary key, "userId" text not null references "User"("id"), "bonusTemplateId" text not null references "BonusTemplate"("id"), "status" text not null, "expiresAt" timestamp, "createdAt" timestamp not null, "updatedAt" timestamp not null);
create table "Game" ("id" text primary key, "name" text not null, "provider" text not null, "category" text not null);
create table "GameSession" (
  "id" text primary key,
  "userId" text not null references "User"("id"),
  "gameId" text not null references "Game"("id"),
  "currencyCode" text not null,
  "betCount" integer not null,
  "winCount" integer not null,
  "totalBet" numeric(20,8) not null,
  "totalWin" numeric(20,8) not null,
  "startedAt" timestamp not null,
  "lastActionAt" timestamp not null
);
create table "Tournament" ("id" text primary key, "name" text not null, "sport" text not null, "country" text, "startDate" timestamp not null, "endDate" timestamp);
create table "Match" ("id" text primary key, "tournamentId" text not null references "Tournament"("id"), "homeTeam" text not null, "awayTeam" text not null, "status" text not null check ("status" in ('SCHEDULED', 'LIVE', 'FINISHED', 'POSTPONED', 'CANCELLED')), "startTime" timestamp not null, "updatedAt" timestamp not null);
create table "Bet" ("id" text primary key, "userId" text not null references "User"("id"), "walletId" text not null references "Wallet"("id"), "betType" text not null check ("betType" in ('SINGLE', 'MULTI')), "stake" numeric(20,8) not null, "potentialWin" numeric(20,8), "status" text not null, "placedAt" timestamp not null, "settledAt" timestamp, "updatedAt" timestamp not null);
create table "BetLeg" ("id" text primary key, "betId" text not null references "Bet"("id"), "matchId" text not null references "Match"("id"), "marketName" text not null, "selectionName" text not null, "odds" numeric(10,4) not null, "status" text not null, "createdAt" timestamp not null, "updatedAt" timestamp not null);
insert into "User" values
  ('clu1', 'ida@mail.example', '2024-01-02 00:00:00', 'h', 'Ida', 'Berg', '+4670000001', null, '1993-03-03', 'SE', 'sv', 'ACTIVE', true, 'google', '10.2.0.1', '2024-01-01 00:00:00', '2024-05-01 00:00:00.123'),
  ('clu2', 'jon@mail.example', null, 'h', 'Jon', 'Dahl', null, null, null, 'NO', 'nb', 'SELF_EXCLUDED', false, null, '10.2.0.2', '2024-02-01 00:00:00', '2024-05-02 00:00:00.5');
insert into "Account" values ('acc1', 'clu1', 'google', '999', null);
insert into "LoginHistory" values ('l1', 'clu1', '10.2.0.1', 'Mozilla', true, '2024-05-01 00:00:00'), ('l2', 'clu2', '10.2.0.2', 'Mozilla', false, '2024-05-02 00:00:00');
insert into "Wallet" values ('w1', 'clu1', 'REAL', 'SEK', 100.50000000, true, '2024-01-01 00:00:00', '2024-05-01 00:00:00'), ('w2', 'clu1', 'BONUS', 'SEK', 20.00000000, false, '2024-01-01 00:00:00', '2024-05-01 00:00:00'), ('w3', 'clu2', 'REAL', 'BTC', 0.01234567, true, '2024-02-01 00:00:00', '2024-05-02 00:00:00');
insert into "Transaction" values ('t1', 'w1', 'DEPOSIT', 'COMPLETED', 50.00000000, 'trustly', null, '2024-05-01 00:00:00', '2024-05-01 00:01:00'), ('t2', 'w1', 'WITHDRAWAL', 'PENDING', 25.00000000, 'trustly', null, '2024-05-02 00:00:00', '2024-05-02 00:01:00'), ('t3', 'w2', 'BONUS', 'COMPLETED', 20.00000000, null, 'Welcome', '2024-05-01 00:00:00', '2024-05-01 00:01:00');
insert into "BonusTemplate" values ('b1', 'Welcome', true, '2024-01-01 00:00:00', '2024-01-01 00:00:00');
insert into "UserBonus" values ('ub1', 'clu1', 'b1', 'ACTIVE', '2024-07-01 00:00:00', '2024-05-01 00:00:00', '2024-05-01 00:00:00');
insert into "Game" values ('g1', 'Viking Reels', 'Nordix', 'SLOT');
insert into "GameSession" values ('gs1', 'clu1', 'g1', 'SEK', 10, 3, 100.00000000, 80.00000000, '2024-05-01 00:00:00', '2024-05-01 00:20:00'), ('gs2', 'clu2', 'g1', 'BTC', 1, 0, 0.00010000, 0.00000000, '2024-05-02 00:00:00', '2024-05-02 00:00:05');
insert into "Tournament" values ('tr1', 'Allsvenskan', 'football', 'SE', '2024-04-01 00:00:00', '2024-11-01 00:00:00');
insert into "Match" values ('m1', 'tr1', 'AIK', 'Hammarby', 'SCHEDULED', '2024-06-01 15:00:00', '2024-05-01 00:00:00'), ('m2', 'tr1', 'Malmo', 'Elfsborg', 'FINISHED', '2024-05-01 15:00:00', '2024-05-01 17:00:00');
insert into "Bet" values ('bt1', 'clu1', 'w1', 'SINGLE', 10.00000000, 21.00000000, 'OPEN', '2024-05-01 00:00:00', null, '2024-05-01 00:00:00'), ('bt2', 'clu1', 'w1', 'MULTI', 10.00000000, 90.00000000, 'LOST', '2024-05-01 00:00:00', '2024-05-01 17:00:00', '2024-05-01 17:00:00');
insert into "BetLeg" values ('bl1', 'bt1', 'm1', '1X2', 'AIK', 2.1000, 'OPEN', '2024-05-01 00:00:00', '2024-05-01 00:00:00'), ('bl2', 'bt2', 'm2', '1X2', 'Malmo', 1.5000, 'LOST', '2024-05-01 00:00:00', '2024-05-01 17:00:00');

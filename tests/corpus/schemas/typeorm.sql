-- In the style of TypeORM: singular snake tables, camelCase columns, uuids, one ledger for everything, look-up tables.
create table typeorm_metadata (type varchar not null, "database" varchar, name varchar, value text);
create table currency (id integer primary key, code varchar(10) not null, "decimals" integer not null);
create table country (id integer primary key, name varchar not null, "isoCode" varchar(2) not null);
create table customer_status (id integer primary key, name varchar not null);
create table customer (
  id uuid primary key,
  "externalId" varchar,
  "firstName" varchar,
  "lastName" varchar,
  "genderCode" varchar(1),
  "dateOfBirth" date,
  "countryId" integer references country(id),
  "statusId" integer references customer_status(id),
  "registrationDate" timestamp not null,
  "lastSeenIp" varchar,
  "createdDate" timestamp not null,
  "updatedDate" timestamp not null,
  version integer not null
);
create table customer_contact (
  id uuid primary key,
  "customerId" uuid not null unique references customer(id),
  email varchar,
  "emailConfirmedAt" timestamp,
  "emailOptIn" boolean not null,
  "phoneNumber" varchar,
  "smsOptIn" boolean not null,
  "createdDate" timestamp not null,
  "updatedDate" timestamp not null
);
create table auth_event (id uuid primary key, "customerId" uuid not null references customer(id), "ipAddress" varchar, "userAgent" varchar, outcome varchar not null, "createdDate" timestamp not null);
create table login_link (id uuid primary key, "customerId" uuid not null references customer(id), token varchar not null, "createdDate" timestamp not null, "updatedDate" timestamp not null);
create table customer_balance (
  id uuid primary key,
  "customerId" uuid not null references customer(id),
  "currencyId" integer not null references currency(id),
  "realAmount" numeric(20,4) not null,
  "bonusAmount" numeric(20,4) not null,
  "createdDate" timestamp not null,
  "updatedDate" timestamp not null
);
create table game_provider (id integer primary key, name varchar not null);
create table game (id integer primary key, name varchar not null, "providerId" integer not null references game_provider(id));
create table play_session (id uuid primary key, "customerId" uuid not null references customer(id), "gameId" integer not null references game(id), "createdDate" timestamp not null);
create table ledger_entry (
  id uuid primary key,
  "balanceId" uuid not null references customer_balance(id),
  "playSessionId" uuid references play_session(id),
  "entryType" varchar not null,
  status varchar not null,
  amount numeric(20,4) not null,
  "roundRef" varchar,
  "createdDate" timestamp not null,
  "updatedDate" timestamp not null
);
create table bonus_program (id uuid primary key, name varchar not null, "createdDate" timestamp not null, "updatedDate" timestamp not null);
create table bonus_award (id uuid primary key, "customerId" uuid not null references customer(id), "programId" uuid not null references bonus_program(id), "expiresAt" timestamp, "isActive" boolean not null, "createdDate" timestamp not null, "updatedDate" timestamp not null);
create table team (id integer primary key, name varchar not null);
create table competition (id integer primary key, name varchar not null, "sportName" varchar not null, "startsAt" timestamp not null, "endsAt" timestamp);
create table sport_event (id integer primary key, "competitionId" integer not null references competition(id), "homeTeamId" integer not null references team(id), "awayTeamId" integer not null references team(id), state varchar not null, "isOutright" boolean not null, "scheduledAt" timestamp not null, "updatedDate" timestamp not null);
create table market (id integer primary key, "eventId" integer not null references sport_event(id), name varchar not null);
create table ticket (id uuid primary key, "customerId" uuid not null references customer(id), "ticketType" varchar not null, stake numeric(20,4) not null, "currencyId" integer not null references currency(id), status varchar not null, "createdDate" timestamp not null, "updatedDate" timestamp not null);
create table ticket_selection (id uuid primary key, "ticketId" uuid not null references ticket(id), "marketId" integer not null references market(id), price numeric(10,3) not null, result varchar not null, "createdDate" timestamp not null, "updatedDate" timestamp not null);
insert into currency values (1, 'EUR', 2), (2, 'BTC', 8);
insert into country values (1, 'Spain', 'ES'), (2, 'Portugal', 'PT');
insert into customer_status values (1, 'active'), (2, 'blocked'), (3, 'self-excluded');
insert into customer values
  ('00000000-0000-4000-8000-000000000001', 'X1', 'Gil', 'Ruiz', 'M', '1980-01-01', 1, 1, '2024-01-01 00:00:00', '10.4.0.1', '2023-12-31 00:00:00', '2024-05-01 00:00:00', 3),
  ('00000000-0000-4000-8000-000000000002', 'X2', 'Ana', 'Lima', 'F', null, 2, 3, '2024-02-01 00:00:00', null, '2024-01-31 00:00:00', '2024-05-02 00:00:00', 1);
insert into customer_contact values ('00000000-0000-4000-8000-0000000000c1', '00000000-0000-4000-8000-000000000001', 'gil@mail.example', null, true, '+34600000001', false, '2024-01-01 00:00:01', '2024-05-01 00:00:01'), ('00000000-0000-4000-8000-0000000000c2', '00000000-0000-4000-8000-000000000002', 'ana@mail.example', null, false, null, false, '2024-02-01 00:00:01', '2024-05-02 00:00:01');
insert into auth_event values ('00000000-0000-4000-8000-0000000000a1', '00000000-0000-4000-8000-000000000001', '10.4.0.1', 'Mozilla', 'SUCCESS', '2024-05-01 00:00:00'), ('00000000-0000-4000-8000-0000000000a2', '00000000-0000-4000-8000-000000000002', '10.4.0.2', 'Mozilla', 'BAD_PASSWORD', '2024-05-02 00:00:00');
insert into login_link values ('00000000-0000-4000-8000-0000000000d1', '00000000-0000-4000-8000-000000000001', 'lk1', '2024-05-01 00:00:00', '2024-05-01 00:00:05');
insert into customer_balance values ('00000000-0000-4000-8000-0000000000b1', '00000000-0000-4000-8000-000000000001', 1, 55.5000, 5.0000, '2024-01-01 00:00:00', '2024-05-01 00:00:00'), ('00000000-0000-4000-8000-0000000000b2', '00000000-0000-4000-8000-000000000002', 2, 0.1000, 0.0000, '2024-02-01 00:00:00', '2024-05-02 00:00:00');
insert into game_provider values (1, 'Iberia Games');
insert into game values (1, 'Toro', 1), (2, 'Fado', 1);
insert into play_session values ('00000000-0000-4000-8000-0000000000e1', '00000000-0000-4000-8000-000000000001', 1, '2024-05-01 10:00:00');
insert into ledger_entry values
  ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-0000000000b1', null, 'DEPOSIT', 'DONE', 100.0000, null, '2024-05-01 00:00:00', '2024-05-01 00:00:10'),
  ('00000000-0000-4000-8000-0000000000f2', '00000000-0000-4000-8000-0000000000b1', null, 'WITHDRAW', 'PENDING', 40.0000, null, '2024-05-02 00:00:00', '2024-05-02 00:00:10'),
  ('00000000-0000-4000-8000-0000000000f3', '00000000-0000-4000-8000-0000000000b1', '00000000-0000-4000-8000-0000000000e1', 'BET', 'DONE', 2.0000, 'R1', '2024-05-01 10:00:00', '2024-05-01 10:00:00'),
  ('00000000-0000-4000-8000-0000000000f4', '00000000-0000-4000-8000-0000000000b1', '00000000-0000-4000-8000-0000000000e1', 'WIN', 'DONE', 6.0000, 'R1', '2024-05-01 10:00:03', '2024-05-01 10:00:03'),
  ('00000000-0000-4000-8000-0000000000f5', '00000000-0000-4000-8000-0000000000b1', '00000000-0000-4000-8000-0000000000e1', 'BET', 'DONE', 2.0000, 'R2', '2024-05-01 10:01:00', '2024-05-01 10:01:00');
insert into bonus_program values ('00000000-0000-4000-8000-000000000b01', 'Hola', '2024-01-01 00:00:00', '2024-01-01 00:00:00');
insert into bonus_award values ('00000000-0000-4000-8000-000000000b11', '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000b01', null, true, '2024-05-01 00:00:00', '2024-05-01 00:00:00');
insert into team values (1, 'Betis'), (2, 'Porto');
insert into competition values (1, 'La Liga', 'Football', '2024-08-01 00:00:00', null);
insert into sport_event values (1, 1, 1, 2, 'SCHEDULED', false, '2024-08-20 18:00:00', '2024-05-01 00:00:00');
insert into market values (1, 1, 'Full time result');
insert into ticket values ('00000000-0000-4000-8000-000000000511', '00000000-0000-4000-8000-000000000001', 'SINGLE', 10.0000, 1, 'OPEN', '2024-05-01 00:00:00', '2024-05-01 00:00:00');
insert into ticket_selection values ('00000000-0000-4000-8000-000000000611', '00000000-0000-4000-8000-000000000511', 1, 2.200, 'PENDING', '2024-05-01 00:00:00', '2024-05-01 00:00:00');

-- In the style of a German house system on Java: German nouns, mixed case, codes as numbers with a look-up table, epoch milliseconds.
-- engines: sqlite postgresql mysql duckdb
create table Einstellung (schluessel varchar(40) primary key, wert varchar(200));
create table Mitarbeiter (MitarbeiterId integer primary key, Kuerzel varchar(10) not null, Kennwort varchar(80) not null);
create table BuchungsArt (BuchungsArtId integer primary key, Bezeichnung varchar(20) not null);
create table Spieler (
  SpielerId bigint primary key,
  Spitzname varchar(40) not null,
  Vorname varchar(60),
  Nachname varchar(60),
  Geschlecht varchar(1),
  Geburtsdatum date,
  Land varchar(2),
  Ort varchar(60),
  Email varchar(120) not null,
  Telefon varchar(30),
  Gesperrt boolean not null,
  Kennwort varchar(80) not null,
  Treuepunkte integer not null,
  ErstelltAm bigint not null,
  GeaendertAm bigint not null
);
create table Anmeldung (AnmeldungId bigint primary key, SpielerId bigint not null references Spieler(SpielerId), IpAdresse varchar(45) not null, Browser varchar(300), Erfolgreich boolean not null, Zeitpunkt bigint not null);
create table Konto (KontoId bigint primary key, SpielerId bigint not null references Spieler(SpielerId), KontoArt varchar(10) not null, Waehrung varchar(3) not null, Saldo numeric(14,2) not null, ErstelltAm bigint not null, GeaendertAm bigint not null);
create table Buchung (BuchungId bigint primary key, KontoId bigint not null references Konto(KontoId), BuchungsArtId integer not null references BuchungsArt(BuchungsArtId), Betrag numeric(14,2) not null, Zahlungsanbieter varchar(30), ErstelltAm bigint not null, GeaendertAm bigint not null);
create table Bonus (BonusId integer primary key, Bezeichnung varchar(60) not null, ErstelltAm bigint not null, GeaendertAm bigint not null);
create table SpielerBonus (SpielerBonusId bigint primary key, SpielerId bigint not null references Spieler(SpielerId), BonusId integer not null references Bonus(BonusId), Aktiv boolean not null, AblaufAm bigint, ErstelltAm bigint not null, GeaendertAm bigint not null);
create table Spiel (SpielId integer primary key, Bezeichnung varchar(60) not null, Anbieter varchar(40) not null);
create table SpielSitzung (SitzungId bigint primary key, SpielerId bigint not null references Spieler(SpielerId), SpielId integer not null references Spiel(SpielId), Waehrung varchar(3) not null, BeginnAm bigint not null, EndeAm bigint);
create table SpielRunde (RundeId bigint primary key, SitzungId bigint not null references SpielSitzung(SitzungId), Einsatz numeric(14,2) not null, Gewinn numeric(14,2) not null, Zeitpunkt bigint not null);
insert into Einstellung values ('marke', 'Rhein');
insert into Mitarbeiter values (1, 'ab', 'x');
insert into BuchungsArt values (1, 'Einzahlung'), (2, 'Auszahlung');
insert into Spieler values
 (4001, 'max', 'Max', 'Huber', 'm', '1980-01-01', 'DE', 'Ulm', 'max@mail.example', '+49170000001', false, 'x', 120, 1704100000000, 1714500000000),
 (4002, 'eva', 'Eva', 'Lang', 'w', null, 'AT', null, 'eva@mail.example', null, true, 'x', 0, 1704200000000, 1714600000000),
 (4003, 'udo', 'Udo', 'Kern', 'm', '1970-07-07', 'DE', 'Kiel', 'udo@mail.example', '+49170000003', false, 'x', 15, 1704300000000, 1714700000000);
insert into Anmeldung values (1, 4001, '10.22.0.1', 'Mozilla/5.0', true, 1714500000000), (2, 4003, '10.22.0.3', 'Mozilla/5.0', false, 1714700000000);
insert into Konto values (61, 4001, 'Echtgeld', 'EUR', 99.90, 1704100000000, 1714500100000), (62, 4001, 'Bonus', 'EUR', 10.00, 1704100000000, 1714500100000), (63, 4003, 'Echtgeld', 'EUR', 0.00, 1704300000000, 1714700100000);
insert into Buchung values (1, 61, 1, 100.00, 'Sofort', 1714490000000, 1714490060000), (2, 61, 2, 25.50, 'Sofort', 1714495000000, 1714495000000), (3, 63, 1, 10.00, 'Giropay', 1714690000000, 1714690060000);
insert into Bonus values (1, 'Neukundenbonus', 1704000000000, 1704000000000), (2, 'Karneval', 1704000000000, 1706000000000);
insert into SpielerBonus values (1, 4001, 1, true, 1717200000000, 1714490100000, 1714490100000), (2, 4003, 2, false, null, 1706500000000, 1706600000000);
insert into Spiel values (1, 'Loreley', 'Rheinspiel'), (2, 'Skat', 'Rheinspiel');
insert into SpielSitzung values (901, 4001, 1, 'EUR', 1714496000000, null), (902, 4003, 2, 'EUR', 1714696000000, 1714697000000);
insert into SpielRunde values (1, 901, 2.00, 0.00, 1714496005000), (2, 901, 2.00, 9.00, 1714496015000), (3, 902, 1.00, 0.00, 1714696005000);

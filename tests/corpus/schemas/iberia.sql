-- In the style of a Spanish house system: Spanish words, some shortened, direction as E and S, foreign keys throughout.
-- engines: sqlite postgresql mysql duckdb
create table parametros (clave varchar(40) primary key, valor varchar(200));
create table empleados (id_empleado integer primary key, nombre varchar(60) not null, clave varchar(80) not null, fecha_alta timestamp not null);
create table jugadores (
  id_jugador bigint primary key,
  apodo varchar(40) not null,
  nombre varchar(60),
  apellidos varchar(80),
  sexo varchar(1),
  fecha_nacimiento date,
  pais varchar(2),
  ciudad varchar(60),
  idioma varchar(5),
  correo varchar(120) not null,
  correo_validado boolean not null,
  telefono varchar(30),
  acepta_publicidad boolean not null,
  bloqueado boolean not null,
  autoexcluido boolean not null,
  nivel_vip integer not null,
  clave varchar(80) not null,
  fecha_alta timestamp not null,
  fecha_modificacion timestamp not null
);
create table accesos (id_acceso bigint primary key, id_jugador bigint not null references jugadores(id_jugador), ip varchar(45) not null, navegador varchar(300), correcto boolean not null, fecha timestamp not null);
create table monederos (id_monedero bigint primary key, id_jugador bigint not null references jugadores(id_jugador), tipo varchar(10) not null, moneda varchar(3) not null, saldo numeric(14,2) not null, fecha_alta timestamp not null, fecha_modificacion timestamp not null);
create table movimientos (id_movimiento bigint primary key, id_jugador bigint not null references jugadores(id_jugador), id_monedero bigint not null references monederos(id_monedero), sentido varchar(1) not null, importe numeric(14,2) not null, moneda varchar(3) not null, pasarela varchar(30), estado varchar(15) not null, fecha_alta timestamp not null, fecha_modificacion timestamp not null);
create table bonos (id_bono integer primary key, titulo varchar(80) not null, fecha_alta timestamp not null, fecha_modificacion timestamp not null);
create table bonos_jugador (id_bono_jugador bigint primary key, id_jugador bigint not null references jugadores(id_jugador), id_bono integer not null references bonos(id_bono), activo boolean not null, usado boolean not null, caduca timestamp, fecha_alta timestamp not null, fecha_modificacion timestamp not null);
create table juegos (id_juego integer primary key, codigo varchar(30) not null, titulo varchar(80) not null, proveedor varchar(40) not null);
create table partidas (id_partida bigint primary key, id_jugador bigint not null references jugadores(id_jugador), id_juego integer not null references juegos(id_juego), moneda varchar(3) not null, inicio timestamp not null, fin timestamp);
create table jugadas (id_jugada bigint primary key, id_partida bigint not null references partidas(id_partida), apostado numeric(14,2) not null, ganado numeric(14,2) not null, fecha timestamp not null);
insert into parametros values ('marca', 'Sol');
insert into empleados values (1, 'Pilar', 'x', '2023-01-01 00:00:00');
insert into jugadores values
 (3001, 'pepe1', 'Jose', 'Gil Mora', 'H', '1980-01-15', 'ES', 'Sevilla', 'es', 'pepe@mail.example', true, '+34600000001', true, false, false, 2, 'x', '2024-01-01 03:00:00', '2024-05-01 03:00:00'),
 (3002, 'luzm', 'Luz', 'Mar Rey', 'M', '1990-02-20', 'ES', 'Cadiz', 'es', 'luz@mail.example', false, null, false, true, false, 0, 'x', '2024-01-02 03:00:00', '2024-05-02 03:00:00'),
 (3003, 'evita', 'Eva', 'Ruiz Paz', 'M', null, 'MX', null, 'es', 'eva@mail.example', true, '+52550000003', true, false, true, 1, 'x', '2024-01-03 03:00:00', '2024-05-03 03:00:00');
insert into accesos values (1, 3001, '10.17.0.1', 'Mozilla/5.0', true, '2024-05-01 03:00:00'), (2, 3002, '10.17.0.2', 'Mozilla/5.0', false, '2024-05-02 03:00:00'), (3, 3003, '10.17.0.3', 'Mozilla/5.0', true, '2024-05-03 03:00:00');
insert into monederos values (1, 3001, 'real', 'EUR', 75.25, '2024-01-01 03:00:00', '2024-05-01 03:20:00'), (2, 3001, 'bono', 'EUR', 10.00, '2024-01-01 03:00:00', '2024-05-01 03:20:00'), (3, 3003, 'real', 'MXN', 500.00, '2024-01-03 03:00:00', '2024-05-03 03:20:00');
insert into movimientos values (1, 3001, 1, 'E', 50.00, 'EUR', 'Bizum', 'hecho', '2024-05-01 03:05:00', '2024-05-01 03:06:00'), (2, 3001, 1, 'S', 20.75, 'EUR', 'Bizum', 'pendiente', '2024-05-02 03:05:00', '2024-05-02 03:05:00'), (3, 3003, 3, 'E', 300.00, 'MXN', 'OXXO', 'fallido', '2024-05-03 03:05:00', '2024-05-03 03:06:00');
insert into bonos values (1, 'Bono de bienvenida', '2024-01-01 00:00:00', '2024-01-01 00:00:00'), (2, 'Bono de feria', '2024-01-01 00:00:00', '2024-04-01 00:00:00');
insert into bonos_jugador values (1, 3001, 1, true, false, '2024-06-01 00:00:00', '2024-05-01 03:07:00', '2024-05-01 03:07:00'), (2, 3003, 2, false, true, null, '2024-04-15 03:07:00', '2024-04-16 03:07:00');
insert into juegos values (1, 'toro', 'Toro de Oro', 'Iberjuegos'), (2, 'mus', 'Mus Real', 'Iberjuegos');
insert into partidas values (801, 3001, 1, 'EUR', '2024-05-01 03:10:00', null), (802, 3003, 2, 'MXN', '2024-05-03 03:10:00', '2024-05-03 03:30:00');
insert into jugadas values (1, 801, 1.00, 0.00, '2024-05-01 03:10:05'), (2, 801, 1.00, 4.50, '2024-05-01 03:11:05'), (3, 802, 20.00, 0.00, '2024-05-03 03:10:05');

-- Who was erased: their rows hold no ciphertext any more. New events, so no row that was made before changes.
alter table volunteers add column erased boolean not null default false;

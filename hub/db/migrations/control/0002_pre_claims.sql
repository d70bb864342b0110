-- Claims as boxes carry them: the hub's signed word that a key speaks for a site under an epoch (shared/protocol/claim.py).

-- Empty for boxes that were enrolled before there were such tokens.
alter table boxes add column token text not null default '';
grant update (token) on boxes to comanda_tenant; -- a code that is used again, after its answer was lost, by a hub that gives tokens

-- A hub that was restored forgets what it granted: ingest registers again what a box proves with its token. Nothing is overwritten.
create policy learned on boxes for insert to comanda_ingest with check (true);
grant insert on boxes to comanda_ingest;

-- Which database this is: the row, which `comanda hub restored control` makes anew, and what changes by itself when the database is
-- restored: another cluster (dump), another database of it, another timeline (recovery from a backup). As in the shards.
create table identity (
    only_row boolean primary key default true check (only_row),
    incarnation uuid not null default gen_random_uuid()
);
insert into identity default values;
create function control_incarnation() returns text language sql stable as $$
    select identity.incarnation::text || '.' || (select system_identifier from pg_control_system()) || '.'
        || (select oid from pg_database where datname = current_database()) || '.'
        || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
    from identity
$$;
grant select on identity to comanda_tenant, comanda_platform;
grant update (incarnation) on identity to comanda_platform;

-- Under which of these the site was claimed last. Under another one, claims may have been granted that are forgotten, and their epochs
-- must not be given twice: some are left out (Law 6).
alter table sites add column granted_under text not null default '';
update sites set granted_under = control_incarnation();
alter table sites alter column granted_under set default control_incarnation();
grant update (granted_under) on sites to comanda_tenant;

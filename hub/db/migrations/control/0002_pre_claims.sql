-- Claims as boxes carry them: the hub's signed word that a key speaks for a site under an epoch (shared/protocol/claim.py).

-- Empty for boxes that were enrolled before there were such tokens.
alter table boxes add column token text not null default '';
grant update (token) on boxes to comanda_tenant; -- a code that is used again, after its answer was lost, by a hub that gives tokens

-- A hub that was restored forgets what it granted: ingest registers again what a box proves with its token. Nothing is overwritten.
create policy learned on boxes for insert to comanda_ingest with check (true);
grant insert on boxes to comanda_ingest;

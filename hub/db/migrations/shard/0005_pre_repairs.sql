-- What a person decides about entries that could not be projected and about orphans, and what may be counted of them by the operator.
--
-- The release before goes on running beside this: its projectors know no corrections, and hold what these repair until they are gone.

-- In place of an entry, for the read models only: the raw entry stays in the journal, and the chain with it. `entry` is the whole
-- entry as it should have been written; null where the entry is passed over for ever.
create table corrections (
    org_id uuid not null,
    site_id uuid not null,
    sequence bigint not null,
    entry bytea,
    reason text not null,
    decided_by text not null,
    decided_at timestamptz not null default now(),
    primary key (org_id, site_id, sequence)
);

-- How far the commands of a branch have been looked for in the site's journal, and how long the branch was then.
create table orphan_comparisons (
    org_id uuid not null,
    site_id uuid not null,
    epoch integer not null,
    kept_sequence bigint not null,
    journal_sequence bigint not null,
    primary key (org_id, site_id, epoch)
);

create index orphans_held on orphans (org_id, site_id) where state = 'held';

do $$
declare
    target text;
begin
    foreach target in array array['corrections', 'orphan_comparisons'] loop
        execute format('alter table %I enable row level security', target);
        execute format('alter table %I force row level security', target);
        execute format('create policy tenant on %I using (org_id = app_org()) with check (org_id = app_org())', target);
    end loop;
end $$;

grant select on corrections to comanda_tenant;
grant select, insert, update on corrections to comanda_project;
grant select, insert, update on orphan_comparisons to comanda_tenant;
grant select on backups to comanda_tenant;
grant update on site_commands to comanda_tenant; -- what was refused, or ran out of time, can be asked for again

-- That something waits for a person, and since when, is no content: the operator sees it of everybody.
create policy counts on quarantine for select to comanda_platform using (true);
grant select (org_id, site_id, sequence, quarantined_at) on quarantine to comanda_platform;
create policy counts on orphans for select to comanda_platform using (true);
grant select (org_id, site_id, epoch, sequence, received_at, state) on orphans to comanda_platform;

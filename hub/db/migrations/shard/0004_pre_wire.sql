-- What a swap, a restore and a backup leave behind: branches of replaced boxes, holes, documents of boxes, commands for sites.
--
-- The release before goes on running beside this: it writes none of these tables, and columns that it does not name have defaults.

-- Which database this is, as answers state it: identity.incarnation, which `comanda hub restored` makes anew, and what changes by itself
-- when the database is restored: another cluster (dump), another database of it, another timeline (recovery from a backup).
create function shard_incarnation() returns text language sql stable as $$
    select identity.incarnation::text || '.' || (select system_identifier from pg_control_system()) || '.'
        || (select oid from pg_database where datname = current_database()) || '.'
        || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
    from identity
$$;
grant update (incarnation) on identity to comanda_platform;

-- --- positions --------------------------------------------------------------------------------------

-- The last sequence of the site that is in a finished backup of this shard; a box trims nothing beyond it.
alter table watermarks add column backed_up bigint not null default 0;
-- Commands of the hub that wait for this site (see count_open_commands).
alter table watermarks add column open_commands integer not null default 0;
-- The epoch of the last claim that was granted while the site was here. Whoever appends locks this row, so that not one entry of a
-- replaced box goes into the journal after its successor was told where to begin, however old the writer's memory of the site is.
alter table watermarks add column granted integer not null default 0;
grant insert (org_id, site_id, epoch, sequence, hash, granted), update (backed_up, granted) on watermarks to comanda_platform;

-- What the box said to hold beside its journal: JSON list of {kind, version} as bytes. Which of several device lists is the
-- present one is told by this alone.
alter table contacts add column keepsakes bytea not null default '[]';

-- Backups of this shard, as `comanda hub backup` is told of them, and the watermarks when each began.
create table backups (
    backup_id text primary key,
    begun_at timestamptz not null default now(),
    done_at timestamptz
);
create table backup_positions (
    org_id uuid not null,
    site_id uuid not null,
    backup_id text not null references backups on delete cascade,
    sequence bigint not null,
    primary key (org_id, site_id, backup_id)
);

-- One row for each replaced box that still held something: `epoch` is that of its claim, `parted` the last position that its journal
-- shares with that of the site, `kept` how far its branch is in `orphans`.
create table orphan_branches (
    org_id uuid not null,
    site_id uuid not null,
    epoch integer not null,
    parted_epoch integer not null,
    parted_sequence bigint not null,
    parted_hash bytea not null check (octet_length(parted_hash) = 32),
    kept_epoch integer not null,
    kept_sequence bigint not null,
    kept_hash bytea not null check (octet_length(kept_hash) = 32),
    begun_at timestamptz not null default now(),
    received_at timestamptz not null default now(),
    primary key (org_id, site_id, epoch)
);

-- Entries from `first_sequence` to `last_sequence` that the hub has lost and no box holds any more. What fills it must lead from
-- the position before (`first_sequence - 1`) to that of the last.
create table holes (
    org_id uuid not null,
    site_id uuid not null,
    first_sequence bigint not null,
    last_sequence bigint not null check (last_sequence >= first_sequence),
    before_epoch integer not null,
    before_hash bytea not null check (octet_length(before_hash) = 32),
    last_epoch integer not null,
    last_hash bytea not null check (octet_length(last_hash) = 32),
    declared_at timestamptz not null default now(),
    filled_at timestamptz,
    primary key (org_id, site_id, first_sequence, last_sequence)
);

-- --- contents ---------------------------------------------------------------------------------------

-- Entries of replaced boxes, kept apart until a person decides (Law 6). `epoch` names the branch, `entry_epoch` stands in the entry.
-- `adopted` and `set_aside` are decisions; `in_effect` says that the command stands in the site's journal already.
create table orphans (
    org_id uuid not null,
    site_id uuid not null,
    epoch integer not null,
    sequence bigint not null,
    entry_epoch integer not null,
    hash bytea not null,
    entry bytea not null,
    received_at timestamptz not null default now(),
    state text not null default 'held' check (state in ('held', 'adopted', 'set_aside', 'in_effect')),
    reason text not null default '',
    decided_by text not null default '',
    decided_at timestamptz,
    primary key (org_id, site_id, epoch, sequence)
);

-- Documents of boxes that a replacement needs: `version` is the lower-case hexadecimal SHA-256 of `document`.
create table keepsakes (
    org_id uuid not null,
    site_id uuid not null,
    version text not null,
    kind text not null,
    document bytea not null,
    received_at timestamptz not null default now(),
    primary key (org_id, site_id, version)
);

-- Their parts, as they come, until they are whole.
create table keepsake_parts (
    org_id uuid not null,
    site_id uuid not null,
    version text not null,
    part_index integer not null,
    part_count integer not null,
    data bytea not null,
    received_at timestamptz not null default now(),
    primary key (org_id, site_id, version, part_index)
);

-- Commands of the hub to sites. `command_id` is the id that the entries they lead to bear in the site's journal (of an adoption: that of
-- the orphaned command): ingest closes a command as `done` when such an entry arrives, as `refused` when the box says so. What
-- has expired stays `open`, and is not handed out any more.
create table site_commands (
    org_id uuid not null,
    site_id uuid not null,
    command_id text not null,
    command bytea not null,
    expires_at timestamptz not null,
    state text not null default 'open' check (state in ('open', 'done', 'refused')),
    result text not null default '', -- the code of a refusal
    asked_by text not null default '',
    asked_at timestamptz not null default now(),
    closed_at timestamptz,
    primary key (org_id, site_id, command_id)
);
create index site_commands_open on site_commands (org_id, site_id, asked_at) where state = 'open';

-- Lane owners lock the watermark of a site anyway: there they see whether commands wait for it, and look no further if none does.
-- The row is locked before it is counted, so that of two who change commands at once the second counts those of both.
create function count_open_commands() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    changed site_commands := case when tg_op = 'DELETE' then old else new end;
begin
    insert into watermarks (org_id, site_id, epoch, sequence, hash)
    values (changed.org_id, changed.site_id, 0, 0, decode(repeat('00', 32), 'hex'))
    on conflict do nothing;
    perform from watermarks where org_id = changed.org_id and site_id = changed.site_id for update;
    update watermarks
    set open_commands = (
        select count(*) from site_commands where org_id = changed.org_id and site_id = changed.site_id and state = 'open'
    )
    where org_id = changed.org_id and site_id = changed.site_id;
    return null;
end $$;
create trigger open_commands after insert or delete or update of state on site_commands
    for each row execute function count_open_commands();

-- --- who sees what ----------------------------------------------------------------------------------

do $$
declare
    target text;
begin
    foreach target in array array['backup_positions', 'orphan_branches', 'holes', 'orphans', 'keepsakes', 'keepsake_parts', 'site_commands'] loop
        execute format('alter table %I enable row level security', target);
        execute format('alter table %I force row level security', target);
        execute format('create policy tenant on %I using (org_id = app_org()) with check (org_id = app_org())', target);
    end loop;
    foreach target in array array['backup_positions', 'orphan_branches', 'holes'] loop
        execute format('create policy positions on %I to comanda_ingest, comanda_project, comanda_platform using (true) with check (true)', target);
    end loop;
end $$;

grant select, insert, update (done_at), delete on backups to comanda_platform;
grant select, insert, delete on backup_positions to comanda_platform;
grant select on orphan_branches, holes to comanda_tenant, comanda_platform, comanda_project;
grant select, insert, update on orphan_branches, holes to comanda_ingest;

grant select, update (state, reason, decided_by, decided_at) on orphans to comanda_tenant;
grant select (org_id, site_id, epoch, sequence, hash), insert on orphans to comanda_ingest;

-- One look for the hellos of many organisations: what a document is called is no content.
create policy names on keepsakes for select to comanda_ingest using (true);
grant select on keepsakes to comanda_tenant;
grant select (org_id, site_id, kind, version, received_at), insert, delete on keepsakes to comanda_ingest;
grant select, insert, delete on keepsake_parts to comanda_ingest;
grant select, insert, update (state, result, closed_at) on site_commands to comanda_tenant;
grant select, update (state, result, closed_at) on site_commands to comanda_ingest;

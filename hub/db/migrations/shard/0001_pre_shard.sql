-- A shard: the journals of its tenants as they came, how far each has come, and what is read from them.
--
-- Every table of tenants leads its keys with org_id and forces row-level security: contents are seen only by a transaction
-- that acts for the organisation (`app.org_id`). The *position* tables (placements, watermarks, contacts, cursors) say how far a
-- site is and nothing of what is in its journal. A lane owner locks the positions of many organisations in one
-- transaction, a projector looks for any site with work: so they have a second policy for the service roles.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['comanda_tenant', 'comanda_platform', 'comanda_ingest', 'comanda_project'] loop
        begin
            execute format('create role %I nologin nosuperuser nobypassrls noinherit', wanted);
        exception when duplicate_object or unique_violation then
            null; -- roles belong to the whole server: another of its databases was migrated first
        end;
    end loop;
end $$;

-- The organisation that the transaction acts for, or null: after a transaction the setting is '', not null.
create function app_org() returns uuid language sql stable parallel safe
    return nullif(current_setting('app.org_id', true), '')::uuid;

-- Which shard this is, and its incarnation: answers carry it, so that edges notice a shard that was made anew or restored.
create table identity (
    only_row boolean primary key default true check (only_row),
    name text not null,
    incarnation uuid not null default gen_random_uuid(),
    created_at timestamptz not null default now()
);

-- --- positions --------------------------------------------------------------------------------------

-- The organisations that live here. Every transaction that writes locks the row for share with the epoch it knows.
create table placements (
    org_id uuid primary key,
    epoch bigint not null,
    placed_at timestamptz not null default now()
);

-- The watermark: the last entry of the site's journal that is committed here.
create table watermarks (
    org_id uuid not null,
    site_id uuid not null,
    epoch integer not null,
    sequence bigint not null,
    hash bytea not null check (octet_length(hash) = 32),
    received_at timestamptz not null default now(),
    primary key (org_id, site_id)
);

-- The last hello: when, where the head of the journal was, and live figures (JSON as bytes: whatever is in them).
create table contacts (
    org_id uuid not null,
    site_id uuid not null,
    contact_at timestamptz not null default now(),
    box_epoch integer not null,
    head_epoch integer not null,
    head_sequence bigint not null,
    figures bytea not null,
    primary key (org_id, site_id)
);

-- How far the read models of a site have come, and how many entries they passed over.
create table cursors (
    org_id uuid not null,
    site_id uuid not null,
    sequence bigint not null default 0,
    unknown_events bigint not null default 0,
    projected_at timestamptz not null default now(),
    primary key (org_id, site_id)
);

-- --- contents ---------------------------------------------------------------------------------------

-- The raw journal. `entry` is bytes, exactly as first written, whatever is in them (Law 11). Partitioned by the month the
-- hub received it; that (org, site, sequence) is unique over the partitions follows from the lock on the watermark.
create table journal (
    org_id uuid not null,
    site_id uuid not null,
    sequence bigint not null,
    received_on date not null,
    epoch integer not null,
    hash bytea not null,
    entry bytea not null,
    received_at timestamptz not null default now(),
    primary key (org_id, site_id, sequence, received_on)
) partition by range (received_on);
create table journal_default partition of journal default;

-- Signed frames that contradict the journal, or come from a box whose epoch has ended: kept apart for a person (Laws 2, 6).
create table forks (
    org_id uuid not null,
    site_id uuid not null,
    first_sequence bigint not null,
    after_hash bytea not null,
    last_sequence bigint not null,
    epoch integer not null,
    kind text not null check (kind in ('fork', 'fenced')),
    frame bytea not null,
    kept_at timestamptz not null default now(),
    primary key (org_id, site_id, first_sequence, after_hash)
);

-- State of the domain's aggregates, as the projector folds it.
create table aggregates (
    org_id uuid not null,
    site_id uuid not null,
    kind text not null,
    id text not null,
    state jsonb not null,
    primary key (org_id, site_id, kind, id)
);

-- Checks with their sums, in minor units of `currency`.
create table checks (
    org_id uuid not null,
    site_id uuid not null,
    check_id uuid not null,
    business_date date not null,
    number bigint not null,
    epoch integer not null,
    status text not null,
    currency text not null,
    table_id text not null,
    covers integer not null,
    opened_at timestamptz not null,
    closed_at timestamptz,
    gross_minor bigint not null,
    net_minor bigint not null,
    tax_minor bigint not null,
    total_minor bigint not null,
    paid_minor bigint not null,
    primary key (org_id, site_id, check_id)
);
create index checks_by_date on checks (org_id, site_id, business_date);

-- Sales by business date, the sum of shared.domain.sales over the site's checks.
create table daily_sales (
    org_id uuid not null,
    site_id uuid not null,
    business_date date not null,
    currency text not null,
    orders bigint not null,
    lines bigint not null,
    gross_minor bigint not null,
    net_minor bigint not null,
    tax_minor bigint not null,
    primary key (org_id, site_id, business_date, currency)
);

-- Entries that could not be projected, and the later ones of the same check. The entry itself stays in the journal.
create table quarantine (
    org_id uuid not null,
    site_id uuid not null,
    sequence bigint not null,
    kind text not null,
    id text not null,
    code text not null,
    detail text not null,
    quarantined_at timestamptz not null default now(),
    primary key (org_id, site_id, sequence)
);
create index quarantine_by_subject on quarantine (org_id, site_id, kind, id);

-- --- who sees what ----------------------------------------------------------------------------------

do $$
declare
    target text;
begin
    foreach target in array array['placements', 'watermarks', 'contacts', 'cursors', 'journal', 'journal_default', 'forks', 'aggregates',
                                  'checks', 'daily_sales', 'quarantine'] loop
        execute format('alter table %I enable row level security', target);
        execute format('alter table %I force row level security', target);
        execute format('create policy tenant on %I using (org_id = app_org()) with check (org_id = app_org())', target);
    end loop;
    foreach target in array array['placements', 'watermarks', 'contacts', 'cursors'] loop
        execute format('create policy positions on %I to comanda_ingest, comanda_project, comanda_platform using (true) with check (true)', target);
    end loop;
end $$;

grant select on identity to comanda_tenant, comanda_platform, comanda_ingest, comanda_project;
grant select on placements, watermarks, contacts, cursors to comanda_tenant, comanda_platform;
grant select on journal, forks, aggregates, checks, daily_sales, quarantine to comanda_tenant;

grant insert on placements to comanda_platform;
grant select, update (placed_at) on placements to comanda_ingest, comanda_project; -- `for share` asks for an update of some column
grant select, insert, update on watermarks, contacts to comanda_ingest;
grant select, insert on journal to comanda_ingest;
grant select, insert on forks to comanda_ingest;

grant select on watermarks, journal to comanda_project;
grant select, insert, update on cursors to comanda_project;
grant select, insert, update, delete on aggregates, checks, daily_sales, quarantine to comanda_project;

-- --- months -----------------------------------------------------------------------------------------

-- Makes the partition of every month from this one to `months_ahead` from now that is missing; called by `comanda hub migrate`.
-- A month whose rows have begun to land in the default partition stays there: nothing is moved behind a writer's back.
create function ensure_journal_months(months_ahead integer) returns integer language plpgsql as $$
declare
    month date;
    partition_name text;
    made integer := 0;
begin
    for step in 0..months_ahead loop
        month := (date_trunc('month', now() at time zone 'UTC') + make_interval(months => step))::date;
        partition_name := 'journal_' || to_char(month, 'YYYY_MM');
        if to_regclass(partition_name) is null
           and not exists (select from journal_default where received_on >= month and received_on < month + interval '1 month') then
            execute format('create table %I partition of journal for values from (%L) to (%L)', partition_name, month, month + interval '1 month');
            execute format('alter table %I enable row level security', partition_name);
            execute format('alter table %I force row level security', partition_name);
            execute format('create policy tenant on %I using (org_id = app_org()) with check (org_id = app_org())', partition_name);
            made := made + 1;
        end if;
    end loop;
    return made;
end $$;
revoke execute on function ensure_journal_months(integer) from public;

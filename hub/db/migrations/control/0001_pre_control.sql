-- The control database: who the tenants are, where they are placed, which boxes speak for their sites.
--
-- Four roles without login, the same in the control database and in every shard. A process takes exactly one of them when it
-- connects (`role` in the start-up packet), so that what it may do follows from what it is for. None owns a table, none
-- bypasses row-level security:
--   comanda_tenant    a request on behalf of one organisation; sees rows of `app.org_id` and nothing else
--   comanda_platform  the operator: names, sites, positions of everybody, but never what is in a journal
--   comanda_ingest    lane owners: appends for the organisation it has set, sees registrations and positions of all
--   comanda_project   projectors: read models of the organisation it has set, positions of all
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

-- The SHA-256 of the credential (bearer token, claim code) that the transaction was shown, or null. Whoever holds a
-- credential may see the one row that it opens, before anybody knows which organisation that row belongs to.
create function app_credential() returns bytea language sql stable parallel safe
    return decode(nullif(current_setting('app.credential_sha256', true), ''), 'hex');

create table shards (
    name text primary key,
    added_at timestamptz not null default now()
);

-- 4,096 buckets of a hash of org_id (hub/db/placement.py). `epoch` rises with every move; each shard holds it in its
-- placement rows, and a writer that still has an older one fails there.
create table directory (
    bucket integer primary key check (bucket between 0 and 4095),
    shard text not null references shards,
    epoch bigint not null default 1
);

create table organisations (
    org_id uuid primary key,
    name text not null,
    bucket integer not null references directory,
    created_at timestamptz not null default now()
);

create table sites (
    org_id uuid not null references organisations,
    site_id uuid not null,
    name text not null,
    currency text not null,
    time_zone text not null,
    cut_over_minutes integer not null,
    created_at timestamptz not null default now(),
    primary key (org_id, site_id)
);
-- The operator names a site without its organisation; ids are UUIDv7 and do not meet.
create index sites_by_id on sites (site_id);

-- One row a claim: the box that holds this key writes the site's journal from this epoch on (Law 6).
create table boxes (
    org_id uuid not null,
    site_id uuid not null,
    epoch integer not null check (epoch > 0),
    public_key text not null,
    claimed_at timestamptz not null default now(),
    primary key (org_id, site_id, epoch),
    foreign key (org_id, site_id) references sites
);

-- A claim code is kept as its SHA-256. `epoch` and `public_key` are set when it is used; asked again with the same key (the
-- answer was lost on its way) it gives the same answer, with any other key none.
create table claims (
    org_id uuid not null,
    site_id uuid not null,
    code_sha256 bytea not null,
    expires_at timestamptz not null,
    epoch integer,
    public_key text,
    used_at timestamptz,
    primary key (org_id, site_id, code_sha256),
    foreign key (org_id, site_id) references sites
);
create index claims_by_code on claims (code_sha256);

-- Bearer tokens of the API, as SHA-256. Without an organisation a token is platform-wide.
create table tokens (
    token_sha256 bytea primary key,
    org_id uuid references organisations,
    name text not null,
    created_at timestamptz not null default now(),
    revoked_at timestamptz
);

-- Who owns which lane, by the clock of this database. Two owners by accident are harmless: the watermark decides.
create table lanes (
    lane integer primary key,
    owner text not null default '',
    leased_until timestamptz not null default '-infinity'
);

-- Ingest processes that are alive, so that each can work out its fair share of lanes.
create table ingest_processes (
    owner text primary key,
    alive_until timestamptz not null
);

alter table organisations enable row level security;
alter table organisations force row level security;
alter table sites enable row level security;
alter table sites force row level security;
alter table boxes enable row level security;
alter table boxes force row level security;
alter table claims enable row level security;
alter table claims force row level security;
alter table tokens enable row level security;
alter table tokens force row level security;

create policy tenant on organisations using (org_id = app_org()) with check (org_id = app_org());
create policy tenant on sites using (org_id = app_org()) with check (org_id = app_org());
create policy tenant on boxes using (org_id = app_org()) with check (org_id = app_org());
create policy tenant on claims using (org_id = app_org()) with check (org_id = app_org());
create policy tenant on tokens using (org_id = app_org()) with check (org_id = app_org());

create policy operator on organisations to comanda_platform using (true) with check (true);
create policy operator on sites to comanda_platform using (true) with check (true);
create policy operator on boxes for select to comanda_platform using (true);
create policy operator on claims for insert to comanda_platform with check (true);
create policy operator on tokens to comanda_platform using (true) with check (true);

-- A lane carries the sites of many organisations: its owner looks up whose key may sign for which site, and where it is placed.
create policy registration on organisations for select to comanda_ingest using (true);
create policy registration on sites for select to comanda_ingest using (true);
create policy registration on boxes for select to comanda_ingest using (true);

create policy holder on tokens for select using (token_sha256 = app_credential());
create policy holder on claims for select using (code_sha256 = app_credential());

grant select on shards, directory to comanda_tenant, comanda_platform, comanda_ingest, comanda_project;
grant select on organisations, sites, boxes to comanda_tenant, comanda_platform, comanda_ingest;
grant select, update (epoch, public_key, used_at) on claims to comanda_tenant;
grant update (name) on sites to comanda_tenant; -- which is what `for update` asks for: claims of one site queue on its row
grant insert on boxes to comanda_tenant;
grant select on tokens to comanda_tenant;
grant insert on organisations, sites, claims, tokens to comanda_platform;
grant select, insert, update, delete on lanes, ingest_processes to comanda_ingest;

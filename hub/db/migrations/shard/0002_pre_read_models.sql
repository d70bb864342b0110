-- Read models of whole checks, of the kitchen's times and of the books of each day, partitioned by business month.
--
-- The release before goes on running beside this: its table `checks` stays until 0003_post, and `daily_sales` keeps the columns
-- and the key that it writes. A site is taken over by the first new projector that comes to it, which forgets what was
-- projected of it and makes it anew from the journal; `cursors.format` says by whom, and keeps the old ones away from then on.

-- --- who may project --------------------------------------------------------------------------------

-- The format of the read models that the transaction writes; 0 for releases that did not say.
create function app_format() returns integer language sql stable parallel safe
    return coalesce(nullif(current_setting('app.format', true), '')::integer, 0);

alter table cursors add column format integer not null default 0;
-- A lock asks for the right to update: an older projector finds the cursor locked, as if another were at it, and goes on.
create policy format_is_ours on cursors as restrictive for update to comanda_project using (format <= app_format()) with check (true);

-- What an entry holds back may be several checks: one merges into another.
alter table quarantine drop constraint quarantine_pkey;
alter table quarantine add primary key (org_id, site_id, sequence, kind, id);

-- --- months -----------------------------------------------------------------------------------------

-- Makes the partition of `parent` of every month from `months_back` before to `months_ahead` after this one that is missing.
-- A month whose rows have begun to land in the default partition stays there: nothing is moved behind a writer's back. That
-- they have is learned from the refusal: the policies hide them from whoever asks, the owner too.
create function ensure_months(parent text, months_back integer, months_ahead integer) returns integer language plpgsql as $$
declare
    month date;
    partition_name text;
    made integer := 0;
begin
    for step in -months_back..months_ahead loop
        month := (date_trunc('month', now() at time zone 'UTC') + make_interval(months => step))::date;
        partition_name := parent || '_' || to_char(month, 'YYYY_MM');
        if to_regclass(partition_name) is null then
            begin
                execute format('create table %I partition of %I for values from (%L) to (%L)', partition_name, parent, month, month + interval '1 month');
                execute format('alter table %I enable row level security', partition_name);
                execute format('alter table %I force row level security', partition_name);
                execute format('create policy tenant on %I using (org_id = app_org()) with check (org_id = app_org())', partition_name);
                made := made + 1;
            exception when check_violation then
                raise notice 'rows of % lie in the default partition of %', month, parent;
            end;
        end if;
    end loop;
    return made;
end $$;
revoke execute on function ensure_months(text, integer, integer) from public;

-- Called by `comanda hub migrate` of this release and of the one before.
create or replace function ensure_journal_months(months_ahead integer) returns integer language sql
    return ensure_months('journal', 0, months_ahead);

-- --- checks -----------------------------------------------------------------------------------------

-- Checks with their sums, in minor units of `currency`; see CheckSummary in hub/records/checks.py. One that is in training stands in no figure.
create table guest_checks (
    org_id uuid not null,
    site_id uuid not null,
    business_date date not null,
    check_id uuid not null,
    number bigint not null,
    epoch integer not null,
    order_number bigint not null,
    receipt_number bigint not null,
    status text not null,
    reopenings integer not null,
    training boolean not null,
    service text not null,
    dining_option text not null,
    table_id text not null,
    covers integer not null,
    owner_id text not null,
    device_id text not null,
    currency text not null,
    opened_at timestamptz not null,
    closed_at timestamptz,
    revision bigint not null,
    lines integer not null,
    gross_minor bigint not null,
    discount_minor bigint not null,
    comp_minor bigint not null,
    void_minor bigint not null,
    service_minor bigint not null,
    net_minor bigint not null,
    tax_minor bigint not null,
    total_minor bigint not null,
    paid_minor bigint not null,
    due_minor bigint not null,
    tip_minor bigint not null,
    refund_minor bigint not null,
    split_from uuid,
    merged_into uuid,
    primary key (org_id, site_id, check_id, business_date)
) partition by range (business_date);
create table guest_checks_default partition of guest_checks default;
create index guest_checks_in_order on guest_checks (org_id, site_id, business_date, epoch, number, check_id);

-- Lines with what each bears of discounts and taxes. `void_minor` is what was voided after fire, which is waste.
create table check_lines (
    org_id uuid not null,
    site_id uuid not null,
    business_date date not null,
    check_id uuid not null,
    line_id uuid not null,
    position integer not null,
    item_id text not null,
    name text not null,
    category text not null,
    seat integer not null,
    course text not null,
    station text not null,
    quantity integer not null,
    weight text not null,
    weight_unit text not null,
    dining_option text not null,
    price_level text not null,
    status text not null,
    unit_price_minor bigint not null,
    gross_minor bigint not null,
    discount_minor bigint not null,
    comp_minor bigint not null,
    price_minor bigint not null,
    net_minor bigint not null,
    tax_minor bigint not null,
    void_minor bigint not null,
    voided_after_fire boolean not null,
    void_reason text not null,
    void_approved_by text not null,
    combo_id text not null,
    combo_item_id text not null,
    share text not null,
    share_of text not null,
    modifiers jsonb not null,
    added_at timestamptz,
    sent_at timestamptz,
    primary key (org_id, site_id, check_id, line_id, business_date)
) partition by range (business_date);
create table check_lines_default partition of check_lines default;

-- Discounts, comps and promotions: by which rule, why, by whom, and what came off.
create table check_discounts (
    org_id uuid not null,
    site_id uuid not null,
    business_date date not null,
    check_id uuid not null,
    discount_id text not null,
    position integer not null,
    scope text not null,
    name text not null,
    rule_id text not null,
    rate text not null,
    reason text not null,
    given_by text not null,
    approved_by text not null,
    applied_minor bigint not null,
    unapplied_minor bigint not null,
    primary key (org_id, site_id, check_id, discount_id, business_date)
) partition by range (business_date);
create table check_discounts_default partition of check_discounts default;

-- Service charges.
create table check_charges (
    org_id uuid not null,
    site_id uuid not null,
    business_date date not null,
    check_id uuid not null,
    charge_id text not null,
    position integer not null,
    name text not null,
    rule_id text not null,
    rate text not null,
    automatic boolean not null,
    taxable boolean not null,
    amount_minor bigint not null,
    primary key (org_id, site_id, check_id, charge_id, business_date)
) partition by range (business_date);
create table check_charges_default partition of check_charges default;

-- Taxes, by the key of the books: id, rate, inclusive or not.
create table check_taxes (
    org_id uuid not null,
    site_id uuid not null,
    business_date date not null,
    check_id uuid not null,
    tax_id text not null,
    rate text not null,
    inclusive boolean not null,
    name text not null,
    base_minor bigint not null,
    tax_minor bigint not null,
    relieved_minor bigint not null,
    primary key (org_id, site_id, check_id, tax_id, rate, inclusive, business_date)
) partition by range (business_date);
create table check_taxes_default partition of check_taxes default;

-- Payments; `paid_on` is the business date on which it was booked, which may be later than the check's.
create table check_payments (
    org_id uuid not null,
    site_id uuid not null,
    business_date date not null,
    check_id uuid not null,
    payment_id uuid not null,
    position integer not null,
    tender text not null,
    kind text not null,
    amount_minor bigint not null,
    tendered_minor bigint not null,
    change_minor bigint not null,
    rounding_minor bigint not null,
    tip_minor bigint not null,
    share integer not null,
    approval_code text not null,
    reference text not null,
    paid_on date not null,
    paid_at timestamptz,
    actor_id text not null,
    device_id text not null,
    primary key (org_id, site_id, check_id, payment_id, business_date)
) partition by range (business_date);
create table check_payments_default partition of check_payments default;

-- Refunds, and with `correction` what a reopened check gave back. `lines` and `tenders` are lists of what is in hub/records/checks.py.
create table check_refunds (
    org_id uuid not null,
    site_id uuid not null,
    business_date date not null,
    check_id uuid not null,
    refund_id uuid not null,
    position integer not null,
    number bigint not null,
    epoch integer not null,
    correction boolean not null,
    total_minor bigint not null,
    net_minor bigint not null,
    tax_minor bigint not null,
    reason text not null,
    approved_by text not null,
    refunded_on date not null,
    refunded_at timestamptz,
    lines jsonb not null,
    tenders jsonb not null,
    primary key (org_id, site_id, check_id, refund_id, business_date)
) partition by range (business_date);
create table check_refunds_default partition of check_refunds default;

-- --- the kitchen ------------------------------------------------------------------------------------

-- Tickets with their times. `due_at` is when the station was to begin: the earliest of its lines' fire times, or when it came.
create table tickets (
    org_id uuid not null,
    site_id uuid not null,
    business_date date not null,
    ticket_id uuid not null,
    station text not null,
    number bigint not null,
    epoch integer not null,
    check_id uuid not null,
    check_number bigint not null,
    table_id text not null,
    course text not null,
    service text not null,
    dining_option text not null,
    status text not null,
    lines integer not null,
    voided_lines integer not null,
    priority integer not null,
    recalls integer not null,
    adds_to bigint not null,
    awaits_expo boolean not null,
    served_early boolean not null,
    created_at timestamptz not null,
    due_at timestamptz not null,
    ready_by timestamptz,
    printed_at timestamptz,
    shown_at timestamptz,
    started_at timestamptz,
    bumped_at timestamptz,
    served_at timestamptz,
    primary key (org_id, site_id, ticket_id, business_date)
) partition by range (business_date);
create table tickets_default partition of tickets default;
create index tickets_by_date on tickets (org_id, site_id, business_date, station);
create index tickets_by_check on tickets (org_id, site_id, check_id);

-- --- the books of each day --------------------------------------------------------------------------

-- What each tender took: see TenderSum in shared/domain/check/books.py.
create table daily_tenders (
    org_id uuid not null,
    site_id uuid not null,
    business_date date not null,
    currency text not null,
    tender text not null,
    count bigint not null,
    amount_minor bigint not null,
    rounding_minor bigint not null,
    tip_minor bigint not null,
    refund_minor bigint not null,
    primary key (org_id, site_id, business_date, currency, tender)
) partition by range (business_date);
create table daily_tenders_default partition of daily_tenders default;

-- Each tax: see TaxSum there.
create table daily_taxes (
    org_id uuid not null,
    site_id uuid not null,
    business_date date not null,
    currency text not null,
    tax_id text not null,
    rate text not null,
    inclusive boolean not null,
    base_minor bigint not null,
    tax_minor bigint not null,
    relieved_minor bigint not null,
    primary key (org_id, site_id, business_date, currency, tax_id, rate, inclusive)
) partition by range (business_date);
create table daily_taxes_default partition of daily_taxes default;

-- Sales: see Sales there. The release before adds to the first five of its figures; what it wrote is carried over, so that its
-- reports and the new ones show the same until the site is taken over.
alter table daily_sales rename to daily_sales_before;
alter table daily_sales_before rename constraint daily_sales_pkey to daily_sales_before_pkey;
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
    discount_minor bigint not null default 0,
    comp_minor bigint not null default 0,
    void_minor bigint not null default 0,
    service_minor bigint not null default 0,
    refund_minor bigint not null default 0,
    covers bigint not null default 0,
    primary key (org_id, site_id, business_date, currency)
) partition by range (business_date);
create table daily_sales_default partition of daily_sales default;
select ensure_months('daily_sales', 1, 1);
alter table daily_sales_before no force row level security; -- for this copy the owner sees every tenant's rows
insert into daily_sales (org_id, site_id, business_date, currency, orders, lines, gross_minor, net_minor, tax_minor)
select org_id, site_id, business_date, currency, orders, lines, gross_minor, net_minor, tax_minor from daily_sales_before;
drop table daily_sales_before;

-- --- who sees what ----------------------------------------------------------------------------------

do $$
declare
    model text;
    target text;
begin
    foreach model in array array['guest_checks', 'check_lines', 'check_discounts', 'check_charges', 'check_taxes', 'check_payments',
                                  'check_refunds', 'tickets', 'daily_sales', 'daily_tenders', 'daily_taxes'] loop
        execute format('grant select on %I to comanda_tenant', model);
        execute format('grant select, insert, update, delete on %I to comanda_project', model);
        foreach target in array array[model, model || '_default'] loop
            execute format('alter table %I enable row level security', target);
            execute format('alter table %I force row level security', target);
            execute format('create policy tenant on %I using (org_id = app_org()) with check (org_id = app_org())', target);
        end loop;
    end loop;
end $$;

-- Makes the months to come of every read model; called by `comanda hub migrate`. One month back: sites that were offline come late.
create function ensure_read_model_months(months_back integer, months_ahead integer) returns integer language sql
    return (
        select sum(ensure_months(parent, months_back, months_ahead))::integer
        from unnest(array['guest_checks', 'check_lines', 'check_discounts', 'check_charges', 'check_taxes', 'check_payments',
                          'check_refunds', 'tickets', 'daily_sales', 'daily_tenders', 'daily_taxes']) as parent
    );
revoke execute on function ensure_read_model_months(integer, integer) from public;

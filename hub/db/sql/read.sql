-- What the API and the command line read from a shard, and the placement of a new tenant. Role comanda_tenant on behalf of an
-- organisation, comanda_platform on behalf of the operator (positions only).

-- Role comanda_platform. A placement that is there stays as it is: only a move raises its epoch.
-- name: place
insert into placements (org_id, epoch) values ($1::uuid, $2) on conflict do nothing

-- Sites that were never heard of have neither watermark nor contact.
-- name: positions
select wanted.site_id::text, w.epoch, w.sequence, w.hash, w.received_at, c.contact_at, c.head_sequence, c.figures,
       coalesce(p.sequence, 0) as projected_sequence, now() as as_of,
       (select count(distinct q.sequence) from quarantine q where q.org_id = wanted.org_id and q.site_id = wanted.site_id) as quarantined,
       (select count(*) from orphans o
        where o.org_id = wanted.org_id and o.site_id = wanted.site_id and o.state = 'held') as orphans_held,
       (select count(*) from holes h
        where h.org_id = wanted.org_id and h.site_id = wanted.site_id and h.filled_at is null) as holes_open
from unnest($1::uuid[], $2::uuid[]) as wanted (org_id, site_id)
     left join watermarks w on w.org_id = wanted.org_id and w.site_id = wanted.site_id
     left join contacts c on c.org_id = wanted.org_id and c.site_id = wanted.site_id
     left join cursors p on p.org_id = wanted.org_id and p.site_id = wanted.site_id
where w.org_id is not null or c.org_id is not null

-- Role comanda_tenant, from here on. Rows of read models are answered as one JSON text, which msgspec reads into records quicker
-- than rows can be taken apart.

-- $3 is the format of the read models that this release makes; they may be of another before the projectors came to the site.
-- name: is_current
select not exists (
    select
    from watermarks w left join cursors c on c.org_id = w.org_id and c.site_id = w.site_id
    where w.org_id = $1::uuid and w.site_id = $2::uuid and w.sequence > 0
          and (c.sequence is null or c.sequence < w.sequence or c.format <> $3)
)

-- name: sales
select coalesce(json_agg(d order by d.business_date, d.currency), '[]')::text
from daily_sales d
where d.org_id = $1::uuid and d.site_id = $2::uuid and d.business_date between $3::text::date and $4::text::date

-- name: tenders
select coalesce(json_agg(d order by d.business_date, d.currency, d.tender), '[]')::text
from daily_tenders d
where d.org_id = $1::uuid and d.site_id = $2::uuid and d.business_date between $3::text::date and $4::text::date

-- name: taxes
select coalesce(json_agg(d order by d.business_date, d.currency, d.tax_id, d.rate, d.inclusive), '[]')::text
from daily_taxes d
where d.org_id = $1::uuid and d.site_id = $2::uuid and d.business_date between $3::text::date and $4::text::date

-- A page of checks after ($8, $9, $10, $11); a filter that is null lets all pass.
-- name: checks
select coalesce(json_agg(page order by page.business_date, page.epoch, page.number, page.check_id), '[]')::text
from (
    select c.*
    from guest_checks c
    where c.org_id = $1::uuid and c.site_id = $2::uuid and c.business_date between $3::text::date and $4::text::date
          and ($5::text is null or c.status = $5) and ($6::text is null or c.table_id = $6) and ($7::boolean is null or c.training = $7)
          and (c.business_date, c.epoch, c.number, c.check_id) > ($8::text::date, $9::integer, $10::bigint, $11::uuid)
    order by c.business_date, c.epoch, c.number, c.check_id
    limit $12
) as page

-- One check and all that is of it, as of one moment. It is looked up first: else what is of it is planned once for each of its months.
-- name: check
with c as materialized (
    select * from guest_checks where org_id = $1::uuid and site_id = $2::uuid and check_id = $3::uuid
)
select row_to_json(c)::text as check,
       (select coalesce(json_agg(l order by l.position), '[]')::text from check_lines l
        where l.org_id = c.org_id and l.site_id = c.site_id and l.check_id = c.check_id and l.business_date = c.business_date) as lines,
       (select coalesce(json_agg(d order by d.position), '[]')::text from check_discounts d
        where d.org_id = c.org_id and d.site_id = c.site_id and d.check_id = c.check_id and d.business_date = c.business_date) as discounts,
       (select coalesce(json_agg(s order by s.position), '[]')::text from check_charges s
        where s.org_id = c.org_id and s.site_id = c.site_id and s.check_id = c.check_id and s.business_date = c.business_date) as charges,
       (select coalesce(json_agg(t order by t.tax_id, t.rate, t.inclusive), '[]')::text from check_taxes t
        where t.org_id = c.org_id and t.site_id = c.site_id and t.check_id = c.check_id and t.business_date = c.business_date) as taxes,
       (select coalesce(json_agg(p order by p.position), '[]')::text from check_payments p
        where p.org_id = c.org_id and p.site_id = c.site_id and p.check_id = c.check_id and p.business_date = c.business_date) as payments,
       (select coalesce(json_agg(r order by r.position), '[]')::text from check_refunds r
        where r.org_id = c.org_id and r.site_id = c.site_id and r.check_id = c.check_id and r.business_date = c.business_date) as refunds,
       (select coalesce(json_agg(k order by k.created_at, k.station, k.number), '[]')::text from tickets k
        where k.org_id = c.org_id and k.site_id = c.site_id and k.check_id = c.check_id) as tickets
from c

-- Seconds by business date and station, and by station over all dates ("" for the date). A station that began before it was to
-- begin took no time, not less than none.
-- name: ticket_times
with timed as (
    select t.business_date, t.station, t.recalls, t.bumped_at > t.ready_by as is_late,
           extract(epoch from t.shown_at - least(t.created_at, t.shown_at))::float8 as shown_s,
           extract(epoch from t.started_at - least(t.due_at, t.started_at))::float8 as started_s,
           extract(epoch from t.bumped_at - least(t.due_at, t.bumped_at))::float8 as bumped_s,
           extract(epoch from t.served_at - least(t.due_at, t.served_at))::float8 as served_s
    from tickets t
    where t.org_id = $1::uuid and t.site_id = $2::uuid and t.business_date between $3::text::date and $4::text::date and t.lines > 0
)
select coalesce(business_date::text, '') as business_date, station, count(*) as tickets, count(bumped_s) as bumped,
       count(served_s) as served, count(*) filter (where recalls > 0) as recalled, count(*) filter (where is_late) as late,
       percentile_cont(0.5) within group (order by shown_s) as shown_median_s,
       percentile_cont(0.9) within group (order by shown_s) as shown_p90_s,
       percentile_cont(0.5) within group (order by started_s) as started_median_s,
       percentile_cont(0.9) within group (order by started_s) as started_p90_s,
       percentile_cont(0.5) within group (order by bumped_s) as bumped_median_s,
       percentile_cont(0.9) within group (order by bumped_s) as bumped_p90_s,
       percentile_cont(0.5) within group (order by served_s) as served_median_s,
       percentile_cont(0.9) within group (order by served_s) as served_p90_s
from timed
group by grouping sets ((business_date, station), (station))
order by business_date, station
limit $5

-- name: quarantine
select sequence, kind, id, code, detail, quarantined_at
from quarantine
where org_id = $1::uuid and site_id = $2::uuid
order by sequence
limit $3

-- What a replacement fetches. First how far the hub is, and what the box last said to hold beside its journal.
-- name: fetched_site
select shard_incarnation() as incarnation, w.epoch, w.sequence, w.hash, c.keepsakes
from (select $1::uuid as org_id, $2::uuid as site_id) as asked
     left join watermarks w using (org_id, site_id)
     left join contacts c using (org_id, site_id)

-- Entries after $3, up to $4, as long as those before them are fewer than $5 bytes.
-- name: fetched_entries
select epoch, sequence, hash, entry
from (
    select run.*, sum(octet_length(entry)) over (order by sequence) - octet_length(entry) as bytes_before
    from (
        select j.epoch, j.sequence, j.hash, j.entry
        from journal j
        where j.org_id = $1::uuid and j.site_id = $2::uuid and j.sequence > $3
        order by j.sequence
        limit $4
    ) as run
) as counted
where bytes_before < $5
order by sequence

-- The latest first.
-- name: fetched_keepsakes
select kind, version from keepsakes where org_id = $1::uuid and site_id = $2::uuid order by received_at desc, version limit $3

-- name: fetched_document
select document from keepsakes where org_id = $1::uuid and site_id = $2::uuid and version = $3

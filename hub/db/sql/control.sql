-- Organisations, sites, boxes, claims and tokens, as the API and the command line use them. Roles comanda_platform (on behalf of the
-- operator) and comanda_tenant (on behalf of one organisation, or of whoever holds a credential).

-- name: add_organisation
insert into organisations (org_id, name, bucket) values ($1::uuid, $2, $3)

-- name: shard_of_bucket
select shard, epoch from directory where bucket = $1

-- name: add_site
insert into sites (org_id, site_id, name, currency, time_zone, cut_over_minutes) values ($1::uuid, $2::uuid, $3, $4, $5, $6)

-- name: organisations
select o.org_id::text, o.name, d.shard from organisations o join directory d using (bucket) order by o.org_id

-- Sites in the order of their ids, from after one of them; of one organisation where it is named.
-- name: sites
select s.org_id::text, s.site_id::text, s.name, s.currency, s.time_zone, s.cut_over_minutes, d.shard
from sites s join organisations o using (org_id) join directory d using (bucket)
where ($1::uuid is null or s.org_id = $1::uuid) and ($2::uuid is null or s.site_id > $2::uuid)
order by s.site_id
limit $3

-- name: site
select s.org_id::text, s.site_id::text, s.name, s.currency, s.time_zone, s.cut_over_minutes, d.shard
from sites s join organisations o using (org_id) join directory d using (bucket)
where s.site_id = $1::uuid

-- name: add_claim
insert into claims (org_id, site_id, code_sha256, expires_at, above)
select org_id, site_id, $2, now() + make_interval(secs => $3), $4 from sites where site_id = $1::uuid

-- The time by which a claim runs out, by the clock that will judge it.
-- name: claim_expiry
select now() + make_interval(secs => $1)

-- name: add_token
insert into tokens (token_sha256, org_id, name) values ($1, $2::uuid, $3)

-- The holder of the token sees its row and no other (policy `holder`).
-- name: token
select org_id::text, name from tokens where token_sha256 = $1 and revoked_at is null

-- The holder of the code sees its row and no other (policy `holder`).
-- name: claim
select org_id::text, site_id::text, expires_at > now() as is_valid, epoch, public_key, above from claims where code_sha256 = $1

-- From here on the transaction acts for the organisation of the claim. Claims of one site queue on its row.
-- name: lock_site
select name, currency, time_zone, cut_over_minutes from sites where org_id = $1::uuid and site_id = $2::uuid for update

-- name: last_epoch
select coalesce(max(epoch), 0) from boxes where org_id = $1::uuid and site_id = $2::uuid

-- A row where the database was restored since the site was claimed last.
-- name: grant_here
update sites set granted_under = control_incarnation()
where org_id = $1::uuid and site_id = $2::uuid and granted_under <> control_incarnation() returning site_id

-- name: restored
update identity set incarnation = gen_random_uuid() returning incarnation::text

-- name: add_box
insert into boxes (org_id, site_id, epoch, public_key) values ($1::uuid, $2::uuid, $3, $4)

-- name: box_token
select token from boxes where org_id = $1::uuid and site_id = $2::uuid and epoch = $3

-- name: keep_token
update boxes set token = $4 where org_id = $1::uuid and site_id = $2::uuid and epoch = $3

-- Ingest hears it after the commit, and tells the box that was replaced at once.
-- name: tell_claim
select pg_notify('claims', $1::text || ' ' || $2::text)

-- name: use_claim
update claims set epoch = $4, public_key = $5, used_at = now()
where org_id = $1::uuid and site_id = $2::uuid and code_sha256 = $3

-- name: box_keys
select public_key from boxes where org_id = $1::uuid and site_id = $2::uuid

-- What ingest asks of the control database: registrations and leases. Role comanda_ingest.

-- Who may sign for these sites, and where they are placed.
-- name: registrations
select s.org_id::text, s.site_id::text, d.shard, d.epoch as placement_epoch,
       coalesce(array_agg(b.epoch) filter (where b.epoch is not null), '{}') as epochs,
       coalesce(array_agg(b.public_key) filter (where b.epoch is not null), '{}') as keys,
       coalesce((array_agg(b.token order by b.epoch desc) filter (where b.epoch is not null))[1], '') as claim
from unnest($1::uuid[], $2::uuid[]) as wanted (org_id, site_id)
     join sites s on s.org_id = wanted.org_id and s.site_id = wanted.site_id
     join organisations o on o.org_id = s.org_id
     join directory d on d.bucket = o.bucket
     left join boxes b on b.org_id = s.org_id and b.site_id = s.site_id
group by s.org_id, s.site_id, d.shard, d.epoch

-- What a box has proved with its token, and this database had forgotten. An epoch that is registered stays as it is.
-- name: learn
insert into boxes (org_id, site_id, epoch, public_key, token) values ($1::uuid, $2::uuid, $3, $4, $5) on conflict do nothing

-- name: key_of_epoch
select public_key from boxes where org_id = $1::uuid and site_id = $2::uuid and epoch = $3

-- Every ingest process hears it after the commit.
-- name: tell_claim
select pg_notify('claims', $1::text || ' ' || $2::text)

-- Sites of which a claim was granted in the last seconds.
-- name: claimed_lately
select distinct org_id::text, site_id::text from boxes where claimed_at > now() - make_interval(secs => $1)

-- name: say_alive
insert into ingest_processes (owner, alive_until) values ($1, now() + make_interval(secs => $2))
on conflict (owner) do update set alive_until = excluded.alive_until

-- name: forget_dead
delete from ingest_processes where alive_until < now() - interval '1 hour'

-- name: count_alive
select count(*) from ingest_processes where alive_until > now()

-- name: extend
update lanes set leased_until = now() + make_interval(secs => $2) where owner = $1 returning lane

-- Lanes that nobody holds any more. `skip locked`: two that look at once share them out.
-- name: take
update lanes set owner = $1, leased_until = now() + make_interval(secs => $2)
where lane in (select lane from lanes where leased_until < now() order by lane limit $3 for update skip locked)
returning lane

-- name: release
update lanes set owner = '', leased_until = '-infinity' where owner = $1 and lane = any($2::integer[])

-- name: leave
delete from ingest_processes where owner = $1

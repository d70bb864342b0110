-- The rows of the read models, by table: put, dropped by their owners, forgotten by their site. Role comanda_project.
--
-- A batch is put as JSON, a list of {business_date, owner, rows}: one value to bind whatever the number of columns, and faster than
-- an array for each (measured). $3 and $4 of a drop are the dates and ids of the owners that lose their rows: partitions of other
-- months are left alone, and the ids are looked up in the key one by one, where a join would read the whole of a site (measured).

-- Checks.
-- name: put_guest_checks
insert into guest_checks (org_id, site_id, business_date, check_id, number, epoch, order_number, receipt_number, status, reopenings,
                          training, service, dining_option, table_id, covers, owner_id, device_id, currency, opened_at, closed_at,
                          revision, lines, gross_minor, discount_minor, comp_minor, void_minor, service_minor, net_minor, tax_minor,
                          total_minor, paid_minor, due_minor, tip_minor, refund_minor, split_from, merged_into)
select $1::uuid, $2::uuid, owners.business_date, owners.owner::uuid, new.*
from json_to_recordset($3::json) as owners (business_date date, owner text, rows json),
     json_to_recordset(owners.rows) as new (number bigint, epoch integer, order_number bigint, receipt_number bigint, status text,
                                            reopenings integer, training boolean, service text, dining_option text, table_id text,
                                            covers integer, owner_id text, device_id text, currency text, opened_at timestamptz,
                                            closed_at timestamptz, revision bigint, lines integer, gross_minor bigint,
                                            discount_minor bigint, comp_minor bigint, void_minor bigint, service_minor bigint,
                                            net_minor bigint, tax_minor bigint, total_minor bigint, paid_minor bigint, due_minor bigint,
                                            tip_minor bigint, refund_minor bigint, split_from uuid, merged_into uuid)

-- name: drop_guest_checks
delete from guest_checks
where org_id = $1::uuid and site_id = $2::uuid and check_id = any($4::uuid[])
      and business_date between (select min(day) from unnest($3::text[]) day)::date and (select max(day) from unnest($3::text[]) day)::date

-- name: forget_guest_checks
delete from guest_checks where org_id = $1::uuid and site_id = $2::uuid

-- Their lines.
-- name: put_check_lines
insert into check_lines (org_id, site_id, business_date, check_id, line_id, position, item_id, name, category, seat, course, station,
                         quantity, weight, weight_unit, dining_option, price_level, status, unit_price_minor, gross_minor, discount_minor,
                         comp_minor, price_minor, net_minor, tax_minor, void_minor, voided_after_fire, void_reason, void_approved_by,
                         combo_id, combo_item_id, share, share_of, modifiers, added_at, sent_at)
select $1::uuid, $2::uuid, owners.business_date, owners.owner::uuid, new.*
from json_to_recordset($3::json) as owners (business_date date, owner text, rows json),
     json_to_recordset(owners.rows) as new (line_id uuid, position integer, item_id text, name text, category text, seat integer,
                                            course text, station text, quantity integer, weight text, weight_unit text,
                                            dining_option text, price_level text, status text, unit_price_minor bigint,
                                            gross_minor bigint, discount_minor bigint, comp_minor bigint, price_minor bigint,
                                            net_minor bigint, tax_minor bigint, void_minor bigint, voided_after_fire boolean,
                                            void_reason text, void_approved_by text, combo_id text, combo_item_id text, share text,
                                            share_of text, modifiers jsonb, added_at timestamptz, sent_at timestamptz)

-- name: drop_check_lines
delete from check_lines
where org_id = $1::uuid and site_id = $2::uuid and check_id = any($4::uuid[])
      and business_date between (select min(day) from unnest($3::text[]) day)::date and (select max(day) from unnest($3::text[]) day)::date

-- name: forget_check_lines
delete from check_lines where org_id = $1::uuid and site_id = $2::uuid

-- Their discounts, comps and promotions.
-- name: put_check_discounts
insert into check_discounts (org_id, site_id, business_date, check_id, discount_id, position, scope, name, rule_id, rate, reason,
                             given_by, approved_by, applied_minor, unapplied_minor)
select $1::uuid, $2::uuid, owners.business_date, owners.owner::uuid, new.*
from json_to_recordset($3::json) as owners (business_date date, owner text, rows json),
     json_to_recordset(owners.rows) as new (discount_id text, position integer, scope text, name text, rule_id text, rate text,
                                            reason text, given_by text, approved_by text, applied_minor bigint, unapplied_minor bigint)

-- name: drop_check_discounts
delete from check_discounts
where org_id = $1::uuid and site_id = $2::uuid and check_id = any($4::uuid[])
      and business_date between (select min(day) from unnest($3::text[]) day)::date and (select max(day) from unnest($3::text[]) day)::date

-- name: forget_check_discounts
delete from check_discounts where org_id = $1::uuid and site_id = $2::uuid

-- Their service charges.
-- name: put_check_charges
insert into check_charges (org_id, site_id, business_date, check_id, charge_id, position, name, rule_id, rate, automatic, taxable,
                           amount_minor)
select $1::uuid, $2::uuid, owners.business_date, owners.owner::uuid, new.*
from json_to_recordset($3::json) as owners (business_date date, owner text, rows json),
     json_to_recordset(owners.rows) as new (charge_id text, position integer, name text, rule_id text, rate text, automatic boolean,
                                            taxable boolean, amount_minor bigint)

-- name: drop_check_charges
delete from check_charges
where org_id = $1::uuid and site_id = $2::uuid and check_id = any($4::uuid[])
      and business_date between (select min(day) from unnest($3::text[]) day)::date and (select max(day) from unnest($3::text[]) day)::date

-- name: forget_check_charges
delete from check_charges where org_id = $1::uuid and site_id = $2::uuid

-- Their taxes.
-- name: put_check_taxes
insert into check_taxes (org_id, site_id, business_date, check_id, tax_id, rate, inclusive, name, base_minor, tax_minor, relieved_minor)
select $1::uuid, $2::uuid, owners.business_date, owners.owner::uuid, new.*
from json_to_recordset($3::json) as owners (business_date date, owner text, rows json),
     json_to_recordset(owners.rows) as new (tax_id text, rate text, inclusive boolean, name text, base_minor bigint, tax_minor bigint,
                                            relieved_minor bigint)

-- name: drop_check_taxes
delete from check_taxes
where org_id = $1::uuid and site_id = $2::uuid and check_id = any($4::uuid[])
      and business_date between (select min(day) from unnest($3::text[]) day)::date and (select max(day) from unnest($3::text[]) day)::date

-- name: forget_check_taxes
delete from check_taxes where org_id = $1::uuid and site_id = $2::uuid

-- Their payments.
-- name: put_check_payments
insert into check_payments (org_id, site_id, business_date, check_id, payment_id, position, tender, kind, amount_minor, tendered_minor,
                            change_minor, rounding_minor, tip_minor, share, approval_code, reference, paid_on, paid_at, actor_id,
                            device_id)
select $1::uuid, $2::uuid, owners.business_date, owners.owner::uuid, new.*
from json_to_recordset($3::json) as owners (business_date date, owner text, rows json),
     json_to_recordset(owners.rows) as new (payment_id uuid, position integer, tender text, kind text, amount_minor bigint,
                                            tendered_minor bigint, change_minor bigint, rounding_minor bigint, tip_minor bigint,
                                            share integer, approval_code text, reference text, paid_on date, paid_at timestamptz,
                                            actor_id text, device_id text)

-- name: drop_check_payments
delete from check_payments
where org_id = $1::uuid and site_id = $2::uuid and check_id = any($4::uuid[])
      and business_date between (select min(day) from unnest($3::text[]) day)::date and (select max(day) from unnest($3::text[]) day)::date

-- name: forget_check_payments
delete from check_payments where org_id = $1::uuid and site_id = $2::uuid

-- Their refunds.
-- name: put_check_refunds
insert into check_refunds (org_id, site_id, business_date, check_id, refund_id, position, number, epoch, correction, total_minor,
                           net_minor, tax_minor, reason, approved_by, refunded_on, refunded_at, lines, tenders)
select $1::uuid, $2::uuid, owners.business_date, owners.owner::uuid, new.*
from json_to_recordset($3::json) as owners (business_date date, owner text, rows json),
     json_to_recordset(owners.rows) as new (refund_id uuid, position integer, number bigint, epoch integer, correction boolean,
                                            total_minor bigint, net_minor bigint, tax_minor bigint, reason text, approved_by text,
                                            refunded_on date, refunded_at timestamptz, lines jsonb, tenders jsonb)

-- name: drop_check_refunds
delete from check_refunds
where org_id = $1::uuid and site_id = $2::uuid and check_id = any($4::uuid[])
      and business_date between (select min(day) from unnest($3::text[]) day)::date and (select max(day) from unnest($3::text[]) day)::date

-- name: forget_check_refunds
delete from check_refunds where org_id = $1::uuid and site_id = $2::uuid

-- Tickets.
-- name: put_tickets
insert into tickets (org_id, site_id, business_date, ticket_id, station, number, epoch, check_id, check_number, table_id, course, service,
                     dining_option, status, lines, voided_lines, priority, recalls, adds_to, awaits_expo, served_early, created_at,
                     due_at, ready_by, printed_at, shown_at, started_at, bumped_at, served_at)
select $1::uuid, $2::uuid, owners.business_date, owners.owner::uuid, new.*
from json_to_recordset($3::json) as owners (business_date date, owner text, rows json),
     json_to_recordset(owners.rows) as new (station text, number bigint, epoch integer, check_id uuid, check_number bigint, table_id text,
                                            course text, service text, dining_option text, status text, lines integer,
                                            voided_lines integer, priority integer, recalls integer, adds_to bigint, awaits_expo boolean,
                                            served_early boolean, created_at timestamptz, due_at timestamptz, ready_by timestamptz,
                                            printed_at timestamptz, shown_at timestamptz, started_at timestamptz, bumped_at timestamptz,
                                            served_at timestamptz)

-- name: drop_tickets
delete from tickets
where org_id = $1::uuid and site_id = $2::uuid and ticket_id = any($4::uuid[])
      and business_date between (select min(day) from unnest($3::text[]) day)::date and (select max(day) from unnest($3::text[]) day)::date

-- name: forget_tickets
delete from tickets where org_id = $1::uuid and site_id = $2::uuid

-- The books of a day: sales, by currency.
-- name: put_daily_sales
insert into daily_sales (org_id, site_id, business_date, currency, orders, lines, gross_minor, net_minor, tax_minor, discount_minor,
                         comp_minor, void_minor, service_minor, refund_minor, covers)
select $1::uuid, $2::uuid, owners.business_date, owners.owner, new.*
from json_to_recordset($3::json) as owners (business_date date, owner text, rows json),
     json_to_recordset(owners.rows) as new (orders bigint, lines bigint, gross_minor bigint, net_minor bigint, tax_minor bigint,
                                            discount_minor bigint, comp_minor bigint, void_minor bigint, service_minor bigint,
                                            refund_minor bigint, covers bigint)

-- name: drop_daily_sales
delete from daily_sales as t
using unnest($3::text[], $4::text[]) as gone (business_date, currency)
where t.org_id = $1::uuid and t.site_id = $2::uuid and t.currency = gone.currency and t.business_date = gone.business_date::date
      and t.business_date between (select min(day) from unnest($3::text[]) day)::date and (select max(day) from unnest($3::text[]) day)::date

-- name: forget_daily_sales
delete from daily_sales where org_id = $1::uuid and site_id = $2::uuid

-- The books of a day: tenders.
-- name: put_daily_tenders
insert into daily_tenders (org_id, site_id, business_date, currency, tender, count, amount_minor, rounding_minor, tip_minor, refund_minor)
select $1::uuid, $2::uuid, owners.business_date, owners.owner, new.*
from json_to_recordset($3::json) as owners (business_date date, owner text, rows json),
     json_to_recordset(owners.rows) as new (tender text, count bigint, amount_minor bigint, rounding_minor bigint, tip_minor bigint,
                                            refund_minor bigint)

-- name: drop_daily_tenders
delete from daily_tenders as t
using unnest($3::text[], $4::text[]) as gone (business_date, currency)
where t.org_id = $1::uuid and t.site_id = $2::uuid and t.currency = gone.currency and t.business_date = gone.business_date::date
      and t.business_date between (select min(day) from unnest($3::text[]) day)::date and (select max(day) from unnest($3::text[]) day)::date

-- name: forget_daily_tenders
delete from daily_tenders where org_id = $1::uuid and site_id = $2::uuid

-- The books of a day: taxes.
-- name: put_daily_taxes
insert into daily_taxes (org_id, site_id, business_date, currency, tax_id, rate, inclusive, base_minor, tax_minor, relieved_minor)
select $1::uuid, $2::uuid, owners.business_date, owners.owner, new.*
from json_to_recordset($3::json) as owners (business_date date, owner text, rows json),
     json_to_recordset(owners.rows) as new (tax_id text, rate text, inclusive boolean, base_minor bigint, tax_minor bigint,
                                            relieved_minor bigint)

-- name: drop_daily_taxes
delete from daily_taxes as t
using unnest($3::text[], $4::text[]) as gone (business_date, currency)
where t.org_id = $1::uuid and t.site_id = $2::uuid and t.currency = gone.currency and t.business_date = gone.business_date::date
      and t.business_date between (select min(day) from unnest($3::text[]) day)::date and (select max(day) from unnest($3::text[]) day)::date

-- name: forget_daily_taxes
delete from daily_taxes where org_id = $1::uuid and site_id = $2::uuid

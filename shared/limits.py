"""Every bound of the product, with its unit, and how the bounds relate.

What lives here: numbers only. A queue, cache, payload, pool, retry or time-out that is bounded
anywhere takes its bound from here, so that one page shows them all (Law 12: everything is bounded).
This file must not know who uses a bound, nor import anything.
"""

# --- text and identity -------------------------------------------------------------------------
NAME_LENGTH_MAX = 120  # characters: names of items, tables, people
NOTE_LENGTH_MAX = 500  # characters: a note to the kitchen
ID_LENGTH_MAX = 64  # characters: ids that people choose, such as menu item ids

# --- money and quantity ------------------------------------------------------------------------
AMOUNT_MINOR_MAX = 10**12  # minor units: no single price, tender or total may exceed this
QUANTITY_MAX = 9_999  # units of one line
RULE_IDS_CACHED_MAX = 4_096  # ids of promotions on checks that are kept derived, and as many of service charges
RATES_CACHED_MAX = 1_024  # rates, and sets of taxes, that arithmetic keeps parsed

# --- checks ------------------------------------------------------------------------------------
CHECK_LINES_MAX = 500  # lines of one check
CHECK_PAYMENTS_MAX = 100  # payments of one check
COVERS_MAX = 500  # guests of one check
MENU_ITEMS_MAX = 5_000  # items of one menu
MODIFIERS_PER_LINE_MAX = 50  # modifiers chosen on one line, at all depths
MODIFIER_DEPTH_MAX = 4  # modifiers within one another, the outermost counted
TAXES_MAX = 100  # taxes of one menu, and of one exemption
CASH_STEP_MINOR_MAX = 1_000_000  # minor units of the smallest coin
IMPORT_LINES_SHOWN_MAX = 60  # changed items of an imported menu that a terminal shows
MENU_PROBLEMS_MAX = 1_000  # problems of a menu that one answer names
MENU_TIMER_TICK_S = 1.0  # seconds at most until a menu whose time has come is in force, when nobody sends a command
SCHEDULED_MENUS_MAX = 50  # menus of one site that are to take effect later
MENU_LANGUAGES_MAX = 50  # languages of one menu
COMBO_SLOTS_MAX = 20  # slots of one combo, and items in one slot
COMBO_COMPONENTS_MAX = 50  # items chosen for one combo
STATIONS_PER_ITEM_MAX = 8  # stations that work on one item beside the first
CATEGORY_DEPTH_MAX = 8  # categories of a menu within one another
LEVELS_CACHED_MAX = 256  # minutes, by dining option and chosen level, of which a menu remembers the price levels in force
TAX_SETS_CACHED_MAX = 256  # sets of taxes, by business date, that one menu keeps made up for lines
PREP_S_MAX = 24 * 3600  # seconds of preparation of one item
TICKET_CHANGES_MAX = 1_000  # changes of one ticket: voids and additions are fewer than lines, notes are refused beyond it
TICKET_PRIORITY_MAX = 9  # the highest level by which a ticket goes before others
TICKETS_SHOWN_MAX = 200  # tickets that a screen says it shows, at once
STATION_RECENT_MAX = 30  # tickets that a station is done with and that its recall list remembers
KITCHEN_RECALL_MAX_S = 2 * 3600  # seconds after which a ticket comes back no more: a dish is sent back within the meal
KITCHEN_UNSHOWN_ALARM_S = 30.0  # seconds in which every screen has had several tries at connecting again, and no dish is late yet
KITCHEN_ALARM_INTERVAL_S = 5.0  # seconds between two looks of a box at its alarms
CHECK_DISCOUNTS_MAX = 200  # discounts and comps given on one check; promotions come on top, one of each rule
CHECK_REFUNDS_MAX = 200  # refunds of one check
CHECK_CLOSINGS_MAX = 50  # closings of one check that is reopened again and again
TIP_CHANGES_MAX = 50  # changes of the tip of one payment
SPLIT_WAYS_MAX = 50  # checks, or parts of an amount, that one check is split into
SPLIT_WEIGHT_MAX = 1_000  # the largest weight by which a check bears a line
SPLIT_LINES_MAX = 2_000  # lines, shares counted each, of all checks that one split leaves: what a screen is shown at once
SHARE_DENOMINATOR_MAX = 1_000_000_000  # the smallest share of a line is one in so many
CHECKS_MOVED_MAX = 50  # checks that move to another table, or merge, at once
IMPORT_ROWS_MAX = 2_000_000  # rows of one replayed file

# --- commands ----------------------------------------------------------------------------------
COMMAND_BYTES_MAX = 64 * 1024  # bytes of one command as sent
BATCH_COMMANDS_MAX = 200  # commands of one atomic batch
REQUEST_BYTES_MAX = 4 * 1024 * 1024  # bytes of one HTTP request to the edge (a menu is the largest)
EVENTS_PER_COMMAND_MAX = 600  # entries that one command may append

# --- the writer --------------------------------------------------------------------------------
WRITER_QUEUE_MAX = 1_024  # requests waiting for the writer; one more is answered `edge.busy`
WRITER_GROUP_MAX = 64  # requests committed together with one fsync
AGGREGATES_CACHED_MAX = 10_000  # aggregates the writer keeps decoded
AGGREGATES_CACHED_BYTES_MAX = 64 * 1024 * 1024  # bytes of their JSON; decoded they take about half as much again
BUSINESS_DATES_CACHED_MAX = 64  # seconds of which the business date is remembered
GC_YOUNG_OBJECTS = 20_000  # new objects after which the edge collects young garbage
GC_MIDDLE_EVERY = 20  # young collections between two middle ones
GC_OLD_EVERY = 50  # middle collections between two of everything
HTTP_CONNECTIONS_MAX = 2_048  # connections the edge holds at once
GRACEFUL_STOP_S = 5.0  # seconds that requests under way may take after a stop was asked for
COMMAND_TIMEOUT_S = 30.0  # seconds a device waits before it asks again with the same id
CLOCK_BEHIND_MAX_S = 120.0  # seconds the clock may be behind the last entry before a manager is asked
VERIFY_PAGE_ENTRIES = 5_000  # entries read at once when a journal is verified or rebuilt
REBUILD_CACHED_BYTES_MAX = 16 * 1024 * 1024  # bytes of JSON of the aggregates that a rebuild keeps decoded
REBUILD_FLUSH_AGGREGATES = 2_000  # changed aggregates that a rebuild holds before it writes them
REBUILD_SORT_KIB = 2_000  # KiB of memory in which a rebuild sorts an index
REBUILD_PROGRESS_INTERVAL_S = 5.0  # seconds between two lines of progress of a box that rebuilds by itself
REBUILD_DIFFERENCES_MAX = 100  # differing rows that a rebuild names
JOURNAL_CHECKPOINT_PAGES = 1_000  # pages of 4 KiB in the WAL after which the writer checkpoints
SQLITE_BUSY_TIMEOUT_S = 5.0  # seconds a connection waits for a lock; only a second, mistaken writer makes it wait
CHECKS_PAGE_MAX = 500  # checks in one answer
TICKETS_PAGE_MAX = 2_000  # tickets in one answer
REPORT_DAYS_MAX = 4_000  # business dates with sales in one report of a box: eleven years
HISTORY_ENTRIES_MAX = 500  # entries in one answer with the history of a check
HISTORY_PAGE_ENTRIES = 5_000  # entries looked through at once for the history of a check
HISTORY_SCANNED_MAX = 200_000  # entries looked through for one answer: what a busy site writes in ten days
CARD_REFUSAL_S = 2.0  # seconds after which a card network that is out of reach is called so (DESIGN.md, Law 7)
CARD_DEADLINE_S = 60.0  # seconds a card network, once reached, and the guest at the reader may take
CARDS_ASKED_MAX = 64  # questions to the card network under way at once; one more is answered `edge.busy`
READY_TIMEOUT_S = 2.0  # seconds after which a box that does not answer itself is not ready
CURRENT_STATE_TIMEOUT_S = 1.0  # seconds a refusal waits for the state that it is told with
READERS_MAX = 2  # read-only connections of the edge
RETENTION_DAYS_MIN = 30  # days an entry stays on its box after it was written, and is in the cloud and backed up (DESIGN.md, Law 4)
TRIM_CHUNK_ENTRIES = 100  # entries forgotten in one transaction: a few milliseconds in which commands wait
TRIM_INTERVAL_S = 3600.0  # seconds between two looks at what may be forgotten
TRIM_PAUSE_S = 0.5  # seconds between two chunks, which belong to the waiters
DISK_LOW_SHARE = 0.10  # of the disk: less free space raises the alarm `storage.low`, within the two bounds that follow
DISK_LOW_BYTES_MIN = 512 * 1024 * 1024  # bytes: less is low on the smallest disk too
DISK_LOW_BYTES_MAX = 4 * 1024 * 1024 * 1024  # bytes: more is not low on the largest; weeks of a busy site
DISK_CRITICAL_SHARE = 0.02  # of the disk: less raises `storage.critical`, within the two bounds that follow
DISK_CRITICAL_BYTES_MIN = 128 * 1024 * 1024  # bytes: a day of a busy site
DISK_CRITICAL_BYTES_MAX = 512 * 1024 * 1024  # bytes
CLOUD_BEHIND_ALARM_S = 60.0  # seconds after which an entry that is not in the cloud raises the alarm `cloud.behind`
CLOUD_NEVER_ALARM_S = 24 * 3600.0  # seconds of the same on a box whose link has never said a word: it may be on its way to its site
FOLLOWERS_KEPT_EVERY_S = 5.0  # seconds between two writes of what followers told: a watermark is said again, and need not be synced
FOLLOWER_SILENT_ALARM_S = 60.0  # seconds after which a mirror that is behind and says nothing raises `mirror.silent`
FOLLOWERS_MAX = 16  # followers that tell of themselves under a name
HUB_REFUSALS_MAX = 64  # refused commands of the hub that a box remembers, and tells with each hello

# --- the feed ----------------------------------------------------------------------------------
FEED_PAGE_ENTRIES_MAX = 2_000  # entries in one HTTP answer or WebSocket frame
FEED_PAGE_BYTES_MAX = 1024 * 1024  # bytes of entries in one frame, exceeded by one entry at most
FEED_RECENT_ENTRIES = 20_000  # entries kept in memory for followers that are nearly up to date
FEED_RECENT_BATCHES = 256  # commits kept encoded in memory for screens that are nearly up to date
FEED_SEND_TIMEOUT_S = 5.0  # seconds a follower may take to accept a frame before it is dropped
FEED_CLOSE_TIMEOUT_S = 5.0  # seconds a dropped follower has to read that it was dropped, before it is cut off
FEED_CLIENTS_MAX = 256  # WebSocket followers of one edge
LIVE_AGGREGATES_MAX = 5_000  # live checks, and as many tickets, that a snapshot shows
FEED_RESUME_AGGREGATES_MAX = 2_000  # changed aggregates after which a device gets a snapshot instead

# --- the wire ----------------------------------------------------------------------------------
ENVELOPE_ENTRIES_MAX = 200  # entries in one envelope (DESIGN.md, Uplink)
ENVELOPE_BYTES_MAX = 256 * 1024  # bytes of one envelope as sent; what holds one larger entry goes alone
ENVELOPE_RAW_BYTES_MAX = 8 * 1024 * 1024  # bytes of one envelope's entries once decompressed
ENTRY_BYTES_MAX = 512 * 1024  # bytes of one journal entry
ENVELOPES_IN_FLIGHT = 16  # envelopes sent and not yet answered, whatever credit says
ENTRIES_BUFFERED_MAX = 8_000  # entries the link holds in memory
CREDIT_ENTRIES = 6_400  # entries a site may have in flight, granted with each answer
CREDIT_TTL_S = 60.0  # seconds after which unused credit is void
LINK_RECONNECT_MAX_S = 1.0  # seconds at most before a link tries a broker again: a moment drawn for each attempt
LINK_OUTBOX_MAX = 64  # frames waiting to be handed to NATS
LINK_TICK_S = 0.25  # seconds between the sender's looks at the clock
LINK_REPORT_EVERY_S = 5.0  # seconds at most between two words from the link to the box
LINK_REPORT_INTERVAL_S = 0.1  # seconds at least between two watermarks told to the box while a backlog drains
LINK_ERRANDS_MAX = 16  # errands of the hub (keepsakes to bring, commands to carry) that wait for the box
NATS_PENDING_BYTES_MAX = 16 * 1024 * 1024  # bytes that nats-py holds unsent
FEED_FRAME_BYTES_MAX = 4 * 1024 * 1024  # bytes of one frame that a follower accepts
LOCAL_RETRY_S = 1.0  # seconds before a program of the box tries a neighbour again
LOCAL_TIMEOUT_S = 5.0  # seconds of one request between programs of a box
MIRROR_FRAME_BYTES_MAX = 4 * 1024 * 1024  # bytes of one frame in the file of a mirror
MIRROR_GROUP_BYTES_MAX = 8 * 1024 * 1024  # bytes that a mirror writes and syncs at once
MIRROR_GROUP_S = 0.2  # seconds in which a mirror gathers entries before it writes and syncs them
MIRROR_RETRY_MAX_S = 15.0  # seconds between two attempts of a mirror at a disk that fails, or that is not there
MIRROR_REPORT_EVERY_S = 5.0  # seconds at most between two words from the mirror to the box
MIRROR_KEEPSAKES_EVERY_S = 2.0  # seconds between two looks at what the box holds beside its journal
MIRROR_READ_BYTES = 1024 * 1024  # bytes of a mirror read at once
RESTORE_HUB_TRIES = 4  # times a replacement asks the hub for a page before it gives up
RESTORE_HUB_RETRY_S = 0.5  # seconds before the first repetition, doubled each time
RESTORE_WAIT_S = 120.0  # seconds a replacement waits for its tablets, unless it is told otherwise
RESTORE_WAIT_MAX_S = 24 * 3600.0  # seconds that it may be told to wait
RESTORE_LOOK_S = 0.1  # seconds between two looks of a replacement at who has handed in
RESTORE_PLAY_TRIES = 30  # times a command is played again when the disk does not take it
HAND_INS_COLLECTED_MAX = 200_000  # commands of tablets that a replacement holds until it plays them
HAND_IN_ROUNDS_MAX = 8  # times that refused hand-ins are gone through again after one that was played: each may let others fit
HAND_INS_REFUSED_MAX = 100_000  # refused ones that a box keeps for a person
ATTEMPT_STRIDE = 1_024  # attempts from one of a box to its next: those between are of the other epochs of the site
ANSWER_TIMEOUT_S = 5.0  # seconds of silence, with something in flight, after which the edge says hello
HELLO_INTERVAL_S = 15.0  # seconds at most between hellos while idle: heartbeat and live figures
HELLO_INTERVAL_SPREAD = 0.2  # share of that by which the intervals of boxes differ, so that those that came back together fall out of step
HELLO_RETRY_S = 0.5  # seconds before an unanswered hello is said again, doubled up to the next
HELLO_RETRY_MAX_S = 30.0  # seconds between hellos while the hub is silent
UNAVAILABLE_RETRY_S = 2.0  # seconds a site waits when its shard is down, at least
UNAVAILABLE_RETRY_MAX_S = 60.0  # seconds a site waits when its shard is down, whatever the hub says
UPLINK_LANES = 4  # lanes of the uplink (DESIGN.md: N lanes); more is a change of the account's mapping
LANE_BYTES_MAX = 1024 * 1024 * 1024  # bytes JetStream keeps of one lane; older messages are dropped and healed
LANE_MAX_AGE_S = 24 * 3600.0  # seconds JetStream keeps a message
CLAIM_TOKEN_CHARS_MAX = 2_048  # characters of the token of a claim
KEEPSAKES_MAX = 128  # documents of a box that a hello names: the menus of a site, and the list of its devices
KEEPSAKE_RETRY_S = 60.0  # seconds before a keepsake that the hub still wants is sent once more
KEEPSAKES_ASKED_MAX = 8  # keepsakes that the link asks of the box at once
KEEPSAKE_PARTS_AT_ONCE = 4  # parts of keepsakes handed to NATS at once: envelopes come first
DOCUMENT_PART_BYTES = 256 * 1024  # bytes of one part of a document on the wire
DOCUMENT_PARTS_MAX = 64  # parts of one document
FETCH_ENTRIES_MAX = 5_000  # entries of one page that a replacement fetches from the hub
FETCH_PAGE_BYTES_MAX = 4 * 1024 * 1024  # bytes of entries in such a page, exceeded by one entry at most
ADOPT_BYTES_MAX = 112 * 1024  # bytes of the command by which an orphan is adopted: all entries of one command
SITE_COMMANDS_PER_ANSWER = 8  # commands of the hub in one answer
NATS_PAYLOAD_BYTES_MAX = 1024 * 1024  # bytes of one NATS message, the server's own default
BOX_SUBSCRIPTIONS_MAX = 16  # subscriptions of one box: its answers, its inbox, and room for what comes
JETSTREAM_DISK_BYTES_MAX = 8 * 1024 * 1024 * 1024  # bytes JetStream may keep on disk for the account
JETSTREAM_MEMORY_BYTES_MAX = 256 * 1024 * 1024  # bytes JetStream may keep in memory for the account
JETSTREAM_STREAMS_MAX = 256  # streams of the account: lanes, and the buckets of KV
JETSTREAM_CONSUMERS_MAX = 1_024  # consumers of the account

# --- the hub -----------------------------------------------------------------------------------
INGEST_BATCH_MESSAGES = 64  # envelopes applied in one transaction
INGEST_FETCH_WAIT_S = 1.0  # seconds a lane owner waits for messages before it asks again
LANE_LEASE_S = 10.0  # seconds a lane belongs to an owner that says nothing
LANE_RENEW_S = 3.0  # seconds between renewals of the lease
PROJECT_BATCH_ENTRIES = 2_000  # entries projected in one transaction
PROJECT_POLL_S = 1.0  # seconds between looks for work when no notice comes
PROJECT_SITES_MAX = 64  # sites of one look for work
PLACEMENT_BUCKETS = 4_096  # buckets of a hash of org_id in the directory
POOL_SIZE_MAX = 10  # connections a process holds to one database
QUERY_TIMEOUT_S = 10.0  # seconds of one database query (TARGETS.md)
HTTP_TIMEOUT_S = 30.0  # seconds of one HTTP request (TARGETS.md)
SALES_DAYS_MAX = 400  # days of one sales report
CLAIM_TTL_S = 24 * 3600.0  # seconds a claim code is valid
POOL_IDLE_S = 600.0  # seconds a connection may be idle before it is closed (TARGETS.md)
CONNECT_TIMEOUT_S = 5.0  # seconds to connect to a database or to get a connection of the pool
SHARD_APPLY_TIMEOUT_S = 5.0  # seconds of one apply transaction, after which its sites are told "unavailable"
INCARNATION_CHECK_S = 5.0  # seconds a shard's incarnation is believed without looking, and no trouble in between
CLAIMS_LOOK_BACK_S = 3600.0  # seconds whose claims are told of again when ingest had lost the control database: it may have missed some
CLAIMS_PING_S = 15.0  # seconds of silence after which ingest asks whether the control database, which tells of claims, is still there
KEEPSAKES_WANTED_MAX = 4  # documents of a box that one answer asks for
KEEPSAKES_KEPT_MAX = 256  # documents of one site that a hub keeps: those that are named, and as many old ones
DOCUMENTS_PENDING_MAX = 8  # documents of one site of which a hub keeps parts until they are whole
SHARD_PAUSE_MAX_S = 20.0  # seconds a shard that failed slowly is left alone; four times what the failure took, up to this
SITES_CACHED_MAX = 10_000  # registrations an ingest process keeps (TARGETS.md: entries of a cache)
SITES_CACHE_TTL_S = 15.0  # seconds a registration is believed without looking
HELLOS_QUEUED_MAX = 4_096  # hellos waiting in an ingest process; more are dropped and said again
HELLOS_BATCH_MAX = 256  # hellos answered with one transaction
LANE_PULL_EXPIRES_S = 5.0  # seconds a request for messages stands at the broker
LANE_ACK_WAIT_S = 30.0  # seconds before the broker gives a message to an owner again
BROKER_PING_S = 10.0  # seconds between pings on an idle connection to the broker; two unanswered ones end it
BROKER_RETRY_S = 0.1  # seconds between attempts of a hub's process to reach the broker beside it: who is late answers no hello
RECONNECT_WAIT_S = 0.5  # seconds before a hub's process tries again what has failed
MIGRATION_LOCK_TIMEOUT_S = 60.0  # seconds a migration waits for a lock before it gives up
JOURNAL_MONTHS_AHEAD = 12  # months whose partition exists before they begin; later ones fall into the default partition
READ_MODEL_MONTHS_BACK = 1  # business months before this one: what sites that were offline still send
READ_MODEL_MONTHS_AHEAD = 6  # business months whose partitions of every read model exist before they begin
REBUILD_FORGET_TIMEOUT_S = 120.0  # seconds to drop what is projected of one site from one table, before it is made anew
TICKET_STATIONS_MAX = 1_000  # stations and business dates in one report of ticket times
UNKNOWN_SITE_RETRY_S = 1.0  # seconds before a site or key that was not found is looked up again
CLAIM_CODE_BYTES = 15  # bytes of randomness in a claim code: 24 letters
TOKEN_BYTES = 32  # bytes of randomness in a bearer token
SITES_PAGE_MAX = 1_000  # sites in one answer of the hub's API
QUARANTINE_PAGE_MAX = 1_000  # quarantined entries shown at once
FETCH_REQUEST_BYTES_MAX = 4 * 1024  # bytes of one signed fetch
FETCHES_AT_ONCE = 4  # pages that one API process makes at once for replacements
FETCHES_WAITING_MAX = 64  # fetches that wait for that or are being answered; one more is told to come again
FETCH_RATE_PER_SITE = 10.0  # pages a second that one site may fetch for long: 50,000 entries
FETCH_BURST = 40  # pages that one site may fetch at once
EPOCH_ABOVE_MAX = 1_000_000  # epochs that an operator may ask a claim to lie above: thousands of restores, and a slip spends no more
EPOCHS_LEFT_OUT = 100  # epochs that are not granted to a site after a restore: more boxes than it gets while a backup grows old
EPOCH_BEGINS_MAX = 16  # beginnings of epochs that a hello tells: a site does not get so many boxes while a hub is away
SUPERSEDED_ENTRIES_MAX = 100_000  # entries beyond where a replacement began that one hello puts aside: weeks of a site
ORPHANS_PAGE_ENTRIES = 2_000  # entries of a branch, or of the journal it is compared with, read at once
SITE_COMMAND_TTL_S = 24 * 3600.0  # seconds a command of the hub waits for its site unless told otherwise
BACKUPS_SHOWN_MAX = 50  # backups of one shard that are listed
STANDING_INTERVAL_S = 15.0  # seconds between two looks of a projector's process at how all sites stand, for its metrics
SITE_SILENT_ALARM_S = 120.0  # seconds without a word from a site after which that is an alarm: several heartbeats and retries
SITE_BEHIND_ALARM_ENTRIES = 1_000  # entries of a site that are not in the cloud, beyond which that is an alarm (TARGETS.md)
SHARD_READ_TIMEOUT_S = 3.0  # seconds a shard may take for its part of an answer before it is called missing

# --- the apps in the restaurant -----------------------------------------------------------------
UI_QUEUE_MAX = 2_000  # commands a tablet keeps for a box it cannot reach; one more is refused with a word
UI_HELD_MAX = 20_000  # accepted commands a tablet holds for the cloud: a tablet's month; one more, and the oldest goes, with a word
UI_HELD_MAX_S = 30 * 24 * 3600.0  # seconds a tablet holds an accepted command that the cloud does not have (DESIGN.md, Law 7)
UI_HELD_IN_CLOUD_S = 24 * 3600.0  # seconds a tablet holds one that the cloud has: the hub may be restored from last night's backup
UI_HAND_IN_MAX = 50  # commands of one hand-in
UI_LAG_REFRESH_S = 15.0  # seconds after which a screen asks anew how old the oldest entry is that the cloud does not have
UI_LAG_SHOWN_S = 60.0  # seconds of such an age below which nothing is said of it
UI_LEASE_S = 4.0  # seconds a tab that says nothing stays the one that sends, where the browser has no locks
UI_LEASE_RENEW_S = 1.0  # seconds between its words
UI_COMMAND_TIMEOUT_S = 10.0  # seconds a tablet waits for an answer before it asks again with the same id
UI_RECONNECT_MIN_S = 0.25  # seconds before the first attempt to reach the box again, doubled each time
UI_RECONNECT_MAX_S = 5.0  # seconds between attempts to reach the box
UI_PROBE_INTERVAL_S = 5.0  # seconds of silence on the feed after which a screen asks whether the box is there
UI_PROBE_TIMEOUT_S = 3.0  # seconds a screen waits for that before it says that the box is out of reach
UI_LINK_SILENT_S = 15.0  # seconds without a word from the link, with entries waiting, after which a screen calls the cloud away
UI_LINK_GRACE_S = 5.0  # seconds a link may greet the hub anew before a screen calls the cloud away
UI_KITCHEN_STALE_S = 15 * 60.0  # seconds after which a person is asked before a kept command reaches the kitchen
UI_KITCHEN_WARN_S = 5 * 60.0  # seconds after which a ticket's clock turns amber
UI_KITCHEN_LATE_S = 10 * 60.0  # seconds after which it turns red
UI_OFFER_REFRESH_S = 30.0  # seconds after which a tablet asks anew what of the menu is in force: prices that turn with the clock
UI_TAP_GUARD_S = 0.5  # seconds in which the second half of a double tap does nothing

# --- replay of orders from a file ---------------------------------------------------------------
REPLAY_LINE_CHARS_MAX = 64 * 1024  # characters of one line of the file; a longer one is read in pieces and rejected
REPLAY_ORDER_SPAN_S = 24 * 3600.0  # seconds between the first row of an order and any other of its rows
REPLAY_CONCURRENCY = 8  # orders under way at once: enough to share commits, few enough to leave room for tablets
REPLAY_QUEUE_MAX = 64  # orders read ahead of those under way
REPLAY_PATIENCE_S = 60.0  # seconds a site may stay silent in the middle of a replay before it is given up
REPLAY_CONTACT_PATIENCE_S = 5.0  # seconds a site may stay silent at the beginning
REPLAY_RETRY_MIN_S = 0.2  # seconds before the first repetition of a request, doubled each time
REPLAY_RETRY_MAX_S = 5.0  # seconds between two repetitions
REPLAY_PROGRESS_INTERVAL_S = 5.0  # seconds between two lines of progress where nobody watches a terminal

# --- provisioning and the demo -----------------------------------------------------------------
SERVER_START_TIMEOUT_S = 30.0  # seconds a server or process may take until it is ready
PROCESS_STOP_TIMEOUT_S = 15.0  # seconds a process may take to stop before it is killed
POLL_INTERVAL_S = 0.02  # seconds between looks at a condition that is waited for
POSTGRES_CONNECTIONS_MAX = 200  # connections of the embedded Postgres: pools of all processes of a demo
UNIX_PATH_BYTES_MAX = 103  # bytes of the path of a Unix socket, on every system
ENROLL_TIMEOUT_S = 15.0  # seconds an enrolment waits for the hub
DEMO_DRAIN_TIMEOUT_S = 60.0  # seconds the demo waits at its end for the hub to have everything
DEMO_RESTARTS_MAX = 10  # times the demo starts one child again before it gives up
DEMO_RESTART_WAIT_S = 0.5  # seconds before a child that died is started again, doubled each time up to the next
DEMO_RESTART_WAIT_MAX_S = 10.0  # seconds before a child that dies again and again is started again
DEMO_COMMAND_TIMEOUT_S = 30.0  # seconds the demo's tablets send a command again and again before they give up
DEMO_RETRY_WAIT_S = 0.2  # seconds between two sendings
DEMO_STATUS_INTERVAL_S = 5.0  # seconds after which a tablet of the demo looks anew how its box stands
DEMO_STEP_TIMEOUT_S = 60.0  # seconds one command may take while the demo is set up
DEMO_CONTROL_TIMEOUT_S = 5.0  # seconds to ask a demo, a box or the hub how it is
DEMO_WATCH_INTERVAL_S = 0.1  # seconds between looks at the demo's children and at the hub's progress
DEMO_CONTROL_BYTES_MAX = 4_096  # bytes of one request on the demo's control socket
PROXY_CHUNK_BYTES = 64 * 1024  # bytes the cuttable proxy holds of one direction of one connection
PROXY_CONNECTIONS_MAX = 256  # connections of one cuttable proxy

assert ENVELOPE_ENTRIES_MAX * ENVELOPES_IN_FLIGHT <= ENTRIES_BUFFERED_MAX, "a full pipeline must fit the link's memory"
assert ENVELOPE_ENTRIES_MAX * ENVELOPES_IN_FLIGHT <= CREDIT_ENTRIES, "credit must allow a full pipeline"
assert ENTRY_BYTES_MAX <= ENVELOPE_RAW_BYTES_MAX, "every entry must fit an envelope"
assert UPLINK_LANES * LANE_BYTES_MAX <= JETSTREAM_DISK_BYTES_MAX, "the account must hold all lanes, full"
assert ENTRY_BYTES_MAX < NATS_PAYLOAD_BYTES_MAX, "the largest entry must fit a message, with its frame"
assert DOCUMENT_PART_BYTES < NATS_PAYLOAD_BYTES_MAX, "a part of a document must fit a message, with its frame"
assert REQUEST_BYTES_MAX <= DOCUMENT_PART_BYTES * DOCUMENT_PARTS_MAX, "the largest menu must fit its parts"
assert SITE_COMMANDS_PER_ANSWER * ADOPT_BYTES_MAX < NATS_PAYLOAD_BYTES_MAX, "commands for a site must fit an answer"
assert COMMAND_BYTES_MAX <= ADOPT_BYTES_MAX <= ENTRY_BYTES_MAX, "what a command carries can be adopted, and fits an entry"
assert COMMAND_BYTES_MAX * 2 <= ENTRY_BYTES_MAX, "what a command carries must fit an entry"
assert COMMAND_BYTES_MAX <= REQUEST_BYTES_MAX, "every command must fit a request"
assert ANSWER_TIMEOUT_S < HELLO_INTERVAL_S < HELLO_RETRY_MAX_S * 2, "a lost answer shows before the next heartbeat"
assert LANE_RENEW_S * 2 < LANE_LEASE_S, "one lost renewal must not lose the lane"
assert CREDIT_TTL_S > ANSWER_TIMEOUT_S, "credit must outlive the wait for an answer"
assert FEED_FRAME_BYTES_MAX > 2 * (FEED_PAGE_BYTES_MAX + ENTRY_BYTES_MAX), "a follower must accept every frame"
assert ENVELOPES_IN_FLIGHT * ENVELOPE_BYTES_MAX <= NATS_PENDING_BYTES_MAX, "a full pipeline must fit what is held unsent"
assert FEED_FRAME_BYTES_MAX <= MIRROR_FRAME_BYTES_MAX, "a page of the feed must fit a frame of the mirror"
assert 2 * MIRROR_FRAME_BYTES_MAX <= MIRROR_GROUP_BYTES_MAX, "a group takes a frame more than half of its bytes"
assert MIRROR_GROUP_S < 1.0, "a mirror is at most a second behind"
assert WRITER_GROUP_MAX <= WRITER_QUEUE_MAX, "a full group must fit the queue"
assert FEED_PAGE_ENTRIES_MAX <= FEED_RECENT_ENTRIES, "a page must be servable from memory"
assert DISK_CRITICAL_BYTES_MIN < DISK_LOW_BYTES_MIN, "a disk is low before it is nearly full"
assert DISK_CRITICAL_BYTES_MAX < DISK_LOW_BYTES_MAX, "a disk is low before it is nearly full"
assert DISK_CRITICAL_SHARE < DISK_LOW_SHARE, "a disk is low before it is nearly full"
assert HELLO_INTERVAL_S < CLOUD_BEHIND_ALARM_S, "a lost envelope is sent again before it raises an alarm"
assert KITCHEN_ALARM_INTERVAL_S < KITCHEN_UNSHOWN_ALARM_S, "an alarm is not told much later than it holds"
assert UI_PROBE_TIMEOUT_S < UI_PROBE_INTERVAL_S, "one question at a time"
assert UI_KITCHEN_WARN_S < UI_KITCHEN_LATE_S < UI_KITCHEN_STALE_S, "a ticket grows late before it is stale"
assert UI_RECONNECT_MAX_S * 3 + UI_PROBE_INTERVAL_S + UI_PROBE_TIMEOUT_S < KITCHEN_UNSHOWN_ALARM_S < UI_KITCHEN_WARN_S, (
    "a screen that is coming back raises no alarm, and the alarm comes before a ticket is late"
)
assert UI_HAND_IN_MAX <= BATCH_COMMANDS_MAX, "a hand-in must be one that a box reads"
assert UI_HAND_IN_MAX * COMMAND_BYTES_MAX <= REQUEST_BYTES_MAX, "a hand-in must fit a request"
assert UI_LEASE_RENEW_S * 2 < UI_LEASE_S, "one late word must not cost a tab the lease"
assert CHECK_LINES_MAX * 2 <= TICKET_CHANGES_MAX, "every line may be voided and added to"
assert ANSWER_TIMEOUT_S * 2 < UI_LINK_SILENT_S, "one lost answer must not look like an outage"
assert KEEPSAKES_WANTED_MAX <= DOCUMENTS_PENDING_MAX, "what is asked for must not push itself out"
assert 2 * KEEPSAKES_MAX <= KEEPSAKES_KEPT_MAX, "what is named must not push itself out"
assert SHARD_APPLY_TIMEOUT_S <= QUERY_TIMEOUT_S, "a batch is given up before a query is"
assert LANE_PULL_EXPIRES_S < LANE_ACK_WAIT_S, "a message is not given twice while its request stands"
assert REPLAY_RETRY_MAX_S < REPLAY_PATIENCE_S, "a silent site is asked more than once"

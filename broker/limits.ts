/**
 * Every ceiling of the broker: unit in the name, reason beside it. What an operator may change is an option in
 * `broker/config.ts`; what is here is structure. Relations between ceilings are asserted at the end.
 */

/**
 * Requests of one connection that are being worked on at once; more wait unread. Kafka takes one at a time; a pipelining
 * producer rides many acks=all batches on one sync, and its client stops at 5 (Java) to 1,000,000 (librdkafka).
 */
export const CONNECTION_REQUESTS_IN_FLIGHT_MAX = 1024

/** Bytes of requests of one connection being worked on at once. One frame may exceed it alone. Two full turns of a fast sender. */
export const CONNECTION_REQUEST_BYTES_MAX = 8 * 1024 * 1024

/**
 * Bytes of replies one connection may have waiting (for an earlier reply, or for the peer to read) before its next
 * request is taken up. Four fetches of the largest size.
 */
export const CONNECTION_REPLY_BYTES_MAX = 32 * 1024 * 1024

/** Bytes a Fetch answers at most, unless its first batch alone is larger (W11). Keeps a turn short: 8 MB is two milliseconds. */
export const FETCH_RESPONSE_BYTES_MAX = 8 * 1024 * 1024

/** Bytes of replies waiting over all connections; above it no new fetch is taken up until peers have read. */
export const BROKER_REPLY_BYTES_MAX = 256 * 1024 * 1024

/** Bytes of half-received frames over all connections; above it the connection that holds most of them is closed. */
export const BROKER_PARTIAL_FRAME_BYTES_MAX = 512 * 1024 * 1024

/** Milliseconds a peer may leave replies unread, taking not one byte, before it is disconnected. */
export const UNREAD_REPLY_TIMEOUT_MS = 60_000

/** Milliseconds that a stopping broker waits for replies to leave before it closes connections anyway. */
export const STOP_DRAIN_TIMEOUT_MS = 5_000

/** File descriptors without which no broker starts: the least that are kept free, and 16 each for logs and connections. */
export const FILE_DESCRIPTORS_MIN = 96

/** File descriptors kept free beside logs and connections, a quarter of all: for Node itself (some 25), syncs (14), HTTP (trap N4). */
export const RESERVED_FILE_DESCRIPTORS_MIN = 64

/** Of these the ones that the HTTP door does not get: Node's own, syncs, the compaction worker. */
export const INTERNAL_FILE_DESCRIPTORS = 48

/** Client software names whose versions are counted; the rest share one counter, so that labels stay few. */
export const CLIENT_SOFTWARE_NAMES_MAX = 64

/** Different label sets of one metric. A caller that exceeds it counts into the set labelled `other`. */
export const METRIC_SERIES_MAX = 1000

/** Bytes handed to a socket at once; a reader must take this much within `UNREAD_REPLY_TIMEOUT_MS` (17 KB/s) or go. */
export const CONNECTION_WRITE_BYTES_MAX = 1024 * 1024

/** Bytes of requests after which a turn ends, although more can be read: one full read of a socket. */
export const TURN_BYTES_MAX = 128 * 1024

/** Topics whose accepted produces have their reply prepared, for each version: a hundred bytes each, and all anew beyond that. */
export const PRODUCE_REPLIES_KEPT = 1_000

/** Bytes of memory in the writers of replies that are kept for reuse: one sync may answer hundreds of connections at once. */
export const REPLY_WRITERS_FREE_BYTES_MAX = 1024 * 1024

/** Bytes of memory that a kept writer of replies may have grown to: the produce replies of a full turn. */
export const REPLY_WRITER_BYTES_MAX = 64 * 1024

/** Log lines a second about peers that were closed; the counters count them all. */
export const PEER_LOGS_PER_SECOND_MAX = 10

/** Bytes of sealed segments' indexes in memory over all logs; those unused longest are read again from their files. */
export const LOG_INDEX_BYTES_MAX = 32 * 1024 * 1024

/** Bytes of large read buffers kept for reuse. Eight reads of the largest size at once. */
export const LOG_READ_BUFFER_BYTES_MAX = 32 * 1024 * 1024

/** Bytes read ahead of sequential consumers of old data, over all logs: the next answer of 32 of them at the clients' usual 1 MB. */
export const LOG_READ_AHEAD_BYTES_MAX = 32 * 1024 * 1024

/** Such reads in flight: as many threads as the syncs leave, so that a read that somebody waits for is behind one at most. */
export const LOG_READS_AHEAD_IN_FLIGHT_MAX = 2

/** Bytes of one read of a segment file. Larger fetches come in several; a read of this size holds a thread 1 ms. */
export const LOG_READ_BYTES_MAX = 4 * 1024 * 1024

/** Bytes of a read that is done on the event loop: 3 microseconds from the page cache, where a thread costs 35. At 128 KB nothing more is won. */
export const LOG_SYNC_READ_BYTES_MAX = 32 * 1024

/** Producers remembered per partition; over it the tenth that has been idle for longest is forgotten. 10 MB at most. */
export const LOG_PRODUCERS_MAX = 20_000

/** `.torn` files kept per partition; the oldest goes first. Each holds the tail that one crash tore. */
export const LOG_TORN_FILES_MAX = 8

/** Places per log where sequential readers left off, so that going on needs no index lookup. */
export const LOG_READ_CURSORS_MAX = 8

/** Logs whose retention is looked at in one turn of the loop: after a start each may have a time index to read. */
export const LOG_RETENTION_SLICE = 100

/** Milliseconds between two such turns: 10,000 logs are through after little more than one second. */
export const LOG_RETENTION_PAUSE_MS = 10

/** Bytes that one compressed batch may grow to when ListOffsets looks for a timestamp inside it. */
export const LOG_DECOMPRESSED_BATCH_BYTES_MAX = 128 * 1024 * 1024

/** Groups that one broker coordinates. An empty group is about 2 KB; ids come from clients, so there must be an end. */
export const MAX_GROUPS = 100_000

/** Members of one group, and ids given out to be; `group.max.size` may be lower. A rebalance answers each of them. */
export const MAX_GROUP_MEMBERS = 10_000

/** Bytes that all groups, members and offsets of a broker may take; above it newcomers hear COORDINATOR_NOT_AVAILABLE. */
export const GROUP_STATE_BYTES_MAX = 256 * 1024 * 1024

/** Characters of a group id. It is in the key of every offset that the group commits. */
export const GROUP_ID_LENGTH_MAX = 4096

/** Characters of a client or instance id that go into a member id; the wire's limit for the whole is 32,767 bytes. */
export const MEMBER_ID_PREFIX_MAX = 1024

/** Bytes of records the coordinator puts into one batch of `__consumer_offsets`: half of the default max.message.bytes. */
export const COORDINATOR_BATCH_BYTES_MAX = 512 * 1024

/** Bytes of an HTTP request body. A record of the largest size as base64 or escaped JSON, with room for a batch of small ones. */
export const HTTP_BODY_BYTES_MAX = 4 * 1024 * 1024

/** HTTP requests worked on at once; more are refused, which is cheaper for both sides than a queue that only grows. */
export const HTTP_REQUESTS_IN_FLIGHT_MAX = 1024

/** Bytes of HTTP bodies of requests being worked on, as announced; a body of unknown length counts as the largest. */
export const HTTP_BODY_BYTES_IN_FLIGHT_MAX = 64 * 1024 * 1024

/** Long polls and event streams open at once. Apart from the others, so that readers who wait never keep producers out. */
export const HTTP_WAITING_MAX = 1024

/** Connections of the HTTP door, idle ones included; the next are dropped, and counted (trap N4). */
export const HTTP_CONNECTIONS_MAX = 4096

/** Milliseconds for a whole HTTP request to arrive: the largest body at 70 KB/s. */
export const HTTP_REQUEST_TIMEOUT_MS = 60_000

/** Milliseconds an HTTP connection may move no byte. Longer than a long poll, an event stream's pause or a produce may last. */
export const HTTP_SILENCE_TIMEOUT_MS = 120_000

/** Milliseconds that a stopping HTTP door waits for its answers to leave before it closes connections anyway. */
export const HTTP_DRAIN_TIMEOUT_MS = 5_000

/** Bytes of records that the HTTP door gathers into one batch: below the default `max.message.bytes`. */
export const HTTP_BATCH_BYTES_MAX = 512 * 1024

/** Bytes that one HTTP read fetches from the log. */
export const HTTP_READ_BYTES_MAX = 1024 * 1024

/** Bytes that one compressed batch may decompress to for an HTTP reader. */
export const HTTP_DECOMPRESSED_BYTES_MAX = 16 * 1024 * 1024

/** Characters of records in one HTTP answer, unless its first record alone is longer: what was fetched may decompress to a thousand times its size. */
export const HTTP_REPLY_TEXT_MAX = 8 * 1024 * 1024

/** Records that an event stream takes from one partition before it looks at its reader again. */
export const HTTP_EVENT_BATCH_RECORDS_MAX = 500

/** Milliseconds an event stream waits for records before it sends a comment to keep the connection open. */
export const HTTP_EVENT_WAIT_MS = 15_000

/** Partitions of a topic that can be followed as events: an event's id names the position in each, and comes back in a header of 16 KB. */
export const HTTP_EVENT_PARTITIONS_MAX = 512

/** Partitions up to which every event carries an id; above it one for all that is sent at once, so that ids do not outweigh records. */
export const HTTP_EVENT_ID_PARTITIONS_MAX = 16

/** InitProducerId requests that wait for the controller's next block of ids; more are told to come back. */
export const PRODUCER_ID_WAITERS_MAX = 10_000

/** Partitions remembered over all fetch sessions (some 200 bytes each); beyond it fetches go without a session. */
export const FETCH_SESSION_PARTITIONS_MAX = 500_000

/** Bytes of one record the coordinator writes: a group of thousands of members with their subscriptions and assignments. */
export const COORDINATOR_RECORD_BYTES_MAX = 8 * 1024 * 1024

/** FindCoordinator requests that wait for the offsets topic to be made, led and loaded; more are told to try again. */
export const COORDINATOR_LOOKUPS_WAITING_MAX = 10_000

/** Bytes of newest batches that all logs together keep in memory: consumers at the tail never touch the disk. */
export const LOG_TAIL_CACHE_BYTES = 64 * 1024 * 1024

/** The same for a broker among others, where every replica keeps the same batches: followers at the tail are a few milliseconds behind. */
export const LOG_TAIL_CACHE_BYTES_AMONG_OTHERS = 16 * 1024 * 1024

/** What a log may take since somebody read it (bytes) until it counts as unread: a consumer that polls every second stays one. */
export const LOG_UNREAD_BYTES_MAX = 16 * 1024 * 1024

/** Bytes of newest batches that an unread log keeps: so few that they stay in the processor's cache. */
export const LOG_UNREAD_KEPT_BYTES = 512 * 1024

/** Chunks of 1 MB that large requests are being read into at once, where their batches stay; more are put together elsewhere. */
export const LOG_ARENA_LOANS_MAX = 16

/** Bytes that the cleaner reads at once, or one batch if that is larger: a step of 1 to 2 ms. */
export const COMPACTION_READ_BYTES = 128 * 1024

/** Bytes per second that cleanings read and write at most, whatever is configured: a third of what a thread can do. */
export const COMPACTION_BYTES_PER_SECOND_MAX = 100 * 1024 * 1024

/** Segments that one cleaning makes one of: their renaming is one pause of the loop, of 1 to 2 ms. The next merges on. */
export const LOG_COMPACTION_GROUP_SEGMENTS_MAX = 64

/** Files that logs keep open, at most half of what the process may open. Three quarters may be unsynced. Two segments of 2,000 partitions with indexes. */
export const LOG_OPEN_FILES_MAX = 8_192

/** Partitions that one CreateTopics or CreatePartitions may make: Kafka's limit of records of one user operation. */
export const METADATA_PARTITIONS_PER_REQUEST_MAX = 10_000

/** Producer ids a broker gets at once, as in Kafka: one metadata record per thousand new producers. */
export const PRODUCER_ID_BLOCK_SIZE = 1000

/** Bytes of the metadata log read at once, at start and for a quorum follower; a larger batch still comes whole. */
export const METADATA_FETCH_BYTES_MAX = 1024 * 1024

/** Bytes of a metadata snapshot, ten million partitions of them; a larger one is not taken from another node. */
export const METADATA_SNAPSHOT_BYTES_MAX = 1024 * 1024 * 1024

/** Records encoded into a snapshot in one turn of the loop: two milliseconds. */
export const METADATA_SNAPSHOT_RECORDS_PER_TURN = 500

/** Snapshots of the metadata that are kept: the newest, and the one before, which a damaged one is replaced by. */
export const METADATA_SNAPSHOTS_KEPT = 2

/** Replicas without a vote that a quorum leader keeps an eye on; more are served, and not shown. */
export const QUORUM_OBSERVERS_MAX = 1_000

/** Milliseconds after its last fetch that such a replica is forgotten, as in Kafka. */
export const QUORUM_OBSERVER_TIMEOUT_MS = 300_000

/** Milliseconds a metadata answer waits for a topic to be made: shorter than any client's request timeout. */
export const AUTO_CREATE_WAIT_MAX_MS = 5_000

/** Bytes of a frame that is put together in lent memory: a batch of the largest default size and its header. */
export const ASSEMBLY_SLOT_BYTES = 1024 * 1024 + 64 * 1024

/** Smaller frames (bytes) take memory of their own: most connections never need a slot, and a slot is a megabyte. */
export const ASSEMBLY_FRAME_BYTES_MIN = 16 * 1024

/** Frames put together there at once; more take memory of their own. Resident only as far as used: 17 MB at most. */
export const ASSEMBLY_SLOTS = 16

/** Requests to one other broker that wait or are in flight: a fetch and a handful of others; more means that it does not answer. */
export const PEER_REQUESTS_MAX = 1_000

/** Bytes of one answer of another broker: `replica.fetch.response.max.bytes`, and one batch of any size that it let in. */
export const PEER_RESPONSE_BYTES_MAX = 128 * 1024 * 1024

/** Bytes that one fetch of a follower brings for replicas outside the in-sync set: acknowledgements wait for the others in it. */
export const REPLICA_CATCH_UP_BYTES_MAX = 2 * 1024 * 1024

/** Brokers whose refusal is remembered, so that each is logged once: ids come from whoever connects, so there must be an end. */
export const REFUSED_BROKERS_MAX = 1_000

/** Leaders that one check gives back to preferred replicas, as in Kafka: clients look for each of them anew. */
export const LEADER_MOVES_PER_CHECK_MAX = 1_000

/** Requests of clients that wait at one broker for the active controller; more are refused, as they would wait in vain. */
export const FORWARDED_CALLS_MAX = 1_000

/** Connections on the listener for brokers: a few from each of the others; more come from nobody who belongs there. */
export const PEER_CONNECTIONS_MAX = 1_000

/** Refusals by other nodes that are remembered, so that each is logged once. */
export const PEER_REFUSALS_MAX = 1_000

/** Partitions whose ends one heartbeat asks for; the next asks on. An answer of 16 KB, and a look at as many logs. */
export const WANTED_REPLICA_ENDS_MAX = 1_000

/** Bytes of the log file of a supervised broker before it is kept as the old one and begun anew: with that, twice as much. */
export const SUPERVISED_LOG_BYTES_MAX = 16 * 1024 * 1024

-- Names of sources and destinations, once each; everything else refers to them by number.
CREATE TABLE name (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

-- What arrived. Its key is the growing half of the event's id, so rows are appended and no
-- second index is needed. Headers and body stand apart, so that lists and retention read little.
CREATE TABLE event (
  id INTEGER PRIMARY KEY CHECK (id >= 0),
  random INTEGER NOT NULL,             -- the other half of the id
  source INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  ordinals INTEGER NOT NULL CHECK (ordinals BETWEEN 0 AND 65536), -- how many deliveries it ever had; none is given twice
  verification TEXT NOT NULL,
  peer BLOB,                           -- 4 or 16 bytes
  method TEXT NOT NULL,
  target TEXT NOT NULL,
  event_type TEXT,
  provider_event_id TEXT
) STRICT;

CREATE TABLE payload (
  event INTEGER PRIMARY KEY,
  headers BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT;

-- One event on its way to one destination; the queue.
CREATE TABLE delivery (
  event INTEGER NOT NULL,
  ordinal INTEGER NOT NULL CHECK (ordinal BETWEEN 0 AND 65535),
  destination INTEGER NOT NULL,
  bytes INTEGER NOT NULL,              -- how long the event's body is: whoever takes deliveries asks for so much
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3), -- pending, succeeded, dead letter, cancelled
  due_at INTEGER,                      -- when it may next be taken; a leased one is due when its lease ends
  leased INTEGER NOT NULL CHECK (leased BETWEEN 0 AND 1),
  lease INTEGER NOT NULL,              -- counts the times it was taken; settling names the count it holds
  attempts INTEGER NOT NULL,
  step INTEGER NOT NULL,               -- attempts of the retry schedule that are used up
  maybe_sent INTEGER NOT NULL CHECK (maybe_sent BETWEEN 0 AND 1),
  replayed INTEGER NOT NULL CHECK (replayed BETWEEN 0 AND 1),
  reason TEXT,                         -- of a dead letter
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  PRIMARY KEY (event, ordinal),
  CHECK ((state = 0) = (due_at IS NOT NULL)),
  CHECK ((state = 0) = (finished_at IS NULL)),
  CHECK ((state = 2) = (reason IS NOT NULL)),
  CHECK (leased = 0 OR state = 0)
) STRICT, WITHOUT ROWID;

-- Holds pending deliveries only, so it is as long as the queue, not as the history.
CREATE INDEX delivery_due ON delivery (destination, due_at) WHERE due_at IS NOT NULL;
-- Dead letters in the order in which they are listed.
CREATE INDEX delivery_dead ON delivery (event, ordinal, destination) WHERE state = 2;

CREATE TABLE attempt (
  event INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  number INTEGER NOT NULL CHECK (number >= 1),
  started_at INTEGER NOT NULL,
  duration INTEGER NOT NULL,           -- nanoseconds
  maybe_sent INTEGER NOT NULL CHECK (maybe_sent BETWEEN 0 AND 1),
  status INTEGER,                      -- NULL when nothing was answered
  headers BLOB,
  body BLOB,
  truncated INTEGER,
  failure TEXT,                        -- NULL when it succeeded
  detail TEXT,
  PRIMARY KEY (event, ordinal, number),
  CHECK ((status IS NULL) = (headers IS NULL) AND (status IS NULL) = (body IS NULL)
    AND (status IS NULL) = (truncated IS NULL)),
  CHECK ((failure IS NULL) = (detail IS NULL))
) STRICT, WITHOUT ROWID;

-- By what repeats are told, in order of arrival. Outlives the event, hence both halves of its id.
CREATE TABLE dedupe (
  position INTEGER PRIMARY KEY,
  hash BLOB NOT NULL CHECK (length(hash) = 16),
  body INTEGER NOT NULL,               -- 64 bits of a hash, by which another body is told
  event INTEGER NOT NULL,
  random INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

-- Older keys, sorted once in bulk and never touched again until they all have expired.
CREATE TABLE dedupe_segment (
  id INTEGER PRIMARY KEY,
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2), -- being written, sealed, being dropped
  last_position INTEGER NOT NULL,      -- once sealed, `dedupe` is void up to here
  expires_at INTEGER NOT NULL,         -- when the last of its keys expires
  filter BLOB NOT NULL
) STRICT;

CREATE TABLE dedupe_segment_key (
  segment INTEGER NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 16),
  body INTEGER NOT NULL,               -- 64 bits of a hash, by which another body is told
  event INTEGER NOT NULL,
  random INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (segment, hash)
) STRICT, WITHOUT ROWID;

-- What was done to destinations; no row means active.
CREATE TABLE destination_status (
  destination INTEGER PRIMARY KEY,
  status TEXT NOT NULL
) STRICT;

-- One row. `last_sequence` covers events that were forgotten; `probes` is written to see whether writing works.
CREATE TABLE ledger (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  last_sequence INTEGER NOT NULL,
  probes INTEGER NOT NULL
) STRICT;
INSERT INTO ledger (only, last_sequence, probes) VALUES (1, 0, 0);

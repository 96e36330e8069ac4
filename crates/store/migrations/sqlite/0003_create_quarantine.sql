-- Requests that failed verification, for a while. The key grows, as that of an event does.
CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY CHECK (id >= 0),
  random INTEGER NOT NULL,             -- the other half of the id
  source INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  weight INTEGER NOT NULL,             -- what it counts for in bytes, where the room is limited
  body_len INTEGER NOT NULL,           -- when it came; the body goes when it is released
  peer BLOB,                           -- 4 or 16 bytes
  method TEXT NOT NULL,
  origin TEXT NOT NULL,                -- scheme and authority under which it reached us
  target TEXT NOT NULL,
  code TEXT NOT NULL,                  -- of the latest rejection
  sentence TEXT NOT NULL,
  event INTEGER,                       -- what it became; NULL while it is held
  event_random INTEGER,
  CHECK ((event IS NULL) = (event_random IS NULL))
) STRICT;

-- The oldest of one source, which goes first.
CREATE INDEX quarantine_source ON quarantine (source, id);

CREATE TABLE quarantine_payload (
  request INTEGER PRIMARY KEY,
  headers BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT;

-- How much each source has there, so that no write has to add it up.
CREATE TABLE quarantine_tally (
  source INTEGER PRIMARY KEY,
  held INTEGER NOT NULL CHECK (held >= 0),
  bytes INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;

-- A request that carried several events, once for all of them. Its key is that of the first event
-- that was kept of it, so these rows are appended, too.
CREATE TABLE request (
  id INTEGER PRIMARY KEY,
  headers BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT;

-- Such an event. It has no payload: its body is a part of the request's, or stands here where it
-- is written in another way there.
CREATE TABLE item (
  event INTEGER PRIMARY KEY,
  request INTEGER NOT NULL,
  number INTEGER NOT NULL CHECK (number >= 1),
  total INTEGER NOT NULL CHECK (total >= number), -- how many events came in the request, repeats among them
  start INTEGER CHECK (start >= 0),    -- where its body begins in the request's
  length INTEGER NOT NULL CHECK (length >= 0),
  body BLOB,
  CHECK ((start IS NULL) = (body IS NOT NULL))
) STRICT;

-- A request goes with the last of its events.
CREATE INDEX item_request ON item (request);

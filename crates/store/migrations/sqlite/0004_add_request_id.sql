-- By what the refusal of a request in quarantine is found in the log; NULL for older ones.
ALTER TABLE quarantine ADD COLUMN request_id TEXT;

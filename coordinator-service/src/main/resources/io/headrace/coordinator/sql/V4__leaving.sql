-- Whether a coordinator is about to end: it gets no shards, and the others take over what it has while it goes on.
ALTER TABLE coordinator_sessions ADD COLUMN leaving BOOLEAN DEFAULT FALSE NOT NULL;

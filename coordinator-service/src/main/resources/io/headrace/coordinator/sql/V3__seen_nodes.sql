-- How many storage nodes a coordinator sees: a controller that sees fewer than half of them offers its role to one that sees more.
ALTER TABLE coordinator_sessions ADD COLUMN seen_nodes INTEGER DEFAULT 0 NOT NULL;

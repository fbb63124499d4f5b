-- Every coordinator shows here that it is alive, by raising touch_count; a row that does not change is one that is gone.
CREATE TABLE coordinator_sessions (
    coordinator_id INTEGER PRIMARY KEY,
    incarnation_id VARCHAR(22) NOT NULL,
    host VARCHAR(255) NOT NULL,
    port INTEGER NOT NULL,
    apis VARCHAR(8000) NOT NULL,
    touch_count BIGINT NOT NULL
);

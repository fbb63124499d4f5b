-- One row: who is the controller, in which epoch, and the next metadata offset. Its row lock is the fence.
CREATE TABLE controller (
    id INTEGER PRIMARY KEY,
    cluster_id VARCHAR(22) NOT NULL,
    epoch BIGINT NOT NULL,
    owner_id INTEGER NOT NULL,
    take_over_id VARCHAR(22) NOT NULL,
    next_offset BIGINT NOT NULL,
    touch_count BIGINT NOT NULL
);

-- One row is one encoded record batch, as the wire carries it.
CREATE TABLE metadata_log (
    base_offset BIGINT PRIMARY KEY,
    next_offset BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    take_over_id VARCHAR(22) NOT NULL,
    batch ${bytes} NOT NULL
);

CREATE TABLE topics (
    topic_id VARCHAR(22) PRIMARY KEY,
    topic_name VARCHAR(249) NOT NULL UNIQUE,
    internal BOOLEAN NOT NULL
);

-- Lists are written as their elements with commas between; an in-sync member as node:epoch.
CREATE TABLE partitions (
    topic_id VARCHAR(22) NOT NULL,
    partition_id INTEGER NOT NULL,
    replicas VARCHAR(4000) NOT NULL,
    log_dirs VARCHAR(8000) NOT NULL,
    isr VARCHAR(8000) NOT NULL,
    leader_id INTEGER NOT NULL,
    leader_node_epoch BIGINT NOT NULL,
    leader_epoch INTEGER NOT NULL,
    partition_epoch INTEGER NOT NULL,
    min_in_sync_replicas INTEGER NOT NULL,
    eligible_leader_replicas VARCHAR(4000) NOT NULL,
    last_known_elr VARCHAR(4000) NOT NULL,
    adding_replicas VARCHAR(4000) NOT NULL,
    removing_replicas VARCHAR(4000) NOT NULL,
    PRIMARY KEY (topic_id, partition_id)
);

CREATE TABLE configs (
    resource_type SMALLINT NOT NULL,
    resource_name VARCHAR(1000) NOT NULL,
    config_name VARCHAR(255) NOT NULL,
    config_value VARCHAR(32767) NOT NULL,
    PRIMARY KEY (resource_type, resource_name, config_name)
);

CREATE TABLE nodes (
    node_id INTEGER PRIMARY KEY,
    incarnation_id VARCHAR(22) NOT NULL,
    node_epoch BIGINT NOT NULL,
    fenced BOOLEAN NOT NULL,
    endpoints VARCHAR(32767) NOT NULL,
    rack VARCHAR(255),
    log_dirs VARCHAR(8000) NOT NULL
);

CREATE TABLE coordinators (
    coordinator_id INTEGER PRIMARY KEY,
    incarnation_id VARCHAR(22) NOT NULL,
    host VARCHAR(255) NOT NULL,
    port INTEGER NOT NULL,
    apis VARCHAR(8000) NOT NULL
);

CREATE TABLE shard_owners (
    shard_kind SMALLINT NOT NULL,
    shard INTEGER NOT NULL,
    owner_id INTEGER NOT NULL,
    shard_epoch INTEGER NOT NULL,
    PRIMARY KEY (shard_kind, shard)
);

CREATE TABLE features (
    feature_name VARCHAR(255) PRIMARY KEY,
    finalized_level SMALLINT NOT NULL
);

CREATE TABLE producer_ids (
    id INTEGER PRIMARY KEY,
    node_id INTEGER NOT NULL,
    next_producer_id BIGINT NOT NULL
);

package io.headrace.protocol.metadata;

/** Which coordinator owns a shard, and in which epoch. */
public record ShardOwnerImage(int ownerId, int shardEpoch) {

    /**
     * Names a shard.
     *
     * @param kind {@link #GROUP}, {@link #TRANSACTION} or {@link #SHARE}
     * @param shard the partition of the kind's topic
     */
    public record Key(byte kind, int shard) {}

    public static final byte GROUP = 0;
    public static final byte TRANSACTION = 1;
    public static final byte SHARE = 2;

    /**
     * The shard that a key belongs to, among that many: as Kafka places groups and transactions.
     */
    public static int shardOf(String key, int shardCount) {
        int hash = key.hashCode();
        return hash == Integer.MIN_VALUE ? 0 : Math.abs(hash) % shardCount;
    }
}

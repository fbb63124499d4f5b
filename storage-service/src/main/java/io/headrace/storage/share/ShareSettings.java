package io.headrace.storage.share;

import java.util.Map;
import java.util.function.Function;

/**
 * The configuration of a share group, as far as its share partitions go by it.
 *
 * @param lockMs how long a member may hold a record without saying anything
 * @param deliveryLimit how often a record is delivered at most
 * @param maxRecordLocks how many records may be in flight in one share partition
 * @param readCommitted whether records of open and aborted transactions are left out
 * @param renewEnabled whether members may renew their locks (KIP-1222)
 */
public record ShareSettings(
        int lockMs,
        int deliveryLimit,
        int maxRecordLocks,
        boolean readCommitted,
        boolean renewEnabled,
        OffsetReset reset) {

    /** Kafka's defaults. */
    public static final ShareSettings DEFAULT =
            new ShareSettings(30_000, 5, 2_000, false, true, new OffsetReset.Latest());

    /**
     * The settings that a group's configs make. They are validated where they are set; a value that
     * is not understood here counts as not set.
     */
    public static ShareSettings of(Map<String, String> configs) {
        return new ShareSettings(
                number(configs, "share.record.lock.duration.ms", DEFAULT.lockMs),
                number(configs, "share.delivery.count.limit", DEFAULT.deliveryLimit),
                number(configs, "share.partition.max.record.locks", DEFAULT.maxRecordLocks),
                "read_committed".equalsIgnoreCase(configs.get("share.isolation.level")),
                !"false".equalsIgnoreCase(configs.get("share.renew.acknowledge.enable")),
                value(configs, "share.auto.offset.reset", OffsetReset::of, DEFAULT.reset));
    }

    /** From how many deliveries on records are given in smaller pieces, as in Kafka 4.3. */
    int fewerFrom() {
        return Math.max(2, (deliveryLimit + 1) / 2);
    }

    /** Whether a record that was delivered so often may be delivered only once more. */
    boolean isLastDelivery(int deliveryCount) {
        return deliveryLimit > 2 && deliveryCount >= deliveryLimit - 1;
    }

    private static int number(Map<String, String> configs, String name, int defaultValue) {
        int number = value(configs, name, Integer::valueOf, defaultValue);
        return number < 1 ? defaultValue : number;
    }

    private static <T> T value(
            Map<String, String> configs, String name, Function<String, T> parse, T defaultValue) {
        String value = configs.get(name);
        if (value == null) {
            return defaultValue;
        }
        try {
            return parse.apply(value.trim());
        } catch (IllegalArgumentException e) {
            return defaultValue; // a newer coordinator's value
        }
    }
}

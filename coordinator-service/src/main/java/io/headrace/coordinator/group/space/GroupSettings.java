package io.headrace.coordinator.group.space;

import io.headrace.protocol.config.GroupConfigs;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;

import org.jspecify.annotations.Nullable;

/** What a group sets for itself, and what holds where it does not, whatever its protocol. */
final class GroupSettings {
    /** What each member adds to the interval: so a shard gets at most 50 heartbeats a second. */
    private static final int HEARTBEAT_MS_PER_MEMBER = 20;

    private GroupSettings() {}

    /** What was set for the group alone, or null. */
    static @Nullable Integer own(MetadataImage image, String groupId, String name) {
        return GroupConfigs.number(
                image.configsOf(new ConfigResourceKey(ConfigResourceKey.GROUP, groupId)), name);
    }

    /** What was set for the group alone, or else what is usual. */
    static int ownOr(int usual, MetadataImage image, String groupId, String name) {
        Integer own = own(image, groupId, name);
        return own == null ? usual : own;
    }

    /** How often members are to be heard of, in ms, where their group does not say. */
    static int heartbeatIntervalMs(int members, int minMs, int maxMs) {
        return Math.clamp((long) members * HEARTBEAT_MS_PER_MEMBER, minMs, maxMs);
    }
}

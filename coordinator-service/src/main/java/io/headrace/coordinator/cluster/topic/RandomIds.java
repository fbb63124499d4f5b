package io.headrace.coordinator.cluster.topic;

import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.Uuid;

import java.util.random.RandomGenerator;

/** Random (version 4) ids from a source of chance that is given. */
public final class RandomIds {
    private RandomIds() {}

    /** Any id. */
    public static Uuid next(RandomGenerator random) {
        long most = (random.nextLong() & ~0xF000L) | 0x4000L;
        long least = (random.nextLong() & ~(3L << 62)) | (1L << 63);
        return new Uuid(most, least);
    }

    /** An id for a topic: none of Kafka's reserved ones, and not in use. */
    static Uuid nextTopicId(RandomGenerator random, MetadataImage image) {
        while (true) {
            Uuid id = next(random);
            if (!Uuid.RESERVED.contains(id)
                    && !id.toString().startsWith("-")
                    && image.topic(id) == null) {
                return id;
            }
        }
    }
}

package io.headrace.storage.handler.forwarding;

import io.headrace.protocol.metadata.CoordinatorImage;
import io.headrace.protocol.metadata.MetadataImage;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Finds the coordinators that own shards. */
public final class ShardOwners {
    private ShardOwners() {}

    /**
     * The coordinators that own shards of a kind, by their ids.
     *
     * @param kind of {@link io.headrace.protocol.metadata.ShardOwnerImage}
     */
    public static List<CoordinatorImage> of(MetadataImage image, byte kind) {
        Set<Integer> ids = new TreeSet<>();
        image.shardOwners()
                .forEach(
                        (key, owner) -> {
                            if (key.kind() == kind) {
                                ids.add(owner.ownerId());
                            }
                        });
        List<CoordinatorImage> owners = new ArrayList<>();
        for (int id : ids) {
            CoordinatorImage owner = image.coordinators().get(id);
            if (owner != null) {
                owners.add(owner);
            }
        }
        return owners;
    }
}

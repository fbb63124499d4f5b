package io.headrace.storage.cluster;

import io.headrace.protocol.metadata.MetadataImage;

/** What this node knows of the cluster now. Written by the tail, read from any thread. */
public final class ClusterView {
    private volatile MetadataImage image = MetadataImage.EMPTY;
    private volatile long nodeEpoch = -1;

    /** The newest image. */
    public MetadataImage image() {
        return image;
    }

    /** The epoch of this incarnation's registration, or -1. */
    public long nodeEpoch() {
        return nodeEpoch;
    }

    void publish(MetadataImage next) {
        image = next;
    }

    void registered(long epoch) {
        nodeEpoch = epoch;
    }
}

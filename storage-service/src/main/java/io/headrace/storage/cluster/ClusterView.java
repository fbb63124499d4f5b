package io.headrace.storage.cluster;

import io.headrace.protocol.metadata.MetadataImage;

/** What this node knows of the cluster now. Written by the tail, read from any thread. */
public final class ClusterView {
    private volatile MetadataImage image = MetadataImage.EMPTY;
    private volatile long nodeEpoch = -1;
    private volatile boolean regressed;

    /** The newest image. */
    public MetadataImage image() {
        return image;
    }

    /** The epoch of this incarnation's registration, or -1. */
    public long nodeEpoch() {
        return nodeEpoch;
    }

    /**
     * Whether the controller's metadata has lost what this node has applied: the image stays as it
     * is until the database is recovered.
     */
    public boolean isRegressed() {
        return regressed;
    }

    void regressed(boolean now) {
        regressed = now;
    }

    void publish(MetadataImage next) {
        image = next;
    }

    void registered(long epoch) {
        nodeEpoch = epoch;
    }
}

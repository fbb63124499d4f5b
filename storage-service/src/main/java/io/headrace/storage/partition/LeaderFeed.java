package io.headrace.storage.partition;

/**
 * Brings the records of leaders to the partitions that follow them. Called on the partition's loop.
 */
public interface LeaderFeed {
    /** Brings nothing. */
    LeaderFeed NONE =
            new LeaderFeed() {
                @Override
                public void follow(Partition partition, int leaderId) {}

                @Override
                public void unfollow(Partition partition) {}

                @Override
                public void onProgress(Partition partition) {}

                @Override
                public void leave() {}
            };

    /** The partition is to follow that node from now on, in the place of any other. */
    void follow(Partition partition, int leaderId);

    /** The partition follows nobody any more. */
    void unfollow(Partition partition);

    /** What the partition's {@link FollowerLog#point} says is new. */
    void onProgress(Partition partition);

    /** From now on leaders hear that this node is about to stop. Any thread. */
    void leave();
}

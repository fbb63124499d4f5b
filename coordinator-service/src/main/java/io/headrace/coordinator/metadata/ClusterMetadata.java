package io.headrace.coordinator.metadata;

import io.headrace.protocol.metadata.MetadataImage;

import java.util.function.Consumer;

/** The committed metadata as this coordinator knows it. Of use from any thread. */
public interface ClusterMetadata {
    /** The newest committed image that this coordinator has read. */
    MetadataImage image();

    /**
     * Calls the listener with the current image, then with every later one, in order. The calls
     * come from one thread that must not be held up: hand the image on and return.
     *
     * @return takes the listener away
     */
    Runnable subscribe(Consumer<MetadataImage> listener);
}

package io.headrace.testkit.disk;

import org.jspecify.annotations.Nullable;

import java.nio.file.FileStore;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileStoreAttributeView;

/** The space of one {@link SimulatedDisk}. */
final class SimulatedFileStore extends FileStore {
    private final Volume volume;

    SimulatedFileStore(Volume volume) {
        this.volume = volume;
    }

    @Override
    public String name() {
        return "simulated";
    }

    @Override
    public String type() {
        return "simulated";
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public long getTotalSpace() {
        return volume.capacityBytes();
    }

    @Override
    public long getUsableSpace() {
        return Math.max(0, volume.capacityBytes() - volume.usedBytes());
    }

    @Override
    public long getUnallocatedSpace() {
        return getUsableSpace();
    }

    @Override
    public boolean supportsFileAttributeView(Class<? extends FileAttributeView> type) {
        return type == BasicFileAttributeView.class;
    }

    @Override
    public boolean supportsFileAttributeView(String name) {
        return name.equals("basic");
    }

    @Override
    public <V extends FileStoreAttributeView> @Nullable V getFileStoreAttributeView(Class<V> type) {
        return null;
    }

    @Override
    public Object getAttribute(String attribute) {
        return switch (attribute) {
            case "totalSpace" -> getTotalSpace();
            case "usableSpace" -> getUsableSpace();
            case "unallocatedSpace" -> getUnallocatedSpace();
            default -> throw new UnsupportedOperationException(attribute);
        };
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof SimulatedFileStore store && store.volume == volume;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(volume);
    }
}

package io.headrace.testkit.disk;

import io.headrace.testkit.disk.EntryChange.Entry;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A deep copy of a tree of inodes, which keeps who is who. */
final class VolumeCopy {
    private final Function<DirectoryInode, Map<String, Inode>> entriesOf;
    private final Function<DirectoryInode, Map<String, Inode>> durableEntriesOf;
    private final UnaryOperator<FileInode> copyOfFile;
    private final Map<Inode, Inode> copies = new HashMap<>();

    private VolumeCopy(
            Function<DirectoryInode, Map<String, Inode>> entriesOf,
            Function<DirectoryInode, Map<String, Inode>> durableEntriesOf,
            UnaryOperator<FileInode> copyOfFile) {
        this.entriesOf = entriesOf;
        this.durableEntriesOf = durableEntriesOf;
        this.copyOfFile = copyOfFile;
    }

    /** A copy in which what survived is all there is, and all of it is durable. */
    static VolumeCopy afterPowerLoss(
            Function<DirectoryInode, Map<String, Inode>> survivors,
            UnaryOperator<FileInode> survivorOfFile) {
        return new VolumeCopy(survivors, survivors, survivorOfFile);
    }

    /** A copy in which the page cache is as it was, and as little forced. */
    static VolumeCopy afterKill() {
        return new VolumeCopy(
                directory -> directory.entries,
                directory -> directory.durableEntries,
                FileInode::afterKill);
    }

    DirectoryInode of(DirectoryInode directory) {
        Inode done = copies.get(directory);
        if (done instanceof DirectoryInode copy) {
            return copy;
        }
        DirectoryInode copy = new DirectoryInode(directory.creationMs);
        copies.put(directory, copy);
        copy.lastModifiedMs = directory.lastModifiedMs;
        entriesOf
                .apply(directory)
                .forEach(
                        (name, inode) -> {
                            Inode named = of(inode);
                            copy.entries.put(name, named);
                            if (named instanceof FileInode file) {
                                file.references = 1;
                            }
                        });
        durableEntriesOf
                .apply(directory)
                .forEach((name, inode) -> copy.durableEntries.put(name, of(inode)));
        return copy;
    }

    EntryChange of(EntryChange change) {
        return new EntryChange(
                change.entries().stream()
                        .map(
                                entry ->
                                        new Entry(
                                                of(entry.directory()),
                                                entry.name(),
                                                ofNullable(entry.inode())))
                        .toList());
    }

    private @Nullable Inode ofNullable(@Nullable Inode inode) {
        return inode == null ? null : of(inode);
    }

    private Inode of(Inode inode) {
        return switch (inode) {
            case DirectoryInode directory -> of(directory);
            case FileInode file -> copies.computeIfAbsent(file, original -> copyOfFile.apply(file));
        };
    }
}

package io.headrace.testkit.disk;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** One atomic change of directory entries, not yet forced: a creation, a removal or a rename. */
record EntryChange(List<Entry> entries) {

    /**
     * What one name means after the change.
     *
     * @param inode null when the name is gone
     */
    record Entry(DirectoryInode directory, String name, @Nullable Inode inode) {}

    boolean touches(DirectoryInode directory) {
        return entries.stream().anyMatch(entry -> entry.directory() == directory);
    }

    /** Carries the change out on the entries that {@code entriesOf} gives for a directory. */
    void apply(Function<DirectoryInode, Map<String, Inode>> entriesOf) {
        for (Entry entry : entries) {
            Map<String, Inode> names = entriesOf.apply(entry.directory());
            Inode inode = entry.inode();
            if (inode == null) {
                names.remove(entry.name());
            } else {
                names.put(entry.name(), inode);
            }
        }
    }
}

package io.headrace.testkit.disk;

import java.util.Map;
import java.util.TreeMap;

/** A directory: the entries everybody sees, and those that a power loss certainly leaves. */
final class DirectoryInode extends Inode {
    final Map<String, Inode> entries = new TreeMap<>();
    final Map<String, Inode> durableEntries = new TreeMap<>();

    DirectoryInode(long nowMs) {
        super(nowMs);
    }
}

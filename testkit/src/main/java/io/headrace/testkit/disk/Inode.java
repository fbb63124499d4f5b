package io.headrace.testkit.disk;

/** What a directory entry points to. */
abstract sealed class Inode permits FileInode, DirectoryInode {
    long lastModifiedMs;
    final long creationMs;

    Inode(long nowMs) {
        lastModifiedMs = nowMs;
        creationMs = nowMs;
    }
}

package io.headrace.testkit.disk;

/** Who holds the lock of a file. */
enum LockHolder {
    FREE,
    THIS_PROCESS,
    OTHER_PROCESS
}

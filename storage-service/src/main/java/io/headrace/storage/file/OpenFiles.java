package io.headrace.storage.file;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The files of closed segments that are open now: at most a fixed number, the least recently used
 * leaves first. A file that is still in use when it leaves closes with its last user. Safe for use
 * by several threads.
 */
public final class OpenFiles {
    private final int openMax;
    private final LinkedHashMap<Object, LogFile> byOwner = new LinkedHashMap<>(16, 0.75f, true);

    public OpenFiles(int openMax) {
        if (openMax < 1) {
            throw new IllegalArgumentException("openMax must be at least 1, not " + openMax);
        }
        this.openMax = openMax;
    }

    /**
     * The owner's file with a use for the caller, opened if need be: may block on the disk.
     *
     * @param owner whose file it is, by identity of {@code equals}; its path may change by renaming
     */
    public LogFile acquire(Object owner, Path path) throws IOException {
        LogFile open = acquireIfOpen(owner);
        if (open != null) {
            return open;
        }
        LogFile opened = LogFile.open(path);
        if (!opened.retain()) {
            throw new IllegalStateException("A file just opened has no user: " + opened);
        }
        put(owner, opened);
        return opened;
    }

    /** The owner's file with a use for the caller if it is open, else null; never blocks. */
    public synchronized @Nullable LogFile acquireIfOpen(Object owner) {
        LogFile open = byOwner.get(owner);
        return open != null && open.retain() ? open : null;
    }

    /** Takes over the caller's use of an open file. */
    public void put(Object owner, LogFile file) {
        List<LogFile> leaving = new ArrayList<>(1);
        synchronized (this) {
            LogFile before = byOwner.put(owner, file);
            if (before != null) {
                leaving.add(before);
            }
            var eldest = byOwner.entrySet().iterator();
            while (byOwner.size() - openMax > 0 && eldest.hasNext()) {
                Map.Entry<Object, LogFile> entry = eldest.next();
                eldest.remove();
                leaving.add(entry.getValue());
            }
        }
        leaving.forEach(LogFile::release);
    }

    /** Forgets the owner's file; it closes with its last user. */
    public void remove(Object owner) {
        LogFile open;
        synchronized (this) {
            open = byOwner.remove(owner);
        }
        if (open != null) {
            open.release();
        }
    }

    /** How many files are open here. */
    public synchronized int count() {
        return byOwner.size();
    }
}

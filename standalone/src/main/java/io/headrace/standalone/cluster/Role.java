package io.headrace.standalone.cluster;

import java.util.Locale;

/** What a node of a cluster is for. */
public enum Role {
    /** The metadata database. */
    POSTGRES,
    COORDINATOR,
    STORAGE,
    GATEWAY;

    /** The name as people write it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}

package io.headrace.storage.replication;

/** What became of a proposed in-sync set. */
public enum IsrVerdict {
    /** Committed as proposed. */
    COMMITTED,
    /** Not committed, and it never will be. */
    REFUSED,
    /** Refused now, but an earlier attempt of unknown outcome may yet be committed. */
    UNCERTAIN,
    /** It builds on an old state: the metadata will tell the new one. */
    OUT_OF_DATE
}

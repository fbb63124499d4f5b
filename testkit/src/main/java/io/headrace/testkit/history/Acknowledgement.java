package io.headrace.testkit.history;

/** The server's word that a record is stored at an offset. */
public record Acknowledgement(SentRecord sent, long offset) {}

package io.headrace.standalone.failover;

/**
 * One round.
 *
 * @param produceGapMs the longest time between two acknowledgements
 * @param consumeGapMs the longest time between two records that arrived
 * @param adminMs from the fault until a topic was created; -1 when not measured
 * @param groupMs from the fault until a group's offset was committed; -1 when not measured
 */
record Measurement(double produceGapMs, double consumeGapMs, double adminMs, double groupMs) {}

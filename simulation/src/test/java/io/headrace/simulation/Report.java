package io.headrace.simulation;

import java.util.Map;

/**
 * What happened in a run.
 *
 * @param acknowledged records that were acknowledged
 * @param longestWaitMs how long something was waited for at most, when nothing went wrong any more
 * @param traceHash one number for the whole trace
 * @param checks how often each checker compared something
 */
record Report(
        long seed,
        long events,
        int elections,
        int truncations,
        int crashes,
        int acknowledged,
        int read,
        long sequenceRefusals,
        long simulatedMs,
        long longestWaitMs,
        long traceHash,
        Map<String, Long> checks) {
    @Override
    public String toString() {
        return "seed %d: %d ms, waited %d ms, %d events, %d elections, %d truncations, %d crashes, %d records acknowledged, %d read, %d refused for their sequence, trace %x"
                .formatted(
                        seed,
                        simulatedMs,
                        longestWaitMs,
                        events,
                        elections,
                        truncations,
                        crashes,
                        acknowledged,
                        read,
                        sequenceRefusals,
                        traceHash);
    }
}

package io.headrace.gateway.record;

import io.headrace.client.error.HeadraceException;
import io.headrace.client.produce.RecordMetadata;
import io.headrace.gateway.problem.Problem;
import io.headrace.gateway.problem.Problems;
import io.headrace.gateway.record.ProducerPool.SentRecord;

import java.util.List;
import java.util.Map;

/** Writes what became of records. */
public final class ProduceResult {
    private ProduceResult() {}

    /** How many of these failed. */
    public static long failed(List<SentRecord> outcomes) {
        return outcomes.stream().filter(outcome -> outcome.error() != null).count();
    }

    /** The problem when all failed: that of the first, with its place. */
    public static Problem allFailed(List<SentRecord> outcomes) {
        HeadraceException first = outcomes.getFirst().error();
        Problem problem =
                first == null ? Problem.busy("The records were not stored.") : Problems.of(first);
        if (outcomes.size() == 1) {
            return problem;
        }
        return problem.with("records", outcomes.stream().map(ProduceResult::members).toList());
    }

    private static Map<String, Object> members(SentRecord outcome) {
        HeadraceException error = outcome.error();
        RecordMetadata stored = outcome.stored();
        if (error != null) {
            Problem problem = Problems.of(error);
            return problem.toMembers(null);
        }
        return stored == null
                ? Map.of()
                : Map.of("partition", stored.partition(), "offset", stored.offset());
    }

    /** Writes one outcome as an object. */
    public static void write(JsonOutput out, SentRecord outcome) {
        RecordMetadata stored = outcome.stored();
        HeadraceException error = outcome.error();
        if (stored != null) {
            out.raw('{').name("partition").number(stored.partition());
            out.raw(',').name("offset").number(stored.offset());
            out.raw(',').name("timestamp").number(stored.timestampMs()).raw('}');
        } else if (error != null) {
            out.raw('{').name("problem");
            write(out, Problems.of(error));
            out.raw('}');
        }
    }

    /** Writes all outcomes as an array. */
    public static void write(JsonOutput out, List<SentRecord> outcomes) {
        out.raw('[');
        for (int i = 0; i < outcomes.size(); i++) {
            if (i > 0) {
                out.raw(',');
            }
            write(out, outcomes.get(i));
        }
        out.raw(']');
    }

    /** Writes a problem without instance or further members. */
    public static void write(JsonOutput out, Problem problem) {
        out.raw('{').name("type").string(problem.typeUri());
        out.raw(',').name("title").string(problem.title());
        out.raw(',').name("status").number(problem.status());
        out.raw(',').name("detail").string(problem.detail());
        if (problem.error() != null) {
            out.raw(',').name("error").string(problem.error().name());
            out.raw(',').name("errorCode").number(problem.error().code());
        }
        out.raw(',').name("retriable").raw(Boolean.toString(problem.retriable())).raw('}');
    }
}

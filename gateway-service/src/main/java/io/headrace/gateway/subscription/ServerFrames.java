package io.headrace.gateway.subscription;

import io.headrace.client.consume.ConsumedRecord;
import io.headrace.gateway.fanout.Delivery;
import io.headrace.gateway.problem.Problem;
import io.headrace.gateway.record.ConsumeHandler;
import io.headrace.gateway.record.JsonOutput;
import io.headrace.gateway.record.ProduceResult;
import io.headrace.gateway.record.ProducerPool.SentRecord;
import io.headrace.gateway.record.Representation;
import io.headrace.gateway.record.WrittenRecords;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;

/** Writes what the gateway says over the WebSocket. */
final class ServerFrames {
    private ServerFrames() {}

    private static JsonOutput begin(String op, @Nullable String id, @Nullable String sub) {
        JsonOutput out = new JsonOutput(256).raw('{').name("op").string(op);
        if (id != null) {
            out.raw(',').name("id").string(id);
        }
        if (sub != null) {
            out.raw(',').name("sub").string(sub);
        }
        return out;
    }

    private static ByteBuffer end(JsonOutput out) {
        return out.raw('}').toByteBuffer();
    }

    static ByteBuffer hello(long heartbeatMs, int maxFrameBytes, int maxSubscriptions) {
        JsonOutput out = begin("hello", null, null).raw(',').name("version").number(1);
        out.raw(',').name("heartbeatMs").number(heartbeatMs);
        out.raw(',').name("maxFrameBytes").number(maxFrameBytes);
        return end(out.raw(',').name("maxSubscriptions").number(maxSubscriptions));
    }

    static ByteBuffer heartbeat() {
        return end(begin("heartbeat", null, null));
    }

    static ByteBuffer pong(@Nullable String id) {
        return end(begin("pong", id, null));
    }

    static ByteBuffer subscribed(
            @Nullable String id, String sub, List<String> topics, int partitions, String cursor) {
        JsonOutput out = begin("subscribed", id, sub).raw(',').name("topics");
        names(out, topics).raw(',').name("partitions").number(partitions);
        return end(out.raw(',').name("cursor").string(cursor));
    }

    static ByteBuffer unsubscribed(@Nullable String id, String sub, String cursor) {
        return end(begin("unsubscribed", id, sub).raw(',').name("cursor").string(cursor));
    }

    static ByteBuffer credited(@Nullable String id, String sub, long credit) {
        JsonOutput out = begin("credited", id, sub).raw(',').name("credit");
        return end(credit < 0 ? out.raw("null") : out.number(credit));
    }

    static ByteBuffer changed(String sub, List<String> added, List<String> removed) {
        JsonOutput out = begin("changed", null, sub).raw(',').name("added");
        names(out, added).raw(',').name("removed");
        return end(names(out, removed));
    }

    static ByteBuffer records(
            String sub,
            Delivery delivery,
            Representation as,
            String cursor,
            WrittenRecords written) {
        JsonOutput out = begin("records", null, sub).raw(',').name("records").raw('[');
        boolean first = true;
        for (ConsumedRecord record : delivery.records()) {
            if (!first) {
                out.raw(',');
            }
            first = false;
            written.write(out, record, as);
        }
        out.raw("],").name("cursor").string(cursor);
        if (!delivery.gaps().isEmpty()) {
            out.raw(',').name("skipped");
            ConsumeHandler.writeGaps(out, delivery.gaps());
        }
        return end(out);
    }

    static ByteBuffer produced(@Nullable String id, List<SentRecord> outcomes) {
        JsonOutput out = begin("produced", id, null).raw(',').name("records");
        ProduceResult.write(out, outcomes);
        return end(out);
    }

    static ByteBuffer error(@Nullable String id, @Nullable String sub, Problem problem) {
        JsonOutput out = begin("error", id, sub).raw(',').name("problem");
        ProduceResult.write(out, problem);
        return end(out);
    }

    private static JsonOutput names(JsonOutput out, List<String> names) {
        out.raw('[');
        for (int i = 0; i < names.size(); i++) {
            if (i > 0) {
                out.raw(',');
            }
            out.string(names.get(i));
        }
        return out.raw(']');
    }
}

package io.headrace.coordinator.shard;

import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The requests of a shard that are not answered yet, and the responses that wait for their commit.
 * Confined to the shard's loop.
 */
final class OpenRequests {
    private static final Logger LOG = LoggerFactory.getLogger(OpenRequests.class);

    private final ErrorReplies errors;
    private final Map<Long, ShardCall> open = new HashMap<>();
    private final IdentityHashMap<ShardCall, Long> ids = new IdentityHashMap<>();

    /** Decided responses by the position of the log that they wait for, which never falls. */
    private final Deque<HeldReply> held = new ArrayDeque<>();

    /** Decided responses that wait for the read gate as well. */
    private final Map<Long, HeldReply> gated = new HashMap<>();

    /** Responses past the gate whose position is not committed. */
    private final Set<Long> passed = new HashSet<>();

    private long lastId;

    /**
     * A decided response.
     *
     * @param position how many decided records must be committed first
     */
    private record HeldReply(long requestId, ApiMessage response, long position, long sinceMs) {}

    OpenRequests(ErrorReplies errors) {
        this.errors = errors;
    }

    int count() {
        return open.size();
    }

    ShardRequest add(ShardCall call) {
        lastId++;
        open.put(lastId, call);
        ids.put(call, lastId);
        return new ShardRequest(
                lastId, call.body(), call.version(), call.clientId(), call.clientHost());
    }

    /** The id of a call that is open, or null. */
    @Nullable Long idOf(ShardCall call) {
        return ids.get(call);
    }

    /** Nobody waits for the response any more. */
    void forget(long requestId) {
        ShardCall call = open.remove(requestId);
        if (call != null) {
            ids.remove(call);
        }
    }

    /** Answers now; does nothing if the request was answered or given up before. */
    void reply(long requestId, ApiMessage response) {
        ShardCall call = open.remove(requestId);
        if (call != null) {
            ids.remove(call);
            try {
                call.reply().accept(response);
            } catch (RuntimeException e) {
                LOG.error("An answer could not be handed over", e);
            }
        }
    }

    void replyError(long requestId, Errors error) {
        ShardCall call = open.get(requestId);
        if (call != null) {
            reply(requestId, errors.reply(call.body(), call.version(), error));
        }
    }

    /** Nothing was done for a request: sends it elsewhere if there is a way. */
    void refuse(long requestId, Errors error) {
        ShardCall call = open.remove(requestId);
        if (call != null) {
            ids.remove(call);
            try {
                call.refuse(errors, error);
            } catch (RuntimeException e) {
                LOG.error("A refusal could not be handed over", e);
            }
        }
    }

    /** The decided responses count for nothing: none of the records behind them was written. */
    void refuseHeld(Errors error) {
        held.forEach(reply -> refuse(reply.requestId(), error));
        held.clear();
    }

    /** The reads that wait for the gate found nothing out. */
    void refuseGated(Errors error) {
        List.copyOf(gated.keySet()).forEach(id -> refuse(id, error));
        gated.clear();
        passed.clear();
    }

    void replyErrorToAll(Errors error) {
        held.clear();
        gated.clear();
        passed.clear();
        for (Long requestId : List.copyOf(open.keySet())) {
            replyError(requestId, error);
        }
    }

    /** Holds a response until that many decided records are committed. */
    void hold(long requestId, ApiMessage response, long position, long nowMs) {
        held.add(new HeldReply(requestId, response, position, nowMs));
    }

    /** Holds a response until its position is committed and the gate lets it pass. */
    void holdGated(long requestId, ApiMessage response, long position, long nowMs) {
        gated.put(requestId, new HeldReply(requestId, response, position, nowMs));
    }

    /** The gate lets a response pass. */
    void onPassed(long requestId, long committedPosition) {
        HeldReply reply = gated.get(requestId);
        if (reply == null) {
            return;
        }
        if (reply.position() <= committedPosition) {
            gated.remove(requestId);
            reply(requestId, reply.response());
        } else {
            passed.add(requestId);
        }
    }

    /** Sends the responses that only waited for that position. */
    void onCommitted(long committedPosition) {
        HeldReply next = held.peek();
        while (next != null && next.position() <= committedPosition) {
            held.remove();
            reply(next.requestId(), next.response());
            next = held.peek();
        }
        if (!passed.isEmpty()) {
            for (Long requestId : List.copyOf(passed)) {
                HeldReply reply = gated.get(requestId);
                if (reply == null || reply.position() <= committedPosition) {
                    passed.remove(requestId);
                    onPassed(requestId, committedPosition);
                }
            }
        }
    }

    /** Whether a decided response waits. */
    boolean isAnyHeld() {
        return !held.isEmpty() || !gated.isEmpty();
    }

    /** Tells the clients of responses held since before that time to try again. */
    void expire(long sinceBeforeMs) {
        HeldReply next = held.peek();
        while (next != null && next.sinceMs() < sinceBeforeMs) {
            held.remove();
            replyError(next.requestId(), Errors.COORDINATOR_NOT_AVAILABLE);
            next = held.peek();
        }
        for (HeldReply reply : new ArrayList<>(gated.values())) {
            if (reply.sinceMs() < sinceBeforeMs) {
                gated.remove(reply.requestId());
                passed.remove(reply.requestId());
                replyError(reply.requestId(), Errors.COORDINATOR_NOT_AVAILABLE);
            }
        }
    }
}

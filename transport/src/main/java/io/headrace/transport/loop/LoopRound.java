package io.headrace.transport.loop;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Visits many things, each on the loop that owns it. A loop gets one task for all of its own, not
 * one for each, and runs what else is queued after every {@value #AT_A_TIME} of them.
 */
public final class LoopRound {
    static final int AT_A_TIME = 256;
    private static final Logger LOG = LoggerFactory.getLogger(LoopRound.class);

    private LoopRound() {}

    /**
     * Begins a round; returns at once. A visit that fails is logged, and the others go on.
     *
     * @param owner the loop of each of them, or what stands for one
     */
    public static <T> void begin(
            Collection<T> all,
            Function<? super T, ? extends Executor> owner,
            Consumer<? super T> visit) {
        Map<Executor, List<T>> byLoop = new LinkedHashMap<>();
        for (T one : all) {
            byLoop.computeIfAbsent(owner.apply(one), loop -> new ArrayList<>()).add(one);
        }
        byLoop.forEach((loop, own) -> loop.execute(() -> goOn(loop, own, 0, visit)));
    }

    private static <T> void goOn(Executor loop, List<T> own, int from, Consumer<? super T> visit) {
        int to = Math.min(from + AT_A_TIME, own.size());
        for (T one : own.subList(from, to)) {
            try {
                visit.accept(one);
            } catch (RuntimeException e) {
                LOG.error("A visit to {} failed", one, e);
            }
        }
        if (to < own.size()) {
            loop.execute(() -> goOn(loop, own, to, visit));
        }
    }
}

package io.headrace.storage.forward;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which coordinator to take for the active controller. One that does not answer, or says that it is
 * not the controller, is left alone for a while and the others are asked; when all are, the one
 * whose pause ends first is. Not thread-safe.
 */
final class ControllerSearch {
    private static final long REFUSED_PAUSE_MS = 200;
    private static final long FIRST_FAILED_PAUSE_MS = 500;
    private static final long LONGEST_FAILED_PAUSE_MS = 8_000;

    private final Map<InetSocketAddress, Avoided> avoided = new HashMap<>();
    private @Nullable InetSocketAddress hint;

    /** Not to be asked before {@code untilMs}, if there is another. */
    private record Avoided(long untilMs, long pauseMs) {}

    /**
     * The one to ask.
     *
     * @param known those that are known, the most likely first; at least one
     */
    InetSocketAddress choose(List<InetSocketAddress> known, long nowMs) {
        Set<InetSocketAddress> candidates = new LinkedHashSet<>();
        if (hint != null) {
            candidates.add(hint);
        }
        candidates.addAll(known);
        avoided.keySet().retainAll(candidates);
        InetSocketAddress best = null;
        long bestUntilMs = Long.MAX_VALUE;
        for (InetSocketAddress candidate : new ArrayList<>(candidates)) {
            Avoided pause = avoided.get(candidate);
            if (pause == null || pause.untilMs() <= nowMs) {
                return candidate;
            }
            if (best == null || pause.untilMs() < bestUntilMs) {
                best = candidate;
                bestUntilMs = pause.untilMs();
            }
        }
        if (best == null) {
            throw new IllegalArgumentException("No coordinator is known");
        }
        return best;
    }

    /** That one cannot be reached or does not answer. */
    void onFailed(InetSocketAddress address, long nowMs) {
        Avoided before = avoided.get(address);
        long pauseMs =
                before == null || before.pauseMs() < FIRST_FAILED_PAUSE_MS
                        ? FIRST_FAILED_PAUSE_MS
                        : Math.min(LONGEST_FAILED_PAUSE_MS, before.pauseMs() * 2);
        avoid(address, nowMs, pauseMs);
    }

    /**
     * That one is not the active controller.
     *
     * @param named the one that it takes for it, or null
     */
    void onNotController(InetSocketAddress address, @Nullable InetSocketAddress named, long nowMs) {
        avoid(address, nowMs, REFUSED_PAUSE_MS);
        if (named != null && !named.equals(address)) {
            hint = named;
        }
    }

    private void avoid(InetSocketAddress address, long nowMs, long pauseMs) {
        avoided.put(address, new Avoided(nowMs + pauseMs, pauseMs));
        if (address.equals(hint)) {
            hint = null;
        }
    }

    /** The metadata names the controller. */
    void onControllerChanged(@Nullable InetSocketAddress controller) {
        hint = controller;
        if (controller != null) {
            avoided.remove(controller);
        }
    }
}

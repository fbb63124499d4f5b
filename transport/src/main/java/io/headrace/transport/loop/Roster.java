package io.headrace.transport.loop;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Which of many things the next tick is to visit, each on the loop that owns it (see {@link
 * LoopRound}): those in which something changed, until a visit finds nothing left to do. What rests
 * costs nothing. Safe for use by several threads; in the order in which they asked.
 */
public final class Roster<T> {
    private final Set<T> listed = new LinkedHashSet<>();

    /** Shows a thing, ready to be visited, to the ticks for the first time. */
    public synchronized void add(T thing) {
        listed.add(thing);
    }

    private synchronized void remove(T thing) {
        listed.remove(thing);
    }

    /** Those that are to be visited, as of now. */
    public synchronized List<T> listed() {
        return List.copyOf(listed);
    }

    /** A thing's place here, from before it is added. */
    public Place<T> placeOf(T thing) {
        return new Place<>(this, thing);
    }

    /** Says whether one thing is to be visited; confined to the loop that owns it. */
    public static final class Place<T> {
        private final Roster<T> roster;
        private final T thing;
        private boolean wanted = true;

        private Place(Roster<T> roster, T thing) {
            this.roster = roster;
            this.thing = thing;
        }

        /** Something changed: the next tick is to look at it, and those after it until the end. */
        public void ask() {
            if (!wanted) {
                wanted = true;
                roster.add(thing);
            }
        }

        /** Nothing is left to look at. */
        public void end() {
            wanted = false;
            roster.remove(thing);
        }
    }
}

package io.headrace.testkit.random;

import java.util.ArrayList;
import java.util.List;

/**
 * Every combination of a few small choices, in order.
 *
 * <pre>{@code
 * Exhaustive all = new Exhaustive();
 * while (all.next()) {
 *     boolean torn = all.flag();
 *     int writes = all.upTo(torn ? 3 : 1);
 *     ...
 * }
 * }</pre>
 *
 * <p>The choices of one round may depend on earlier ones of the same round.
 */
public final class Exhaustive {
    private static final long MAX_ROUNDS = 10_000_000;

    private static final class Choice {
        int chosen;
        final int last;

        Choice(int last) {
            this.last = last;
        }
    }

    private final List<Choice> choices = new ArrayList<>();
    private int asked;
    private long rounds;

    /** Goes to the next combination; false when all were seen. */
    public boolean next() {
        if (rounds++ == MAX_ROUNDS) {
            throw new IllegalStateException("more than " + MAX_ROUNDS + " combinations");
        }
        asked = 0;
        if (rounds == 1) {
            return true;
        }
        while (!choices.isEmpty()) {
            Choice choice = choices.getLast();
            if (choice.chosen < choice.last) {
                choice.chosen++;
                return true;
            }
            choices.removeLast();
        }
        return false;
    }

    /** A number from 0 to {@code last}, both included. */
    public int upTo(int last) {
        if (last < 0) {
            throw new IllegalArgumentException("no number from 0 to " + last);
        }
        if (asked == choices.size()) {
            choices.add(new Choice(last));
        }
        Choice choice = choices.get(asked++);
        if (choice.last != last) {
            throw new IllegalStateException("a choice must follow from the earlier ones alone");
        }
        return choice.chosen;
    }

    /** A number from {@code first} to {@code last}, both included. */
    public int between(int first, int last) {
        return first + upTo(last - first);
    }

    /** False, then true. */
    public boolean flag() {
        return upTo(1) == 1;
    }

    /** One of the given values. */
    public <T> T of(List<T> values) {
        return values.get(upTo(values.size() - 1));
    }
}

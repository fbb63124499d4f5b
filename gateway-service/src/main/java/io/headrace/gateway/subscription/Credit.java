package io.headrace.gateway.subscription;

/**
 * How many more records a subscription may be sent. Without accounting it is unlimited, and only
 * the connection's own back-pressure holds it back. Confined to one thread.
 */
final class Credit {
    private static final long UNLIMITED = -1;

    private long left;

    private Credit(long left) {
        this.left = left;
    }

    /** Credit for as many records as the connection takes. */
    static Credit unlimited() {
        return new Credit(UNLIMITED);
    }

    /** Credit for so many records. */
    static Credit of(long records) {
        if (records < 0) {
            throw new IllegalArgumentException("Credit of " + records + " is below zero");
        }
        return new Credit(records);
    }

    boolean isUnlimited() {
        return left == UNLIMITED;
    }

    /** How many records may be sent now, at most that many. */
    int available(int most) {
        return isUnlimited() ? most : (int) Math.min(most, left);
    }

    /** Gives more; a total beyond what a long holds stays there. */
    void add(long records) {
        if (records < 1) {
            throw new IllegalArgumentException("Credit of " + records + " is no credit");
        }
        if (!isUnlimited()) {
            left = left > Long.MAX_VALUE - records ? Long.MAX_VALUE : left + records;
        }
    }

    /** Spends what was sent. */
    void spend(int records) {
        if (isUnlimited()) {
            return;
        }
        if (records > left) {
            throw new IllegalStateException(records + " records were sent on credit for " + left);
        }
        left -= records;
    }

    /** What is left; -1 when it is not limited. */
    long left() {
        return left;
    }
}

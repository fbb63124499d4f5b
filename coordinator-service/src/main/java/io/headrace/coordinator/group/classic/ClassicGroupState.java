package io.headrace.coordinator.group.classic;

/** Where a classic group is in its rebalances; see {@link ClassicGroup}. */
public enum ClassicGroupState {
    EMPTY("Empty"),
    PREPARING_REBALANCE("PreparingRebalance"),
    COMPLETING_REBALANCE("CompletingRebalance"),
    STABLE("Stable"),
    DEAD("Dead");

    private final String label;

    ClassicGroupState(String label) {
        this.label = label;
    }

    /** The name that clients are shown. */
    public String label() {
        return label;
    }

    public boolean canBecome(ClassicGroupState next) {
        return switch (next) {
            case EMPTY -> this == PREPARING_REBALANCE;
            case PREPARING_REBALANCE ->
                    this == STABLE || this == COMPLETING_REBALANCE || this == EMPTY;
            case COMPLETING_REBALANCE -> this == PREPARING_REBALANCE;
            case STABLE -> this == COMPLETING_REBALANCE;
            case DEAD -> true;
        };
    }
}

package io.headrace.client.consume;

/** Whether records of undecided and aborted transactions are handed out. */
public enum IsolationLevel {
    /** All records below the high watermark. */
    READ_UNCOMMITTED(0),
    /** Records below the last stable offset, without those of aborted transactions. */
    READ_COMMITTED(1);

    private final byte code;

    IsolationLevel(int code) {
        this.code = (byte) code;
    }

    /** The number in requests. */
    public byte code() {
        return code;
    }
}

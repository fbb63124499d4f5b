package io.headrace.gateway.record;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A growing buffer of JSON text in UTF-8. It writes what it is told and checks no structure: the
 * callers write braces and commas themselves. Confined to one thread.
 */
public final class JsonOutput {
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private byte[] bytes;
    private int length;

    public JsonOutput(int initialBytes) {
        bytes = new byte[initialBytes];
    }

    /** How many bytes were written. */
    public int length() {
        return length;
    }

    /** A copy of what was written from that length on. */
    byte[] from(int start) {
        return Arrays.copyOfRange(bytes, start, length);
    }

    /** Forgets what was written from that length on. */
    public void truncateTo(int newLength) {
        if (newLength < 0 || newLength > length) {
            throw new IllegalArgumentException("Cannot truncate " + length + " to " + newLength);
        }
        length = newLength;
    }

    /** Writes text that is JSON already, or punctuation of it. */
    public JsonOutput raw(String json) {
        return raw(json.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes one ASCII character. */
    public JsonOutput raw(char ascii) {
        ensure(1);
        bytes[length++] = (byte) ascii;
        return this;
    }

    /** Writes bytes that are JSON already. */
    public JsonOutput raw(byte[] json) {
        return raw(json, 0, json.length);
    }

    /** Writes bytes that are JSON already. */
    public JsonOutput raw(byte[] json, int from, int to) {
        ensure(to - from);
        System.arraycopy(json, from, bytes, length, to - from);
        length += to - from;
        return this;
    }

    /** Writes a member's name and its colon. */
    public JsonOutput name(String name) {
        return string(name).raw(':');
    }

    /** Writes a number. */
    public JsonOutput number(long number) {
        return raw(Long.toString(number));
    }

    /** Writes a string with its quotes. Lone surrogates become question marks. */
    public JsonOutput string(String text) {
        return utf8String(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes a string whose content is valid UTF-8, with its quotes. */
    public JsonOutput utf8String(byte[] utf8) {
        ensure(utf8.length + 2);
        bytes[length++] = '"';
        int copied = 0;
        for (int i = 0; i < utf8.length; i++) {
            byte b = utf8[i];
            if (b < 0 || (b >= 0x20 && b != '"' && b != '\\')) {
                continue;
            }
            raw(utf8, copied, i);
            escape(b);
            copied = i + 1;
        }
        raw(utf8, copied, utf8.length);
        return raw('"');
    }

    private void escape(byte b) {
        switch (b) {
            case '"' -> raw("\\\"");
            case '\\' -> raw("\\\\");
            case '\n' -> raw("\\n");
            case '\r' -> raw("\\r");
            case '\t' -> raw("\\t");
            default -> {
                raw("\\u00");
                raw((char) HEX[b >> 4]);
                raw((char) HEX[b & 0xf]);
            }
        }
    }

    /** A copy of what was written. */
    public byte[] toBytes() {
        return Arrays.copyOf(bytes, length);
    }

    /** What was written, not copied: this object must not be used any more. */
    public ByteBuffer toByteBuffer() {
        return ByteBuffer.wrap(bytes, 0, length);
    }

    /** What was written, as text. */
    public String toText() {
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    byte byteAt(int index) {
        return bytes[index];
    }

    private void ensure(int more) {
        if (bytes.length - length < more) {
            long wanted = Math.max(bytes.length * 2L, (long) length + more);
            bytes = Arrays.copyOf(bytes, (int) Math.min(wanted, Integer.MAX_VALUE - 8));
        }
    }
}

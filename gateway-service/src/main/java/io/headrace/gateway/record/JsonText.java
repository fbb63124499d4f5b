package io.headrace.gateway.record;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;

/**
 * Checks JSON text (RFC 8259) and takes out the white space between its tokens, in one pass over
 * the bytes. Numbers, strings and escapes stay byte for byte as they were.
 */
final class JsonText {
    /** How deep objects and arrays may be nested; deeper text is not treated as JSON. */
    static final int MAX_DEPTH = 500;

    private enum Expect {
        VALUE,
        VALUE_OR_END,
        NAME,
        NAME_OR_END,
        COLON,
        COMMA_OR_END,
        NOTHING
    }

    private final byte[] in;
    private final int to;
    private final JsonOutput out;
    private final boolean[] isObject = new boolean[MAX_DEPTH];
    private int at;
    private int depth;
    private Expect expect = Expect.VALUE;
    private int topLevelMembers;
    private int firstNameFrom = -1;
    private int firstNameTo;

    private JsonText(byte[] in, int from, int to, JsonOutput out) {
        this.in = in;
        this.at = from;
        this.to = to;
        this.out = out;
    }

    /** What was found out about a text. */
    record Shape(boolean object, int members, String firstName) {}

    /**
     * Writes the text without white space between tokens if it is one JSON value.
     *
     * @return what it is, or null when it is no JSON value; the output is then as it was before
     */
    static @Nullable Shape compact(byte[] in, int from, int to, JsonOutput out) {
        int before = out.length();
        JsonText text = new JsonText(in, from, to, out);
        if (!text.scan()) {
            out.truncateTo(before);
            return null;
        }
        int first = from;
        while (isWhiteSpace(in[first])) {
            first++;
        }
        String name =
                text.firstNameFrom < 0
                        ? ""
                        : new String(
                                in,
                                text.firstNameFrom,
                                text.firstNameTo - text.firstNameFrom,
                                StandardCharsets.UTF_8);
        return new Shape(in[first] == '{', text.topLevelMembers, name);
    }

    static boolean isWhiteSpace(byte b) {
        return b == ' ' || b == '\n' || b == '\r' || b == '\t';
    }

    private boolean scan() {
        while (at < to) {
            byte b = in[at];
            if (isWhiteSpace(b)) {
                at++;
            } else if (!token(b)) {
                return false;
            }
        }
        return expect == Expect.NOTHING;
    }

    private boolean token(byte b) {
        return switch (expect) {
            case VALUE -> value(b);
            case VALUE_OR_END -> b == ']' ? close(false) : value(b);
            case NAME -> name(b);
            case NAME_OR_END -> b == '}' ? close(true) : name(b);
            case COLON -> b == ':' && emitOne(Expect.VALUE);
            case COMMA_OR_END -> {
                if (b == ',') {
                    yield emitOne(isObject[depth - 1] ? Expect.NAME : Expect.VALUE);
                }
                yield (b == '}' && close(true)) || (b == ']' && close(false));
            }
            case NOTHING -> false;
        };
    }

    private boolean value(byte b) {
        return switch (b) {
            case '{' -> open(true);
            case '[' -> open(false);
            case '"' -> string() && afterValue();
            case 't' -> literal("true") && afterValue();
            case 'f' -> literal("false") && afterValue();
            case 'n' -> literal("null") && afterValue();
            default -> number() && afterValue();
        };
    }

    private boolean open(boolean object) {
        if (depth == MAX_DEPTH) {
            return false;
        }
        isObject[depth++] = object;
        return emitOne(object ? Expect.NAME_OR_END : Expect.VALUE_OR_END);
    }

    private boolean close(boolean object) {
        if (depth == 0 || isObject[depth - 1] != object) {
            return false;
        }
        depth--;
        emit(at, at + 1);
        at++;
        return afterValue();
    }

    private boolean name(byte b) {
        int from = at + 1;
        if (b != '"' || !string()) {
            return false;
        }
        if (depth == 1) {
            topLevelMembers++;
            if (firstNameFrom < 0) {
                firstNameFrom = from;
                firstNameTo = at - 1;
            }
        }
        expect = Expect.COLON;
        return true;
    }

    private boolean afterValue() {
        expect = depth == 0 ? Expect.NOTHING : Expect.COMMA_OR_END;
        return true;
    }

    private boolean emitOne(Expect next) {
        emit(at, at + 1);
        at++;
        expect = next;
        return true;
    }

    private void emit(int from, int end) {
        out.raw(in, from, end);
    }

    private boolean string() {
        int from = at++;
        while (at < to) {
            byte b = in[at++];
            if (b == '"') {
                emit(from, at);
                return true;
            }
            if ((b >= 0 && b < 0x20) || (b == '\\' && !escape())) {
                return false;
            }
        }
        return false;
    }

    private boolean escape() {
        if (at == to) {
            return false;
        }
        byte b = in[at++];
        if (b != 'u') {
            return "\"\\/bfnrt".indexOf(b) >= 0;
        }
        for (int i = 0; i < 4; i++, at++) {
            if (at >= to || Character.digit(in[at], 16) < 0) {
                return false;
            }
        }
        return true;
    }

    private boolean literal(String word) {
        for (int i = 0; i < word.length(); i++) {
            if (at + i >= to || in[at + i] != word.charAt(i)) {
                return false;
            }
        }
        emit(at, at + word.length());
        at += word.length();
        return true;
    }

    private boolean number() {
        int from = at;
        if (peek('-')) {
            at++;
        }
        int integerFrom = at;
        if (!digits() || (in[integerFrom] == '0' && at - integerFrom > 1)) {
            return false;
        }
        if (peek('.')) {
            at++;
            if (!digits()) {
                return false;
            }
        }
        if (peek('e') || peek('E')) {
            at++;
            if (peek('+') || peek('-')) {
                at++;
            }
            if (!digits()) {
                return false;
            }
        }
        emit(from, at);
        return true;
    }

    private boolean peek(char c) {
        return at < to && in[at] == c;
    }

    private boolean digits() {
        int from = at;
        while (at < to && in[at] >= '0' && in[at] <= '9') {
            at++;
        }
        return at > from;
    }
}

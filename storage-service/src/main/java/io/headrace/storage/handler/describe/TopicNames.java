package io.headrace.storage.handler.describe;

import java.util.regex.Pattern;

/** Kafka's rule for the names of topics. */
final class TopicNames {
    private static final Pattern VALID = Pattern.compile("[a-zA-Z0-9._-]{1,249}");

    private TopicNames() {}

    static boolean isValid(String name) {
        return VALID.matcher(name).matches() && !name.equals(".") && !name.equals("..");
    }
}

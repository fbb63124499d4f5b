package io.headrace.gateway.record;

import io.headrace.gateway.problem.Problem;

/** What a topic may be called: Kafka's rule. */
public final class TopicNames {
    private static final int MAX_LENGTH = 249;

    private TopicNames() {}

    /**
     * Refuses what can be no topic's name.
     *
     * @throws io.headrace.gateway.problem.ProblemException 400
     */
    public static void check(String name) {
        if (!isValid(name)) {
            throw Problem.invalidRequest(
                            "\""
                                    + shortened(name)
                                    + "\" can be no topic's name: use 1 to 249 letters, digits,"
                                    + " dots, underscores and hyphens.")
                    .toException();
        }
    }

    static boolean isValid(String name) {
        if (name.isEmpty() || name.length() > MAX_LENGTH || name.equals(".") || name.equals("..")) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean allowed =
                    (c >= 'a' && c <= 'z')
                            || (c >= 'A' && c <= 'Z')
                            || (c >= '0' && c <= '9')
                            || c == '.'
                            || c == '_'
                            || c == '-';
            if (!allowed) {
                return false;
            }
        }
        return true;
    }

    private static String shortened(String name) {
        return name.length() <= 60 ? name : name.substring(0, 60) + "...";
    }
}

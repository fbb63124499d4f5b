package io.headrace.gateway.subscription;

import io.headrace.gateway.problem.Problem;
import io.headrace.gateway.record.TopicNames;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which topics a subscription reads: names, and patterns in which {@code *} stands for any number
 * of characters and {@code ?} for one. Patterns match no topic of the cluster's own.
 */
record Selection(Set<String> topics, List<String> patterns) {
    private static final int MAX_PATTERN_LENGTH = 249;

    Selection {
        topics = Set.copyOf(topics);
        patterns = List.copyOf(patterns);
    }

    /**
     * Checks what a caller named.
     *
     * @throws io.headrace.gateway.problem.ProblemException 400
     */
    static Selection of(List<String> topics, List<String> patterns, int most) {
        if (topics.isEmpty() && patterns.isEmpty()) {
            throw Problem.invalidRequest("Name topics or patterns to subscribe to.").toException();
        }
        if (topics.size() + patterns.size() > most) {
            throw Problem.invalidRequest(
                            "A subscription names at most "
                                    + most
                                    + " topics and patterns: use several.")
                    .toException();
        }
        topics.forEach(TopicNames::check);
        for (String pattern : patterns) {
            if (pattern.isEmpty() || pattern.length() > MAX_PATTERN_LENGTH) {
                throw Problem.invalidRequest("A pattern has 1 to 249 characters.").toException();
            }
        }
        return new Selection(new TreeSet<>(topics), new ArrayList<>(patterns));
    }

    boolean hasPatterns() {
        return !patterns.isEmpty();
    }

    /** Whether a pattern, or a name, selects that topic. */
    boolean selects(String topic, boolean internal) {
        return topics.contains(topic)
                || (!internal && patterns.stream().anyMatch(pattern -> matches(pattern, topic)));
    }

    /** Matches with at most one step back for each character, whatever the pattern. */
    static boolean matches(String pattern, String text) {
        int p = 0;
        int t = 0;
        int star = -1;
        int resume = 0;
        while (t < text.length()) {
            if (p < pattern.length() && pattern.charAt(p) == '*') {
                star = p++;
                resume = t;
            } else if (p < pattern.length()
                    && (pattern.charAt(p) == '?' || pattern.charAt(p) == text.charAt(t))) {
                p++;
                t++;
            } else if (star >= 0) {
                p = star + 1;
                t = ++resume;
            } else {
                return false;
            }
        }
        while (p < pattern.length() && pattern.charAt(p) == '*') {
            p++;
        }
        return p == pattern.length();
    }
}
